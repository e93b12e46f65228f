"""What each container was made from, as one short hash: the label by which drift is seen (pure)."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping

from ticketctl.provision.stack.definition.service_definition import LABEL_HASH
from ticketctl.provision.stack.variables import HASH_KEY_VARIABLE

_VARIABLE = re.compile(r"\$\$|\$\{([A-Za-z0-9_]+)(?::-([^}]*))?\}")
_LENGTH = 16
# What Compose does with these does not live in the container.
_NOT_IN_CONTAINER = frozenset({"build", "depends_on"})


def config_hashes(model: Mapping[str, object], env: Mapping[str, str]) -> dict[str, str]:
    """Return the hash of each service's resolved definition, files and passwords included.

    Passwords enter keyed with `TICKETCTL_HASH_KEY`: anybody may read labels, and a short password
    could be guessed from a plain hash of it.

    Args:
        model: The Compose file (`compose_model`).
        env: The values of `compose/.env`.
    """
    services = _section(model, "services")
    return {name: _service_hash(_section(services, name), model, env) for name in services}


def _service_hash(service: Mapping[str, object], model: Mapping[str, object], env: Mapping[str, str]) -> str:
    definition: dict[str, object] = {key: value for key, value in service.items() if key not in _NOT_IN_CONTAINER}
    labels = _section(service, "labels")
    definition["labels"] = {key: value for key, value in labels.items() if key != LABEL_HASH}
    files = [_section(_section(model, "configs"), name)["content"] for name in _sources(service, "configs")]
    passwords = {name: _keyed(name, model, env) for name in _sources(service, "secrets")}
    whole = _resolve([definition, files, passwords], env)
    text = json.dumps(whole, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]


def _keyed(secret: str, model: Mapping[str, object], env: Mapping[str, str]) -> str:
    variable = str(_section(_section(model, "secrets"), secret)["environment"])
    key = env.get(HASH_KEY_VARIABLE, "")
    return hmac.new(key.encode(), env.get(variable, "").encode(), hashlib.sha256).hexdigest()


def _resolve(value: object, env: Mapping[str, str]) -> object:
    """Return the value as Compose would see it."""
    if isinstance(value, str):
        return _VARIABLE.sub(lambda found: _value(found, env), value)
    if isinstance(value, Mapping):
        return {key: _resolve(item, env) for key, item in value.items()}
    if isinstance(value, list):
        return [_resolve(item, env) for item in value]
    return value


def _value(found: re.Match[str], env: Mapping[str, str]) -> str:
    name = found.group(1)
    return "$" if name is None else env.get(name, "") or found.group(2) or ""


def _sources(service: Mapping[str, object], section: str) -> list[str]:
    entries = service.get(section)
    return [str(entry["source"]) for entry in entries] if isinstance(entries, list) else []


def _section(parent: Mapping[str, object], key: str) -> Mapping[str, object]:
    section = parent[key]
    if not isinstance(section, Mapping):
        raise TypeError(f"{key} is not a mapping")
    return section
