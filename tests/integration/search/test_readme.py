"""The commands of elasticsearch/README.md, run as they stand there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from integration.search.catalogue import EVENTS, load
from integration.search.indices import remove
from ticketctl.events import ignore
from ticketctl.provision.host.packages import install_packages
from ticketctl.settings.endpoints import ElasticsearchEndpoint

pytestmark = pytest.mark.integration

FOLDER = Path(__file__).parents[3] / "elasticsearch"
PATTERNS = {
    "Keyword search": [1, 2],
    "City filter": [3, 1, 2],
    "Date range": [1, 5, 2],
    "Category filter": [1, 2],
}


def commands(title: str) -> list[str]:
    """The shell commands of one section of the page."""
    sections = re.split(r"^#{2,3} (.*)$", (FOLDER / "README.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
    section = sections[sections.index(title) + 1]
    return re.findall(r"^```sh\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Site:
    """A project that uses the tests' Elasticsearch, and a shell in it."""

    root: Path
    environ: dict[str, str]

    def bash(self, script: str, *, folder: Path | None = None) -> str:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=folder or self.root,
            env=self.environ,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, f"{script}\nexit {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout


@pytest.fixture(scope="module")
def _curl() -> None:
    """What the page asks with; a bare machine has none."""
    if shutil.which("curl") is None:
        install_packages(["curl"], environ=os.environ, emit=ignore)


@pytest.fixture
def site(tmp_path: Path, admin: Elasticsearch, endpoint: ElasticsearchEndpoint) -> Iterator[Site]:
    remove(admin, "events")
    (tmp_path / "compose").mkdir()
    (tmp_path / "compose/.env").write_text(
        f"ELASTICSEARCH_PORT={endpoint.url.rpartition(':')[2]}\nINDEX_PASSWORD={endpoint.password.reveal()}\n"
    )
    (tmp_path / "ticketctl.yaml").write_text(
        f"runtime: external\nelasticsearch: {{url: '{endpoint.url}', user: ticketctl_index}}\n"
    )
    shutil.copytree(FOLDER, tmp_path / "elasticsearch")
    environ = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "TICKETCTL_ELASTICSEARCH__PASSWORD": endpoint.password.reveal(),
    }
    yield Site(tmp_path, environ)
    remove(admin, "events")


def found_by_command(output: str) -> list[int]:
    return [hit["event"]["eventId"] for hit in json.loads(output)["hits"]]


def found_by_request(output: str) -> list[int]:
    return [hit["_source"]["eventId"] for hit in json.loads(output)["hits"]["hits"]]


@pytest.mark.usefixtures("_curl")
def test_each_of_the_four_patterns_finds_the_same_by_command_and_by_request(site: Site, admin: Elasticsearch) -> None:
    (creation,) = commands("Create it")
    created = site.bash(creation)
    assert "create index events_v1_" in created
    assert "mapping    equals the file" in created
    load(admin, "events")
    (function,) = commands("Ask it")

    for title, expected in PATTERNS.items():
        assert 0 < len(expected) < len(EVENTS)
        command, request = commands(title)
        assert found_by_command(site.bash(f"{command.rstrip()} --json")) == expected, title
        assert found_by_request(site.bash(function + request)) == expected, title


def test_what_the_command_shows_as_its_query_finds_the_same_too(site: Site, admin: Elasticsearch) -> None:
    site.bash("ticketctl index create")
    load(admin, "events")

    for title, expected in PATTERNS.items():
        shown: dict[str, Any] = json.loads(site.bash(f"{commands(title)[0].rstrip()} --show-query"))
        answer = admin.search(index="events", body=shown)
        assert found_by_request(json.dumps(answer.body)) == expected, title


def test_the_script_creates_the_index_from_wherever_it_is_called(
    site: Site, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    script = str(site.root / "elasticsearch/create_index.sh")

    planned = site.bash(f"{script} --dry-run --json", folder=elsewhere)
    first = site.bash(f"{script} --json", folder=elsewhere)
    second = site.bash(f"{script} --json", folder=elsewhere)

    assert [json.loads(output)["changed"] for output in (planned, first, second)] == [True, True, False]
