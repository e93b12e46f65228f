"""The entrypoint of the mysql image, and of the official one where TICKETCTL_TEST_MYSQL_IMAGE names it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from integration.images.conftest import ACCOUNT, ACCOUNT_PASSWORD, MYSQL_ROOT, Mysql
from integration.images.containers import HARDENED, Container, SecretFile, running, volume
from integration.servers import image

pytestmark = pytest.mark.integration


def _is_ours() -> bool:
    """Whether promises that only our image makes are to be kept."""
    return image("mysql").startswith("ticketctl/")


def test_init_files_run_in_the_order_of_their_names_before_anybody_can_connect(mysql: Mysql) -> None:
    said = mysql.query("SELECT said FROM init_order ORDER BY id", database="events_db").splitlines()

    assert said == ["10", "networking skipped: 1", "20", "30", "40"]


def test_passwords_from_files_log_in_whatever_characters_they_have(mysql: Mysql) -> None:
    assert mysql.query("SELECT CURRENT_USER()") == "root@%"
    account = mysql.query(
        "SELECT CURRENT_USER(), DATABASE()", user=ACCOUNT, password=ACCOUNT_PASSWORD, database="events_db"
    )
    assert account.split("\t") == [f"{ACCOUNT}@%", "events_db"]


def test_the_account_has_its_own_database_and_no_other(mysql: Mysql) -> None:
    mysql.query("CREATE DATABASE IF NOT EXISTS eventsXdb")

    seen = mysql.query("SHOW DATABASES", user=ACCOUNT, password=ACCOUNT_PASSWORD).split()

    assert "events_db" in seen
    assert "eventsXdb" not in seen  # the underscore of a grant is a wildcard unless it is escaped


def test_a_wrong_password_is_refused(mysql: Mysql) -> None:
    with pytest.raises(AssertionError, match="Access denied"):
        mysql.query("SELECT 1", password="wrong")


def test_flags_alone_are_flags_of_the_server(mysql: Mysql) -> None:
    assert mysql.query("SELECT @@max_connections, @@time_zone, @@port").split() == ["77", "+00:00", "3306"]


def test_it_is_version_9_with_encryption_and_listens_on_every_address(mysql: Mysql) -> None:
    version, addresses, encrypted = mysql.query(
        "SELECT @@version, @@bind_address, (SELECT VARIABLE_VALUE FROM performance_schema.session_status"
        " WHERE VARIABLE_NAME = 'Ssl_version')"
    ).split("\t")

    assert version.startswith("9.")
    assert addresses == "*"
    assert encrypted.startswith("TLS")


def test_the_log_is_on_the_containers_own_output(mysql: Mysql) -> None:
    assert "ready for connections" in mysql.container.logs()


def test_no_password_is_seen_from_outside(mysql: Mysql) -> None:
    visible = mysql.container.everything_visible()

    assert MYSQL_ROOT not in visible
    assert ACCOUNT_PASSWORD not in visible


def test_it_stops_on_sigterm_and_keeps_its_data(mysql: Mysql) -> None:
    mysql.query("CREATE TABLE kept (id INT PRIMARY KEY); INSERT INTO kept VALUES (7)", database="events_db")

    code, seconds = mysql.container.stop()

    assert code == 0
    assert seconds < 10
    mysql.container.start()
    mysql.container.wait_until(mysql.answers)
    assert mysql.query("SELECT id FROM kept", database="events_db") == "7"
    assert mysql.query("SELECT COUNT(*) FROM init_order", database="events_db") == "5"  # no init file ran again


def test_started_as_root_it_gives_root_up_and_leaves_finished_data_alone(mysql: Mysql, mysql_volume: str) -> None:
    """The same volume, another container: other passwords in its environment change nothing."""
    mysql.container.stop()
    try:
        options = ("--volume", f"{mysql_volume}:/var/lib/mysql")
        with running(image("mysql"), environ={"MYSQL_ROOT_PASSWORD": "another"}, options=options) as container:
            second = Mysql(container)
            container.wait_until(second.answers)
            assert second.query("SELECT COUNT(*) FROM init_order", database="events_db") == "5"
            assert _servers(container) == {999}
            if _is_ours():
                assert "another" not in _environment_of_the_server(container)
    finally:
        mysql.container.start()
        mysql.container.wait_until(mysql.answers)


def test_started_as_the_servers_user_it_stays_that_user(mysql: Mysql) -> None:
    assert _servers(mysql.container) == {999}


def _servers(container: Container) -> set[int]:
    users = {user for user, arguments in container.processes() if "mysqld" in arguments.split()[0]}
    assert users, "no server process"
    return users


def _environment_of_the_server(container: Container) -> str:
    as_its_user = ("setpriv", "--reuid=999", "--regid=999", "--clear-groups")
    return container.run(*as_its_user, "sh", "-c", "cat /proc/$(cat /var/run/mysqld/mysqld.pid)/environ")


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({}, "MYSQL_ROOT_PASSWORD"),
        ({"MYSQL_ROOT_PASSWORD": "a", "MYSQL_ROOT_PASSWORD_FILE": "/secret"}, "MYSQL_ROOT_PASSWORD_FILE"),
        ({"MYSQL_ROOT_PASSWORD": "a", "MYSQL_USER": "root", "MYSQL_PASSWORD": "b"}, "MYSQL_USER"),
    ],
    ids=["no password at all", "value and file", "root again"],
)
def test_contradictions_end_it_before_anything_is_written(environ: Mapping[str, str], says: str) -> None:
    files = {"/secret": SecretFile("b", 999)}
    with (
        volume() as data,
        running(
            image("mysql"), environ=environ, options=("--volume", f"{data}:/var/lib/mysql"), files=files
        ) as container,
    ):
        assert container.exit_code() == 1
        assert says in container.logs()


def test_a_folder_with_somebodys_files_is_refused_and_untouched(tmp_path: Path) -> None:
    (tmp_path / "thesis.odt").write_text("years of work")
    options = ("--volume", f"{tmp_path}:/var/lib/mysql")
    for _ in range(2):
        with running(image("mysql"), environ={"MYSQL_ROOT_PASSWORD": "a"}, options=options) as container:
            assert container.exit_code() != 0
        assert (tmp_path / "thesis.odt").read_text() == "years of work"


def test_other_commands_run_as_they_are() -> None:
    with running(image("mysql"), command=("mysqld", "--version")) as container:
        assert container.exit_code() == 0
        assert "Ver 9." in container.logs()


def test_an_initialisation_that_did_not_finish_is_never_taken_for_finished(tmp_path: Path) -> None:
    """It fails, it is stopped, it is killed; each next start begins anew, and the last one finishes."""
    init_file = tmp_path / "initdb" / "20-step.sql"
    init_file.parent.mkdir()
    (init_file.parent / "10-table.sql").write_text("CREATE TABLE made_once (id INT);\n")
    with volume() as data:
        options = (
            *("--volume", f"{data}:/var/lib/mysql", "--volume", f"{init_file.parent}:/docker-entrypoint-initdb.d:ro"),
            *(*HARDENED, "--user", "999:999"),
        )
        init_file.write_text("SELECT 1;\nSELCT 2;\n")
        environ = {"MYSQL_RANDOM_ROOT_PASSWORD": "yes", "MYSQL_DATABASE": "events_db"}
        with running(image("mysql"), environ=environ, options=options) as failing:
            assert failing.exit_code() != 0
            log = failing.logs()
        assert "GENERATED ROOT PASSWORD" in log
        assert "20-step.sql" in log
        assert "at line 2" in log or "SELCT" in log
        if not _is_ours():
            return  # the official entrypoint takes what is there for finished from here on

        init_file.write_text("SELECT SLEEP(600);\n")
        environ = {"MYSQL_ALLOW_EMPTY_PASSWORD": "yes", "MYSQL_DATABASE": "events_db"}
        with running(image("mysql"), environ=environ, options=options) as interrupted:
            interrupted.wait_until(
                lambda: f"running /docker-entrypoint-initdb.d/{init_file.name}" in interrupted.logs()
            )
            code, seconds = interrupted.stop()
            assert code == 143
            assert seconds < 10
        with running(image("mysql"), environ=environ, options=options) as killed:
            # In the middle of the system tables, this time.
            killed.wait_until(lambda: "Server Initialization - start" in killed.logs())
            killed.kill()
            assert killed.exit_code() == 137

        init_file.write_text("INSERT INTO made_once VALUES (1);\n")
        with running(image("mysql"), environ=environ, options=options) as whole:
            server = Mysql(whole, root_password="")
            whole.wait_until(server.answers)
            assert "starting over" in whole.logs()
            assert server.query("SELECT COUNT(*) FROM events_db.made_once") == "1"
