"""The entrypoint of the elasticsearch image, and of the official one (TICKETCTL_TEST_ELASTICSEARCH_IMAGE)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import AuthenticationException, AuthorizationException, BadRequestError, Elasticsearch, NotFoundError

from integration.images.conftest import ELASTIC, ElasticNode
from integration.images.containers import SecretFile, running
from integration.servers import image

pytestmark = pytest.mark.integration

MAPPING = Path(__file__).parents[3] / "elasticsearch" / "mappings" / "events.json"


@pytest.fixture
def client(elasticsearch: ElasticNode) -> Iterator[Elasticsearch]:
    with closing(elasticsearch.client()) as connected:
        yield connected


def test_the_root_path_says_what_the_official_server_says(client: Elasticsearch) -> None:
    info = client.info()

    assert client.ping()
    assert info["version"]["number"].startswith("8.19.")
    assert info["tagline"] == "You Know, for Search"
    assert set(info.body) == {"name", "cluster_name", "cluster_uuid", "version", "tagline"}
    assert set(info["version"]) == {
        "number",
        "build_flavor",
        "build_type",
        "build_hash",
        "build_date",
        "build_snapshot",
        "lucene_version",
        "minimum_wire_compatibility_version",
        "minimum_index_compatibility_version",
    }


def test_settings_are_taken_from_both_spellings_and_from_arguments(client: Elasticsearch) -> None:
    settings = next(iter(client.nodes.info(metric="settings")["nodes"].values()))["settings"]

    assert client.info()["cluster_name"] == "spelled-with-dots"
    assert client.info()["name"] == "given-as-argument"
    assert settings["action"]["auto_create_index"] == "false"
    with pytest.raises(NotFoundError):
        client.index(index="not-made-by-itself", document={"a": 1})


def test_heap_is_what_the_environment_says(client: Elasticsearch) -> None:
    jvm = next(iter(client.nodes.info(metric="jvm")["nodes"].values()))["jvm"]

    assert jvm["mem"]["heap_max_in_bytes"] == 512 * 1024 * 1024


def test_the_specifications_mapping_folds_letters_to_plain_ones(client: Elasticsearch) -> None:
    mapping: dict[str, Any] = json.loads(MAPPING.read_text())
    client.indices.create(index="spec", **mapping)
    try:
        answer = client.indices.analyze(index="spec", analyzer="event_name_analyzer", text="Café Über")
        assert [token["token"] for token in answer["tokens"]] == ["cafe", "uber"]
        client.index(index="spec", document={"name": "Café Über"}, refresh=True)
        assert client.search(index="spec", query={"match": {"name": "cafe"}})["hits"]["total"]["value"] == 1
    finally:
        client.indices.delete(index="spec")


@pytest.mark.parametrize(
    ("filters", "text", "tokens"),
    [
        (["asciifolding"], "Ærøskøbing", [("AEroskobing", 0)]),
        ([{"type": "asciifolding", "preserve_original": True}], "é", [("e", 0), ("é", 0)]),
        (["unique"], "a b a c", [("a", 0), ("b", 1), ("c", 2)]),
        (
            [{"type": "asciifolding", "preserve_original": True}, {"type": "unique", "only_on_same_position": True}],
            "a a",
            [("a", 0), ("a", 1)],
        ),
        (
            [{"type": "pattern_capture", "preserve_original": True, "patterns": ["([^@]+)@", "@(.+)"]}],
            "me@example.org",
            [("me@example.org", 0), ("me", 0), ("example.org", 0)],
        ),
        (
            [{"type": "pattern_capture", "preserve_original": False, "patterns": ["([^@]+)@"]}],
            "me@example.org",
            [("me", 0)],
        ),
        (
            [],
            "see https://example.org/a?b or me@example.org",
            [("see", 0), ("https://example.org/a?b", 1), ("or", 2), ("me@example.org", 3)],
        ),
    ],
    ids=["folding", "folding and original", "unique", "unique by position", "capture", "capture only", "urls and mail"],
)
def test_analysis(client: Elasticsearch, filters: list[Any], text: str, tokens: list[tuple[str, int]]) -> None:
    answer = client.indices.analyze(tokenizer="uax_url_email", filter=filters, text=text)

    assert [(token["token"], token["position"]) for token in answer["tokens"]] == tokens


def test_a_capture_without_patterns_is_refused(client: Elasticsearch) -> None:
    with pytest.raises(BadRequestError, match="patterns"):
        client.indices.analyze(tokenizer="standard", filter=[{"type": "pattern_capture"}], text="a")


def test_roles_users_and_api_keys_work(elasticsearch: ElasticNode, client: Elasticsearch) -> None:
    client.indices.create(index="books")
    client.indices.create(index="letters")
    client.security.put_role(name="reader", indices=[{"names": ["books"], "privileges": ["read"]}])
    client.security.put_user(username="ada", password="reads books", roles=["reader"])

    with closing(elasticsearch.client("ada", "reads books")) as ada:
        assert ada.security.authenticate()["username"] == "ada"
        assert ada.search(index="books")["hits"]["total"]["value"] == 0
        with pytest.raises(AuthorizationException):
            ada.search(index="letters")
        with pytest.raises(AuthorizationException):
            ada.index(index="books", document={})
        with pytest.raises(AuthorizationException):
            ada.info()  # asks for the privilege `monitor`, as on the official server
    key = client.security.create_api_key(name="a key")
    with closing(Elasticsearch(f"http://{elasticsearch.container.address(9200)}", api_key=key["encoded"])) as by_key:
        assert by_key.security.authenticate()["authentication_type"] == "api_key"


def test_nobody_gets_in_without_the_password(elasticsearch: ElasticNode) -> None:
    with closing(elasticsearch.client(password="wrong")) as stranger, pytest.raises(AuthenticationException):
        stranger.info()


def test_no_password_is_seen_from_outside(elasticsearch: ElasticNode) -> None:
    assert ELASTIC not in elasticsearch.container.everything_visible()


def test_no_process_runs_as_root(elasticsearch: ElasticNode) -> None:
    assert {user for user, _ in elasticsearch.container.processes()} == {1000}


def test_the_log_is_json_on_the_containers_own_output(elasticsearch: ElasticNode) -> None:
    messages = [json.loads(line)["message"] for line in elasticsearch.container.logs().splitlines() if line[:1] == "{"]

    assert any(message.startswith("started ") for message in messages)


def test_it_stops_on_sigterm_and_keeps_its_data(elasticsearch: ElasticNode, client: Elasticsearch) -> None:
    client.indices.create(index="kept", settings={"number_of_replicas": 0})
    client.index(index="kept", id="1", document={"a": 7})

    code, seconds = elasticsearch.container.stop()

    assert code == 143
    assert seconds < 10
    elasticsearch.container.start()
    elasticsearch.container.wait_until(elasticsearch.answers)
    with closing(elasticsearch.client()) as again:  # the port that the engine chose is another now
        assert again.get(index="kept", id="1")["_source"] == {"a": 7}


@pytest.mark.parametrize(
    ("environ", "mode", "says"),
    [
        ({"ELASTIC_PASSWORD": "a", "ELASTIC_PASSWORD_FILE": "/secret"}, 0o400, "ELASTIC_PASSWORD_FILE"),
        ({"ELASTIC_PASSWORD_FILE": "/secret"}, 0o444, "400 or 600"),
        ({"ELASTIC_PASSWORD_FILE": "/nowhere"}, 0o400, "/nowhere"),
    ],
    ids=["value and file", "readable by all", "missing"],
)
def test_a_doubtful_password_ends_it_at_once(environ: Mapping[str, str], mode: int, says: str) -> None:
    with running(image("elasticsearch"), environ=environ, files={"/secret": SecretFile("b", 1000, mode)}) as container:
        assert container.exit_code() == 1
        assert says in container.logs()


def test_other_commands_run_as_they_are() -> None:
    with running(image("elasticsearch"), command=("id", "-u")) as container:
        assert container.exit_code() == 0
        assert container.logs().strip() == "1000"
