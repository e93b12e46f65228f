"""What every container of the stack has in common: no rights, a memory limit, one network, labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

from ticketctl.provision.stack.definition.container_files import secret_file, secret_name
from ticketctl.provision.stack.variables import hash_variable, port_variable

Kind = Literal["backend", "setup", "service"]
Definition = dict[str, object]

LABEL_HASH = "ticketctl.config-hash"
LABEL_SERVICE = "ticketctl.service"
LABEL_KIND = "ticketctl.kind"
LABEL_READY_PATH = "ticketctl.ready-path"
NETWORK = "stack"
MOUNT_MODE = 0o444

# Without a bound, the log of one chatty service fills the disk.
_LOGGING = {"driver": "local", "options": {"max-size": "10m", "max-file": "3"}}


def hardened(service: str, kind: Kind, own: Mapping[str, object], *, user: str, memory: str) -> Definition:
    """Return a service's definition: its own part, and what all have in common.

    Args:
        service: Name in the Compose file.
        kind: What it is, for those who judge its state.
        own: Its own keys, in the order in which they should stand. `labels` are added to.
        user: `uid:gid` of its processes.
        memory: Memory limit.
    """
    labels = {
        LABEL_SERVICE: service,
        LABEL_KIND: kind,
        LABEL_HASH: f"${{{hash_variable(service)}:-unset}}",
        **_mapping(own.get("labels")),
    }
    return {
        **{key: value for key, value in own.items() if key != "labels"},
        "user": user,
        "init": True,
        "restart": "no" if kind == "setup" else "unless-stopped",
        "networks": [NETWORK],
        "mem_limit": memory,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "logging": _LOGGING,
        "labels": labels,
    }


def published(service: str, container_port: int, default: int) -> list[str]:
    """Return the `ports` of a service: one, on loopback."""
    return [f"127.0.0.1:${{{port_variable(service)}:-{default}}}:{container_port}"]


def mounted_secrets(variables: Iterable[str]) -> list[Definition]:
    """Return the `secrets` of a service.

    Readable to every user of the container, who is one: an owner would need the engine to know the
    numeric user of `user:` by name, on its own host ("unable to find entry in passwd database").

    Args:
        variables: Variables of `compose/.env`.
    """
    return [
        {"source": secret_name(variable), "target": secret_name(variable), "mode": MOUNT_MODE} for variable in variables
    ]


def mounted_config(name: str, target: str) -> Definition:
    """Return one entry of the `configs` of a service."""
    return {"source": name, "target": target, "mode": MOUNT_MODE}


def run_folder(path: str, user: str) -> list[str]:
    """Return the `tmpfs` of a service: a small folder in memory that only its own user may read."""
    uid, gid = user.split(":")
    return [f"{path}:uid={uid},gid={gid},mode=0700,size=1m,noexec"]


def password_of(variable: str) -> str:
    """Return shell words that print a password from its secret file, escaped for Compose."""
    return f'"$$(cat {secret_file(variable)})"'


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}
