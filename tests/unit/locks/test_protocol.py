"""`docs/reference/lock-protocol.md` and the vectors beside it say what the code does."""

from __future__ import annotations

import hashlib
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from conformance.locks.vectors import VECTORS, texts
from ticketctl.locks import _scripts
from ticketctl.locks._arguments import LEAST_TTL, MOST_FENCE, MOST_TTL
from ticketctl.locks._lease import DRIFT
from ticketctl.locks._names import (
    NAME_BYTES,
    Keys,
    channel,
    checked_name,
    checked_namespace,
    fence_key,
    lease_key,
    queue_key,
)
from ticketctl.locks._renewal import PARTS
from ticketctl.locks._room import MARGIN, POLL, RETRY
from ticketctl.locks._scripts import Acquire, Commands, Release, milliseconds
from ticketctl.locks._server import owner_text

PAGE = (Path(__file__).parents[3] / "docs/reference/lock-protocol.md").read_text(encoding="utf-8")
SCRIPTS = {
    "acquire": _scripts.ACQUIRE,
    "release": _scripts.RELEASE,
    "extend": _scripts.EXTEND,
    "break": _scripts.BREAK,
}


def digest(text: str) -> str:
    return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table after a text, with its head."""
    table = PAGE[PAGE.index(heading) :]
    lines = re.search(r"(?:^\|.*\n)+", table, re.MULTILINE)
    assert lines
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[0].splitlines()]


# --- scripts --------------------------------------------------------------------------------------


def test_the_page_knows_the_scripts() -> None:
    said = {
        name: (re.findall("`(.*?)`", names), sha1, keys) for name, names, sha1, keys in rows("The texts are in")[2:]
    }
    expected = {
        name: (script["files"], f"`{digest(SCRIPTS[name])}`", ", ".join(script["keys"]))
        for name, script in VECTORS["scripts"].items()
    }
    assert said == expected


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_vectors_know_the_scripts(name: str) -> None:
    script = VECTORS["scripts"][name]
    folder = files("ticketctl.locks") / "lua"
    assert "".join((folder / file).read_text(encoding="utf-8") for file in script["files"]) == SCRIPTS[name]
    assert script["sha1"] == digest(SCRIPTS[name])


@pytest.mark.parametrize(("name", "heading"), [("acquire", "**acquire**"), ("release", "**release**")])
def test_the_page_knows_the_arguments(name: str, heading: str) -> None:
    numbers = [re.findall(r"^(\d+)(?: to (\d+))?", first)[0] for first, _ in rows(heading)[2:]]
    covered = [number for low, high in numbers for number in range(int(low), int(high or low) + 1)]
    assert covered == list(range(1, len(VECTORS["scripts"][name]["argv"]) + 1))
    used = max(int(number) for number in re.findall(r"ARGV\[(\d+)\]", SCRIPTS[name]))
    assert used == len(covered)


def test_the_replies_of_the_vectors_are_those_of_the_page() -> None:
    for name in ("acquire", "release"):
        said = {reply.split(":")[0] for reply in VECTORS["scripts"][name]["replies"]}
        table = PAGE[PAGE.index(f"**{name}**") :]
        assert said <= set(re.findall(r"^\| `(.*?)` \|", table, re.MULTILINE))


# --- commands -------------------------------------------------------------------------------------


def filled(value: Any) -> Any:
    known = texts()
    text = re.sub(r"\$\{([^}]*)\}", lambda found: json.dumps(known[found[1]])[1:-1], json.dumps(value))
    return json.loads(text)


def asked(terms: dict[str, Any]) -> Acquire:
    return Acquire(terms["token"], terms["ttl_ms"] / 1000, terms["least_fence"], terms["queue"])


@pytest.mark.parametrize("vector", VECTORS["packed"], ids=lambda vector: json.dumps(vector["call"]))
def test_a_call_is_packed_as_the_vectors_say(vector: dict[str, Any]) -> None:
    names = VECTORS["names"]
    commands, keys = Commands(names["A"]["owner"], names["A"]["channel"]), Keys(names["namespace"], names["lock"])
    ((kind, terms),) = filled(vector["call"]).items()
    if kind == "acquire":
        packed = commands.acquire(keys, asked(terms))
    elif kind == "release":
        heir = asked(terms["heir"]) if terms["heir"] else None
        packed = commands.release(keys, Release(terms["token"], leave=terms["leave"], heir=heir))
    else:
        packed = commands.extend(keys, terms["token"], terms["ttl_ms"] / 1000)
    assert packed == filled(vector["bytes"]).encode()


# --- names and numbers ----------------------------------------------------------------------------


def test_keys_have_the_names_that_the_page_and_the_vectors_say() -> None:
    names = VECTORS["names"]
    of = (names["namespace"], names["lock"])
    keys = [lease_key(*of), fence_key(*of), queue_key(*of)]
    assert keys == [names["lease"], names["fence"], names["queue"]]
    assert [row[0] for row in rows("**name**")[2:5]] == [f"`{key}`" for key in keys]
    assert channel("lock", "000000000000000a") == names["A"]["channel"]
    assert "`lock:wake:` and 16 lower-case hexadecimal digits" in PAGE


@pytest.mark.parametrize("name", VECTORS["valid_names"])
def test_a_name_that_can_be(name: str) -> None:
    assert checked_name(name) == name


@pytest.mark.parametrize("name", VECTORS["invalid_names"])
def test_a_name_that_cannot_be(name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a lock"):
        checked_name(name)


def test_the_page_knows_what_a_namespace_may_be() -> None:
    (pattern,) = re.findall(r"A \*\*namespace\*\* matches `(.*?)`", PAGE)
    for namespace in ("lock", "a", "A.b_c:d-9", "a" * 100, "", "a" * 101, "-a", ".a", "a b", "ä", "a{"):
        if re.fullmatch(pattern, namespace):
            assert checked_namespace(namespace) == namespace
        else:
            with pytest.raises(ValueError, match="cannot be a namespace"):
                checked_namespace(namespace)


def test_an_owner_has_the_fields_that_the_page_says() -> None:
    (example,) = re.findall(r"`(\{\"host\".*?\})`", PAGE)
    assert example == VECTORS["names"]["A"]["owner"]
    assert list(json.loads(example)) == list(json.loads(owner_text("inventory")))
    assert "\n" not in owner_text("a\nb")


def test_numbers_are_those_of_the_code() -> None:
    assert VECTORS["constants"] == {
        "claim_ms": milliseconds(_scripts.CLAIM),
        "fence_ms": milliseconds(_scripts.FENCE_LIFETIME),
        "queue_ms": milliseconds(_scripts.QUEUE_LIFETIME),
        "poll_ms": milliseconds(POLL),
        "retry_ms": milliseconds(RETRY),
        "margin_ms": milliseconds(MARGIN),
        "drift": DRIFT,
        "least_ttl_ms": milliseconds(LEAST_TTL),
        "most_ttl_ms": milliseconds(MOST_TTL),
        "most_fence": MOST_FENCE,
        "name_bytes": NAME_BYTES,
    }


@pytest.mark.parametrize(
    "said",
    [
        f"1 to {NAME_BYTES} bytes",
        f"than a claim ({_scripts.CLAIM:.0f} s)",
        f"| 6 claim | `{milliseconds(_scripts.CLAIM)}` |",
        f"| 8 queue's life | `{milliseconds(_scripts.QUEUE_LIFETIME)}` |",
        f"max({milliseconds(_scripts.FENCE_LIFETIME)}, 2 ",
        f"{_scripts.FENCE_LIFETIME / 3600:.0f} h after the last grant",
        f"{_scripts.QUEUE_LIFETIME:.0f} s after its last entry",
        f"not longer than {POLL} s, and not longer than ms + {milliseconds(MARGIN)} ",
        f"after {RETRY} s",
        f"`sent + {1 - DRIFT} ",
        f"up to {MOST_FENCE} (2^53 ",
        f"A ttl is {milliseconds(LEAST_TTL)} ms to {MOST_TTL / 86_400:.0f} days",
        {3: "Renew at a third of the ttl"}[PARTS],
        f"Redis **{VECTORS['redis']}** or newer",
    ],
)
def test_the_page_says_the_numbers(said: str) -> None:
    assert said in " ".join(PAGE.split())
