"""Load the settings: flag, then environment, then `ticketctl.yaml`, then default."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ticketctl.errors import ProjectNotFoundError, SettingsError, SettingsProblem
from ticketctl.settings.check import check_settings
from ticketctl.settings.convert import Converter
from ticketctl.settings.model import Project, Settings
from ticketctl.settings.yaml_file import YamlFile, read_yaml

FILE_NAME = "ticketctl.yaml"
ENV_PREFIX = "TICKETCTL_"
CONFIG_VARIABLE = "TICKETCTL_CONFIG"
_NOT_SETTINGS = frozenset({CONFIG_VARIABLE})

_Path = tuple[str, ...]


def find_project_file(start: Path, environ: Mapping[str, str], given: Path | None = None) -> Path:
    """Return the `ticketctl.yaml` to use.

    Args:
        start: Folder to begin at; its parents are searched as well.
        environ: The environment; `TICKETCTL_CONFIG` may name the file.
        given: The file named by a flag, which comes first.

    Raises:
        ProjectNotFoundError: There is none.
    """
    named = given or (Path(environ[CONFIG_VARIABLE]) if environ.get(CONFIG_VARIABLE) else None)
    if named is not None:
        path = named / FILE_NAME if named.is_dir() else named
        if path.is_file():
            return path.resolve()
        raise ProjectNotFoundError(f"{path} does not exist", next_step="name an existing ticketctl.yaml")
    for folder in (start, *start.parents):
        if (folder / FILE_NAME).is_file():
            return (folder / FILE_NAME).resolve()
    raise ProjectNotFoundError(
        f"no {FILE_NAME} in {start} or any folder above",
        next_step="change into a project, give --config FILE, or start one with `ticketctl init DIR`",
    )


def load_project(path: Path, environ: Mapping[str, str], flags: Mapping[str, Any] | None = None) -> Project:
    """Read and check all settings.

    Args:
        path: The `ticketctl.yaml`.
        environ: The environment; `TICKETCTL_<SECTION>__<FIELD>` overrides the file.
        flags: Dotted key to value, from the command line; None values are left out.

    Raises:
        SettingsError: Anything is wrong; every problem is listed.
    """
    file = read_yaml(path)
    values: dict[str, Any] = file.values
    sources: dict[_Path, str] = {key: f"{file.name}:{line}" for key, line in file.lines.items()}
    unknown = _overlay_environment(values, sources, environ)
    for key, value in (flags or {}).items():
        if value is not None:
            _put(values, tuple(key.split(".")), value)
            sources[tuple(key.split("."))] = "flag"
    converter = Converter(lambda keys: _where(keys, sources, file))
    settings = converter.convert(Settings, values, ())
    problems = [*converter.problems, *unknown]
    if settings is not None:
        problems += check_settings(settings, lambda keys: _where(keys, sources, file))
    if problems:
        raise SettingsError(sorted(problems, key=_place))
    return Project(path.parent, settings, {".".join(key): source for key, source in sources.items()})


def _where(keys: _Path, sources: Mapping[_Path, str], file: YamlFile) -> str:
    return sources.get(keys) or file.where(keys)


def _place(problem: SettingsProblem) -> tuple[bool, int]:
    """Sort key: lines of the file in their order, then the environment and flags."""
    line = problem.where.rpartition(":")[2]
    return (not line.isdigit(), int(line) if line.isdigit() else 0)


def _overlay_environment(
    values: dict[str, Any], sources: dict[_Path, str], environ: Mapping[str, str]
) -> list[SettingsProblem]:
    problems = []
    for variable in sorted(environ):
        if not variable.startswith(ENV_PREFIX) or variable in _NOT_SETTINGS or "_TEST_" in variable:
            continue
        path = tuple(part.lower() for part in variable.removeprefix(ENV_PREFIX).split("__"))
        path = _existing_spelling(values, path)
        if not _put(values, path, environ[variable]):
            problems.append(SettingsProblem(variable, ".".join(path), "is not a section of the settings"))
        sources[path] = variable
    return problems


def _existing_spelling(values: Mapping[str, Any], path: _Path) -> _Path:
    """Return the path with names as the file spells them: `API_GATEWAY` means `api-gateway`."""
    found: list[str] = []
    node: Any = values
    for part in path:
        name = part
        if isinstance(node, Mapping):
            name = next((key for key in node if str(key).replace("-", "_") == part), part)
            node = node.get(name)
        found.append(name)
    return tuple(found)


def _put(values: dict[str, Any], path: _Path, value: object) -> bool:
    node = values
    for part in path[:-1]:
        inner = node.setdefault(part, {})
        if inner is None:
            inner = node[part] = {}
        if not isinstance(inner, dict):
            return False
        node = inner
    node[path[-1]] = value
    return True
