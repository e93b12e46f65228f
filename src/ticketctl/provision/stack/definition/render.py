"""The Compose file as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ticketctl.provision.stack.definition.compose_model import compose_model
from ticketctl.provision.stack.definition.generated import with_header
from ticketctl.provision.stack.definition.service_definition import MOUNT_MODE
from ticketctl.settings.model import Settings

if TYPE_CHECKING:
    import yaml

_NO_WRAP = 10_000
_SHORT_LIST = 90
_INTRODUCTION = """\
# The stack of this project. Works alone, in this folder:
#   cp .env.example .env && docker compose up
# What it runs comes from ticketctl.yaml: change that and run `ticketctl compose render`.
# What differs between checkouts, and passwords, stand in .env beside this file.
"""


def render_compose(settings: Settings) -> str:
    """Return the text of `compose/docker-compose.yml`: the same for the same settings, everywhere.

    Args:
        settings: The complete settings.
    """
    sections = [_yaml({key: value}) for key, value in compose_model(settings).items()]
    return with_header(_INTRODUCTION + "\n" + "\n".join(sections))


def _yaml(value: object) -> str:
    import yaml

    class Dumper(yaml.SafeDumper):
        """Writes no anchors, short lists on one line, and texts of several lines as blocks."""

        def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002  # the signature is PyYAML's
            return True

        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
            super().increase_indent(flow, False)

    Dumper.add_representer(str, _text)
    Dumper.add_representer(int, _number)
    Dumper.add_representer(list, _list)
    return yaml.dump(value, Dumper=Dumper, sort_keys=False, width=_NO_WRAP, allow_unicode=True)


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


def _number(dumper: yaml.SafeDumper, value: int) -> yaml.ScalarNode:
    text = f"0{value:o}" if value == MOUNT_MODE else str(value)  # the one number that is a file mode
    return dumper.represent_scalar("tag:yaml.org,2002:int", text)


def _list(dumper: yaml.SafeDumper, value: list[object]) -> yaml.SequenceNode:
    scalars = all(isinstance(item, str) for item in value)
    short = scalars and sum(len(str(item)) + 2 for item in value) <= _SHORT_LIST
    node = dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=short)
    for item in node.value:
        # A mounted file: source, target and mode belong on one line.
        if item.id == "mapping":
            item.flow_style = True
    return node
