"""Every setting, its type, its default and what it means.

The defaults stand here and nowhere else. `docs/reference/settings.md` is generated from this file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

from ticketctl.settings.secret import Secret

Runtime = Literal["docker", "external"]
Topology = Literal["single", "split"]
SearchAccess = Literal["read", "write"]
ImageName = Literal["mysql", "redis", "elasticsearch", "service"]
NO_PASSWORD = Secret("")


@dataclass(frozen=True, slots=True)
class Doc:
    """What a setting means, for the reference page and for messages."""

    text: str


@dataclass(frozen=True, slots=True)
class MysqlSettings:
    """The MySQL servers."""

    topology: Annotated[Topology, Doc("one server with all databases, or one server for each (`runtime: docker`)")] = (
        "single"
    )
    host: Annotated[str, Doc("address of the server (`runtime: external`)")] = "127.0.0.1"
    port: Annotated[int, Doc("port of the server (`runtime: external`)")] = 3306
    user: Annotated[str, Doc("account that migrates (`runtime: external`)")] = "ticketctl_migrate"
    password: Annotated[Secret, Doc("its password (`runtime: external`)")] = NO_PASSWORD
    connect_timeout: Annotated[float, Doc("seconds to wait for a connection")] = 5.0


@dataclass(frozen=True, slots=True)
class RedisSettings:
    """The Redis server."""

    host: Annotated[str, Doc("address of the server (`runtime: external`)")] = "127.0.0.1"
    port: Annotated[int, Doc("port of the server (`runtime: external`)")] = 6379
    user: Annotated[str, Doc("account to log in with (`runtime: external`)")] = "default"
    password: Annotated[Secret, Doc("its password (`runtime: external`)")] = NO_PASSWORD
    connect_timeout: Annotated[float, Doc("seconds to wait for a connection")] = 5.0


@dataclass(frozen=True, slots=True)
class ElasticsearchSettings:
    """The Elasticsearch cluster."""

    url: Annotated[str, Doc("base address (`runtime: external`)")] = "http://127.0.0.1:9200"
    user: Annotated[str, Doc("account that manages the index (`runtime: external`)")] = "elastic"
    password: Annotated[Secret, Doc("its password (`runtime: external`)")] = NO_PASSWORD
    timeout: Annotated[float, Doc("seconds to wait for an answer")] = 10.0


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """One database, its migrations, and where it lives if not on the common server."""

    name: Annotated[str, Doc("name on the server")]
    migrations: Annotated[str, Doc("folder of its migrations, relative to the project")]
    host: Annotated[str | None, Doc("address, if not `mysql.host` (`runtime: external`)")] = None
    port: Annotated[int | None, Doc("port, if not `mysql.port` (`runtime: external`)")] = None


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """One service of the system: a placeholder until `image` names the real one."""

    description: Annotated[str, Doc("what it does, one line")]
    language: Annotated[str, Doc("what it is written in")]
    port: Annotated[int, Doc("port that it listens on inside its container")]
    databases: Annotated[tuple[str, ...], Doc("databases that its account may use, by their key")] = ()
    depends_on: Annotated[
        tuple[str, ...], Doc("`redis`, `elasticsearch`, or other services; `mysql` follows from `databases`")
    ] = ()
    search_access: Annotated[SearchAccess, Doc("what its Elasticsearch account may do, when it depends on it")] = "read"
    image: Annotated[str | None, Doc("image to run instead of the placeholder")] = None
    ready_path: Annotated[str, Doc("HTTP path that answers 200 when it is ready")] = "/health/ready"


@dataclass(frozen=True, slots=True)
class ImageSettings:
    """Images to use, where the choice between registry and local build is not to be ours."""

    mysql: Annotated[str | None, Doc("default: `mysql:9.7`, or built here")] = None
    redis: Annotated[str | None, Doc("default: `redis:8`, or built here")] = None
    elasticsearch: Annotated[str | None, Doc("default: `elasticsearch:8.19.21`, or built here")] = None
    service: Annotated[str | None, Doc("default: the placeholder, built here")] = None
    prefer: Annotated[
        Literal["auto", "registry", "build"], Doc("`auto`: the registry when it answers, else build here")
    ] = "auto"


@dataclass(frozen=True, slots=True)
class PortSettings:
    """Ports on 127.0.0.1. What is not set comes from a block derived from the checkout's path."""

    block: Annotated[int | None, Doc("first port of the block (100 ports)")] = None
    fixed: Annotated[Mapping[str, int], Doc("service name to port, never replaced: `up` fails when it is taken")] = (
        field(default_factory=dict)
    )


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """Memory limits, as Compose writes them, and the Elasticsearch heap."""

    mysql: Annotated[str, Doc("memory of each MySQL server")] = "1g"
    redis: Annotated[str, Doc("memory of Redis")] = "256m"
    elasticsearch: Annotated[str, Doc("memory of Elasticsearch, at least 1280m at a 512m heap")] = "1408m"
    elasticsearch_heap: Annotated[str, Doc("its Java heap")] = "512m"
    service: Annotated[str, Doc("memory of each service")] = "128m"


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """The search index."""

    alias: Annotated[str, Doc("name that services search by")] = "events"
    mapping: Annotated[str, Doc("mapping file, relative to the project")] = "elasticsearch/mappings/events.json"
    version: Annotated[int, Doc("version of the mapping, part of the index's name")] = 1
    replicas: Annotated[int | None, Doc("override of the file; unset: 0 on a single node")] = None


