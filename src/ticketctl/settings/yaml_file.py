"""Read a YAML file and keep the line of every key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ticketctl.errors import SettingsError, SettingsProblem

if TYPE_CHECKING:
    import yaml


@dataclass(frozen=True, slots=True)
class YamlFile:
    """A parsed file.

    Attributes:
        name: File name, for messages.
        values: The document, plain values.
        lines: Path of a key to its line, counted from 1.
    """

    name: str
    values: dict[str, Any]
    lines: dict[tuple[str, ...], int]

    def where(self, path: tuple[str, ...]) -> str:
        """Return `file:line` of the nearest key that stands in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return f"{self.name}:{self.lines[path]}" if path else self.name


def read_yaml(path: Path) -> YamlFile:
    """Read a YAML mapping.

    Args:
        path: The file.

    Raises:
        SettingsError: The file cannot be read, does not parse, or is not a mapping; duplicate keys.
    """
    import yaml

    try:
        text = path.read_text(encoding="utf-8")
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError([SettingsProblem(path.name, "", f"cannot be read: {error}")]) from error
    except yaml.YAMLError as error:
        raise SettingsError([_parse_problem(path.name, error)]) from error
    if root is None:
        return YamlFile(path.name, {}, {})
    if not isinstance(root, yaml.MappingNode):
        raise SettingsError([SettingsProblem(f"{path.name}:1", "", "expected a mapping of settings")])
    lines: dict[tuple[str, ...], int] = {}
    problems: list[SettingsProblem] = []
    _collect_lines(root, (), lines, problems, path.name)
    if problems:
        raise SettingsError(problems)
    return YamlFile(path.name, yaml.safe_load(text), lines)


def _parse_problem(name: str, error: yaml.YAMLError) -> SettingsProblem:
    mark = getattr(error, "problem_mark", None)
    where = f"{name}:{mark.line + 1}" if mark else name
    what = getattr(error, "problem", None) or str(error)
    return SettingsProblem(where, "", f"is not valid YAML: {what}")


def _collect_lines(
    node: yaml.Node,
    path: tuple[str, ...],
    lines: dict[tuple[str, ...], int],
    problems: list[SettingsProblem],
    name: str,
) -> None:
    import yaml

    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            lines[(*path, str(index))] = item.start_mark.line + 1
            _collect_lines(item, (*path, str(index)), lines, problems, name)
    if not isinstance(node, yaml.MappingNode):
        return
    for key, value in node.value:
        here = (*path, str(key.value))
        line = key.start_mark.line + 1
        if here in lines:
            problems.append(
                SettingsProblem(f"{name}:{line}", ".".join(here), f"stands twice, first in line {lines[here]}")
            )
        lines[here] = line
        _collect_lines(value, here, lines, problems, name)
