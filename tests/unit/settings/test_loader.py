"""Settings: where values come from, and what a wrong one says."""

from __future__ import annotations

from pathlib import Path

import pytest

from ticketctl.errors import ProjectNotFoundError, SettingsError
from ticketctl.settings.loader import find_project_file, load_project
from ticketctl.settings.model import Project

MINIMAL = """\
databases:
  events: {name: events_db, migrations: migrations/events}
services:
  booking:
    description: Bookings
    language: python
    port: 8084
    databases: [events]
    depends_on: [redis]
"""


def load(folder: Path, text: str, environ: dict[str, str] | None = None, **flags: object) -> Project:
    file = folder / "ticketctl.yaml"
    file.write_text(text, encoding="utf-8")
    return load_project(file, environ or {}, flags)


def problems(folder: Path, text: str, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(folder, text, environ)
    return [str(problem) for problem in caught.value.problems]


def test_the_committed_file_is_valid_and_describes_three_databases_and_nine_services() -> None:
    project = load_project(Path(__file__).parents[3] / "ticketctl.yaml", {})

    assert [item.name for item in project.settings.databases.values()] == ["events_db", "inventory_db", "bookings_db"]
    assert list(project.settings.services) == [
        "api-gateway",
        "auth",
        "events",
        "inventory",
        "booking",
        "payment-adapter",
        "search",
        "notification",
        "indexer",
    ]


def test_an_empty_file_means_all_defaults(tmp_path: Path) -> None:
    assert load(tmp_path, "").settings.mysql.topology == "single"


def test_flag_beats_environment_beats_file_beats_default(tmp_path: Path) -> None:
    text = MINIMAL + "mysql: {topology: split}\nstack: {timeout: 10}\n"
    environ = {"TICKETCTL_STACK__TIMEOUT": "20", "TICKETCTL_SEARCH__VERSION": "4"}

    project = load(tmp_path, text, environ, **{"search.version": 5})

    assert project.settings.mysql.topology == "split"
    assert project.settings.stack.timeout == 20.0
    assert project.settings.search.version == 5
    assert project.settings.stack.restart_limit == 3
    assert project.sources["mysql.topology"] == "ticketctl.yaml:10"
    assert project.sources["stack.timeout"] == "TICKETCTL_STACK__TIMEOUT"
    assert project.sources["search.version"] == "flag"
    assert "stack.restart_limit" not in project.sources


def test_a_service_with_a_dash_is_reached_from_the_environment_with_an_underscore(tmp_path: Path) -> None:
    text = MINIMAL.replace("booking:", "payment-adapter:")

    project = load(tmp_path, text, {"TICKETCTL_SERVICES__PAYMENT_ADAPTER__IMAGE": "team/payments:7"})

    assert project.settings.services["payment-adapter"].image == "team/payments:7"


def test_a_list_comes_from_the_environment_with_commas(tmp_path: Path) -> None:
    environ = {"TICKETCTL_SERVICES__BOOKING__DEPENDS_ON": "redis, elasticsearch"}

    assert load(tmp_path, MINIMAL, environ).settings.services["booking"].depends_on == ("redis", "elasticsearch")


def test_every_problem_of_a_file_is_reported_at_once_with_its_line(tmp_path: Path) -> None:
    text = """\
runtime: dokcer
services:
  booking:
    description: Bookings
    langage: python
    port: "eighty"
stack:
  timeout: soon
"""

    assert problems(tmp_path, text) == [
        "ticketctl.yaml:1: runtime: expected one of docker, external, got 'dokcer'; did you mean 'docker'?",
        "ticketctl.yaml:3: services.booking: 'language' is missing",
        "ticketctl.yaml:5: services.booking.langage: unknown key; did you mean 'language'?",
        "ticketctl.yaml:6: services.booking.port: expected a whole number, got 'eighty'",
        "ticketctl.yaml:8: stack.timeout: expected a number, got 'soon'",
    ]


def test_an_unknown_key_does_not_hide_a_contradiction(tmp_path: Path) -> None:
    assert problems(tmp_path, "mysql: {topolgy: split}\nstack: {timeout: 0}\n", {"TICKETCTL_FOO": "1"}) == [
        "ticketctl.yaml:1: mysql.topolgy: unknown key; did you mean 'topology'?",
        "ticketctl.yaml:2: stack.timeout: must be greater than 0",
        "TICKETCTL_FOO: foo: unknown key",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [1", "ticketctl.yaml:1: is not valid YAML: expected ',' or ']', but got '<stream end>'"),
        ("- a\n- b\n", "ticketctl.yaml:1: expected a mapping of settings"),
        ("runtime: docker\nruntime: docker\n", "ticketctl.yaml:2: runtime: stands twice, first in line 1"),
        ("mysql: 7\n", "ticketctl.yaml:1: mysql: expected a mapping, got 7"),
        ("mysql:\n  port: true\n", "ticketctl.yaml:2: mysql.port: expected a whole number, got True"),
        ("project: [a]\n", "ticketctl.yaml:1: project: expected text, got a list"),
        ("project: Tickets!\n", "a project name is lower case letters, digits, '-' and '_'"),
        ("limits: {mysql: lots}\n", "ticketctl.yaml:1: limits.mysql: 'lots' is not a size; write it like 512m or 2g"),
        ("ports: {fixed: {mysq: 3306}}\n", "ports.fixed.mysq: no service 'mysq'; did you mean 'mysql'?"),
        ("ports: {fixed: {mysql: 70000}}\n", "70000 is not a port"),
        ("ports: {fixed: {mysql: 7000, redis: 7000}}\n", "7000 is also given to 'mysql'"),
        ("ports: {block: 80}\n", "a block of 100 ports starts between 1024 and 65435"),
        ("stack: {timeout: 0}\n", "stack.timeout: must be greater than 0"),
        (
            "search: {alias: Events*}\n",
            "search.alias: an alias is lower case letters, digits, '-' and '_', at most 100",
        ),
        ("search: {replicas: -1}\n", "search.replicas: must be at least 0"),
        ("databases: {Events: {name: e, migrations: m}}\n", "databases.Events: a key is lower case letters"),
        ("databases: {e: {name: 'a`b', migrations: m}}\n", "a database name is letters, digits and '_'"),
        (
            "databases: {a: {name: x, migrations: m}, b: {name: x, migrations: n}}\n",
            "databases.a.name: 'x' stands for two databases",
        ),
    ],
)
def test_a_wrong_value_says_where_and_what(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in "\n".join(problems(tmp_path, text))


SERVICE = (
    "  {name}: {{description: d, language: go, port: {port}, depends_on: [{depends}], databases: [{databases}]}}\n"
)


def services(*rows: tuple[str, int, str, str]) -> str:
    lines = [SERVICE.format(name=name, port=port, depends=needs, databases=dbs) for name, port, needs, dbs in rows]
    return "databases: {events: {name: e, migrations: m}}\nservices:\n" + "".join(lines)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (services(("a", 80, "", ""), ("b", 80, "", "")), "services.b.port: 80 is also the port of 'a'"),
        (services(("a", 0, "", "")), "services.a.port: 0 is not a port"),
        (services(("a", 80, "rediss", "")), "services.a.depends_on.0: no service 'rediss'; did you mean 'redis'?"),
        (services(("a", 80, "a", "")), "a service cannot depend on itself"),
        (services(("a", 80, "mysql", "")), "'mysql' follows from `databases`"),
        (services(("a", 80, "", "event")), "services.a.databases.0: no database 'event'; did you mean 'events'?"),
        (services(("redis", 80, "", "")), "services.redis: this name belongs to a backend"),
        (services(("root", 80, "", "")), "services.root: a server has an account of this name"),
        (services(("ticketctl-x", 80, "", "")), "services.ticketctl-x: a server has an account of this name"),
        (
            services(("a", 80, "b", ""), ("b", 81, "redis, c", ""), ("c", 82, "a", "")),
            "services.a.depends_on: they wait for each other: a → b → c → a",
        ),
        (services(("A", 80, "", "")), "services.A: a service name is lower case letters"),
    ],
)
def test_services_that_contradict_each_other_are_named(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in "\n".join(problems(tmp_path, text))


def test_a_password_never_stands_in_a_message(tmp_path: Path) -> None:
    assert problems(tmp_path, "redis: {password: 4711}\n") == [
        "ticketctl.yaml:1: redis.password: expected text, got another type"
    ]


def test_an_unknown_variable_of_the_environment_is_a_problem(tmp_path: Path) -> None:
    assert problems(tmp_path, MINIMAL, {"TICKETCTL_MYSQL__TOPOLGY": "split"}) == [
        "TICKETCTL_MYSQL__TOPOLGY: mysql.topolgy: unknown key; did you mean 'topology'?"
    ]


def test_a_variable_below_a_plain_value_is_a_problem(tmp_path: Path) -> None:
    assert problems(tmp_path, "runtime: docker\n", {"TICKETCTL_RUNTIME__X": "1"}) == [
        "TICKETCTL_RUNTIME__X: runtime.x: is not a section of the settings"
    ]


def test_a_file_that_is_not_text_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "ticketctl.yaml").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(SettingsError, match="1 problem in the settings"):
        load_project(tmp_path / "ticketctl.yaml", {})


def test_the_project_file_is_found_above_the_working_folder(tmp_path: Path) -> None:
    (tmp_path / "ticketctl.yaml").touch()
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)

    assert find_project_file(below, {}) == (tmp_path / "ticketctl.yaml").resolve()


def test_a_named_file_or_folder_comes_before_the_search(tmp_path: Path) -> None:
    (tmp_path / "ticketctl.yaml").touch()

    assert find_project_file(Path("/"), {}, tmp_path).parent == tmp_path.resolve()
    assert find_project_file(Path("/"), {"TICKETCTL_CONFIG": str(tmp_path / "ticketctl.yaml")}).is_file()
    with pytest.raises(ProjectNotFoundError):
        find_project_file(tmp_path, {}, tmp_path / "other.yaml")


def test_without_a_project_the_error_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(ProjectNotFoundError) as caught:
        find_project_file(tmp_path, {})

    assert "ticketctl init" in caught.value.next_step