@dataclass(frozen=True, slots=True)
class StackSettings:
    """How the stack is started and judged."""

    timeout: Annotated[float, Doc("seconds that `up` waits for health")] = 240.0
    restart_limit: Annotated[int, Doc("restarts of one container after which `up` gives up")] = 3


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that `ticketctl.yaml`, the environment and flags can say."""

    runtime: Annotated[Runtime, Doc("`docker`: ticketctl runs the stack; `external`: it runs elsewhere")] = "docker"
    project: Annotated[str | None, Doc("Compose project name; unset: derived from the checkout's path")] = None
    databases: Annotated[Mapping[str, DatabaseSettings], Doc("databases, by key")] = field(default_factory=dict)
    services: Annotated[Mapping[str, ServiceSettings], Doc("services, by name")] = field(default_factory=dict)
    mysql: Annotated[MysqlSettings, Doc("MySQL")] = MysqlSettings()
    redis: Annotated[RedisSettings, Doc("Redis")] = RedisSettings()
    elasticsearch: Annotated[ElasticsearchSettings, Doc("Elasticsearch")] = ElasticsearchSettings()
    images: Annotated[ImageSettings, Doc("images")] = ImageSettings()
    ports: Annotated[PortSettings, Doc("published ports")] = PortSettings()
    limits: Annotated[LimitSettings, Doc("memory")] = LimitSettings()
    search: Annotated[SearchSettings, Doc("search index")] = SearchSettings()
    stack: Annotated[StackSettings, Doc("up and down")] = StackSettings()


@dataclass(frozen=True, slots=True)
class Project:
    """A checkout: its folder and what its settings say.

    Attributes:
        root: Folder of `ticketctl.yaml`, absolute. Relative paths of the settings start here.
        settings: The settings, complete and checked.
        sources: Dotted key to where its value came from (`ticketctl.yaml:14`, `TICKETCTL_…`, `--flag`);
            a key that is missing has its default.
    """

    root: Path
    settings: Settings
    sources: Mapping[str, str]

    @property
    def compose_dir(self) -> Path:
        """Folder of the Compose file, `.env` and image sources."""
        return self.root / "compose"

    @property
    def compose_file(self) -> Path:
        """The generated Compose file."""
        return self.compose_dir / "docker-compose.yml"

    @property
    def env_file(self) -> Path:
        """Derived and secret values of this checkout, mode 0600."""
        return self.compose_dir / ".env"
