"""What goes wrong at a real Elasticsearch ends in a typed error, and no password is ever shown."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch
from elasticsearch.helpers import bulk

from integration.servers import Server
from ticketctl.errors import (
    BackendError,
    BackendLoginError,
    BackendOperationError,
    BackendPermissionError,
    BackendReadOnlyError,
    BackendUnreachableError,
)
from ticketctl.events import Event, Notice, StepFinished
from ticketctl.infra.elasticsearch import connect, translating
from ticketctl.provision.search.create import create
from ticketctl.provision.search.query import EventQuery
from ticketctl.provision.search.query import search as search_index
from ticketctl.provision.search.status import status
from ticketctl.settings.endpoints import ElasticsearchEndpoint
from ticketctl.settings.model import SearchSettings
from ticketctl.settings.secret import Secret

pytestmark = pytest.mark.integration

WATERMARKS = ("low", "high", "flood_stage")


def test_a_wrong_password_is_a_login_error(root: Path, search: SearchSettings, endpoint: ElasticsearchEndpoint) -> None:
    started = time.monotonic()
    with pytest.raises(BackendLoginError) as caught:
        create(root, search, replace(endpoint, password=Secret("not-the-password")))

    assert "refused the account 'ticketctl_index'" in caught.value.what
    assert "not-the-password" not in str(caught.value)
    assert time.monotonic() - started < 5  # a wrong password is not waited for


def test_no_password_at_all_is_a_login_error(
    root: Path, search: SearchSettings, endpoint: ElasticsearchEndpoint
) -> None:
    with pytest.raises(BackendLoginError):
        create(root, search, replace(endpoint, password=Secret("")))


def test_a_closed_port_is_unreachable(root: Path, search: SearchSettings, endpoint: ElasticsearchEndpoint) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"

    for call in (create, status):
        with pytest.raises(BackendUnreachableError, match="cannot be reached"):
            call(root, search, replace(endpoint, url=url))


def test_a_server_that_hangs_is_unreachable_after_the_timeout(
    root: Path, search: SearchSettings, endpoint: ElasticsearchEndpoint, own_elasticsearch: Server
) -> None:
    own_elasticsearch.pause()
    try:
        with pytest.raises(BackendUnreachableError) as caught:
            create(root, search, replace(endpoint, timeout=1.0))
    finally:
        own_elasticsearch.unpause()

    assert caught.value.why == "no answer within 1 s"


def test_an_account_that_may_only_read_cannot_create(
    root: Path, search: SearchSettings, reader: ElasticsearchEndpoint
) -> None:
    with pytest.raises(BackendPermissionError) as caught:
        create(root, search, reader)

    assert "the account 'search' may not do this" in caught.value.what
    assert "indices:admin/create" in caught.value.why


def test_a_search_without_an_index_says_that_there_is_none(
    search: SearchSettings, endpoint: ElasticsearchEndpoint
) -> None:
    with pytest.raises(BackendOperationError) as caught:
        search_index(search, endpoint, EventQuery())

    assert caught.value.number == 404
    assert f"no such index [{search.alias}]" in caught.value.why


@pytest.mark.parametrize(
    ("block", "hint"), [("read_only_allow_delete", "free space"), ("read_only", "by hand"), ("write", "by hand")]
)
def test_each_kind_of_block_makes_a_write_a_read_only_error(
    root: Path, search: SearchSettings, admin: Elasticsearch, endpoint: ElasticsearchEndpoint, *, block: str, hint: str
) -> None:
    index = create(root, search, endpoint).index
    admin.indices.put_settings(index=index, settings={f"index.blocks.{block}": True})
    try:
        found = refused_write(endpoint, search.alias)
    finally:
        admin.indices.put_settings(index=index, settings={f"index.blocks.{block}": None})

    assert isinstance(found, BackendReadOnlyError)
    assert hint in found.next_step


def test_a_block_of_reads_is_another_error(
    root: Path, search: SearchSettings, admin: Elasticsearch, endpoint: ElasticsearchEndpoint
) -> None:
    index = create(root, search, endpoint).index
    admin.indices.put_settings(index=index, settings={"index.blocks.read": True})

    with pytest.raises(BackendOperationError) as caught:
        search_index(search, endpoint, EventQuery())

    assert not isinstance(caught.value, BackendReadOnlyError)
    admin.indices.put_settings(index=index, settings={"index.blocks.read": None})


@pytest.fixture
def full_disk(admin: Elasticsearch) -> Iterator[Callable[[], None]]:
    """Watermarks that every disk is over, until the returned function is called."""
    set_watermarks(admin, "900000gb")
    yield lambda: set_watermarks(admin, None)
    set_watermarks(admin, None)


def test_a_disk_over_the_watermark_makes_the_index_read_only_and_lets_go_by_itself(
    root: Path,
    search: SearchSettings,
    admin: Elasticsearch,
    endpoint: ElasticsearchEndpoint,
    request: pytest.FixtureRequest,
) -> None:
    index = create(root, search, endpoint).index
    free_the_disk = request.getfixturevalue("full_disk")
    wait_for_block(admin, index, present=True)

    found = refused_write(endpoint, search.alias)
    again = create(root, search, endpoint)
    free_the_disk()

    assert isinstance(found, BackendReadOnlyError)
    assert "flood-stage watermark" in found.why
    assert "free space" in found.next_step
    assert again.ok
    assert again.remarks == ("writes are refused: index.blocks.read_only_allow_delete is set",)
    wait_for_block(admin, index, present=False)
    with closing(connect(endpoint)) as client:
        client.index(index=search.alias, id="1", document={"name": "taken again"})


@pytest.mark.usefixtures("full_disk")
def test_a_full_disk_on_which_no_shard_starts_is_named_as_the_reason(
    root: Path, search: SearchSettings, endpoint: ElasticsearchEndpoint
) -> None:
    events: list[Event] = []

    made = create(root, search, replace(endpoint, timeout=2.0), emit=events.append)
    again = create(root, search, endpoint)
    seen = status(root, search, endpoint)

    assert (made.ok, made.changed, made.health) == (False, True, "red")
    assert (again.ok, again.changed, again.health) == (False, False, "red")
    assert "its shards are not started: the node is above the high watermark" in made.remarks[0]
    assert Notice("warn", f"{made.index}: {made.remarks[0]}") in events
    assert isinstance(events[-1], StepFinished)
    assert events[-1].outcome == "failed"
    assert (seen.ok, seen.health, seen.documents) == (False, "red", None)
    assert "above the high watermark" in seen.trouble


@pytest.mark.parametrize("password", ["right", "wrong"])
def test_no_password_is_in_any_output(
    root: Path,
    search: SearchSettings,
    endpoint: ElasticsearchEndpoint,
    *,
    password: str,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ticketctl.cli import runner

    secret = endpoint.password.reveal() if password == "right" else "wrong-and-secret"
    (root / "ticketctl.yaml").write_text(
        f"runtime: external\nsearch: {{alias: {search.alias}, mapping: events.json}}\n"
        f"elasticsearch: {{url: '{endpoint.url}', user: {endpoint.user}}}\n"
    )
    monkeypatch.setenv("TICKETCTL_ELASTICSEARCH__PASSWORD", secret)
    monkeypatch.chdir(root)

    codes = [
        runner.run(arguments)
        for command in ("create", "status", "search")
        for arguments in (["--debug", "index", command], ["--debug", "index", command, "--json"])
    ]

    assert codes == [0 if password == "right" else 4] * 6
    shown = "".join(capfd.readouterr())
    assert len(shown) > 500
    assert secret not in shown


def refused_write(endpoint: ElasticsearchEndpoint, index: str) -> BackendError:
    """Write one document alone and one in bulk; both have to be refused alike."""
    document = {"_index": index, "_id": "1", "_source": {"name": "refused"}}
    with closing(connect(endpoint)) as client:
        with pytest.raises(BackendError) as alone, translating(endpoint):
            client.index(index=index, id="1", document={"name": "refused"})
        with pytest.raises(BackendError) as in_bulk, translating(endpoint):
            bulk(client, [document])
    assert type(alone.value) is type(in_bulk.value)
    return alone.value


def set_watermarks(admin: Elasticsearch, free: str | None) -> None:
    prefix = "cluster.routing.allocation.disk.watermark"
    settings: dict[str, str | None] = {f"{prefix}.{name}": free for name in WATERMARKS}
    settings["cluster.info.update.interval"] = "10s" if free else None  # the shortest that the server takes
    admin.cluster.put_settings(persistent=settings)


def wait_for_block(admin: Elasticsearch, index: str, *, present: bool) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        settings = admin.indices.get_settings(index=index, flat_settings=True)[index]["settings"]
        if (settings.get("index.blocks.read_only_allow_delete") == "true") is present:
            return
        time.sleep(0.5)
    raise AssertionError(f"the block did not {'come' if present else 'go'} within 90 s")
