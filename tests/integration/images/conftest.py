"""The servers that the images' tests share: one of each kind, started as the Compose file starts them."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from elasticsearch import ApiError, ConnectionError, Elasticsearch

from integration.images.containers import HARDENED, Container, SecretFile, network, running, volume
from integration.servers import image

# Every character that a shell, an SQL literal or an option file could stumble over.
AWKWARD = """a"b'c\\d#e $f`g%h;é"""
MYSQL_ROOT = f"root {AWKWARD}"
ELASTIC = f"elastic {AWKWARD}"
ACCOUNT = "shop"
ACCOUNT_PASSWORD = f"shop {AWKWARD}"


@dataclass(frozen=True)
class Mysql:
    """A MySQL container, asked by the client inside it over TCP."""

    container: Container
    root_password: str = MYSQL_ROOT

    def query(self, sql: str, *, user: str = "root", password: str | None = None, database: str = "") -> str:
        return self.container.run(
            *("mysql", "--host=127.0.0.1", f"--user={user}", "--batch", "--skip-column-names", database),
            environ={"MYSQL_PWD": self.root_password if password is None else password},
            given=sql,
        )

    def answers(self) -> bool:
        result = self.container.attempt(
            *("mysql", "--host=127.0.0.1", "--user=root", "--execute=SELECT 1"),
            environ={"MYSQL_PWD": self.root_password},
        )
        return result.returncode == 0


@dataclass(frozen=True)
class ElasticNode:
    """An Elasticsearch container, asked by the Python client."""

    container: Container

    def client(self, user: str = "elastic", password: str = ELASTIC) -> Elasticsearch:
        # Encoded here: the client would take ASCII only.
        account = base64.b64encode(f"{user}:{password}".encode()).decode()
        return Elasticsearch(f"http://{self.container.address(9200)}", basic_auth=account, max_retries=0)

    def answers(self) -> bool:
        with closing(self.client()) as client:
            try:
                # Who has just started may refuse the right password for a moment.
                return bool(client.cluster.health(wait_for_status="yellow")["status"] != "red")
            except (ConnectionError, ApiError):
                return False


@pytest.fixture(scope="session")
def shared_network() -> Iterator[str]:
    with network() as name:
        yield name


@pytest.fixture(scope="session")
def mysql_volume() -> Iterator[str]:
    with volume() as name:
        yield name


@pytest.fixture(scope="session")
def init_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One init file of each kind; their names are their order, which is not that in which they were made."""
    folder = tmp_path_factory.mktemp("initdb")
    folder.chmod(0o755)
    insert = "INSERT INTO init_order (said) VALUES ('{}');\n"
    (folder / "40-sourced.sh").write_text("docker_process_sql <<<\"INSERT INTO init_order (said) VALUES ('40')\"\n")
    (folder / "20-compressed.sql.gz").write_bytes(gzip.compress(insert.format("20").encode()))
    (folder / "10-plain.sql").write_text(
        "CREATE TABLE init_order (id INT PRIMARY KEY AUTO_INCREMENT, said VARCHAR(99));\n"
        + insert.format("10")
        + "INSERT INTO init_order (said) SELECT CONCAT('networking skipped: ', @@skip_networking);\n"
    )
    run = folder / "30-run.sh"
    run.write_text(
        "#!/bin/sh\nMYSQL_PWD=$MYSQL_ROOT_PASSWORD exec mysql --user=root $MYSQL_DATABASE"
        " --execute=\"INSERT INTO init_order (said) VALUES ('30')\"\n"
    )
    (folder / "50-ignored.txt").write_text("no init file\n")
    for file in folder.iterdir():
        file.chmod(0o755 if file == run else 0o644)
    return folder


@pytest.fixture(scope="session")
def mysql(shared_network: str, mysql_volume: str, init_folder: Path) -> Iterator[Mysql]:
    environ = {
        "MYSQL_ROOT_PASSWORD_FILE": "/root_password",
        "MYSQL_DATABASE": "events_db",
        "MYSQL_USER": ACCOUNT,
        "MYSQL_PASSWORD_FILE": "/user_password",
    }
    options = (
        *(*HARDENED, "--user", "999:999", "--network", shared_network, "--volume", f"{mysql_volume}:/var/lib/mysql"),
        *("--volume", f"{init_folder}:/docker-entrypoint-initdb.d:ro"),
    )
    files = {"/root_password": SecretFile(MYSQL_ROOT, 999), "/user_password": SecretFile(ACCOUNT_PASSWORD + "\n", 999)}
    command = ("--max-connections=77", "--default-time-zone=+00:00")
    with running(image("mysql"), environ=environ, options=options, command=command, files=files) as container:
        server = Mysql(container)
        container.wait_until(server.answers)
        yield server


@pytest.fixture(scope="session")
def redis(shared_network: str) -> Iterator[Container]:
    options = (*HARDENED, "--user", "999:999", "--network", shared_network, "--publish", "127.0.0.1::6379")
    with running(image("redis"), options=options, command=("--appendonly", "yes")) as container:
        container.wait_until(lambda: container.attempt("redis-cli", "ping").stdout.strip() == "PONG")
        yield container


@pytest.fixture(scope="session")
def elasticsearch(shared_network: str) -> Iterator[ElasticNode]:
    environ = {
        "ELASTIC_PASSWORD_FILE": "/elastic_password",
        "discovery.type": "single-node",
        "cluster.name": "spelled-with-dots",
        "ES_SETTING_ACTION_AUTO__CREATE__INDEX": "false",
        "xpack.security.enabled": "true",
        "xpack.security.http.ssl.enabled": "false",
        "ES_JAVA_OPTS": "-Xms512m -Xmx512m",
    }
    options = (
        *(*HARDENED, "--user", "1000:0", "--memory", "1408m"),
        *("--network", shared_network, "--publish", "127.0.0.1::9200"),
    )
    files = {"/elastic_password": SecretFile(ELASTIC, 1000)}
    command = ("eswrapper", "-Enode.name=given-as-argument")
    with running(image("elasticsearch"), environ=environ, options=options, command=command, files=files) as container:
        node = ElasticNode(container)
        container.wait_until(node.answers)
        yield node
