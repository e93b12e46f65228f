"""What `--help` prints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
import pytest

from ticketctl.cli.app import app


def groups(command: Any, context: click.Context | None = None, name: str = "ticketctl") -> Iterator[click.Context]:
    own = click.Context(command, parent=context, info_name=name, terminal_width=80, max_content_width=80)
    yield own
    for child, entry in getattr(command, "commands", {}).items():
        if getattr(entry, "commands", None):
            yield from groups(entry, own, child)


@pytest.mark.parametrize("group", list(groups(app)), ids=lambda group: group.command_path)
def test_no_line_of_the_command_list_is_cut_off_on_eighty_columns(group: click.Context) -> None:
    listed = group.get_help().partition("\nCommands:\n")[2].splitlines()

    assert listed
    assert [line for line in listed if line.endswith("...")] == []
