"""Reads the vectors of the lock protocol and runs their sequences, as an implementation in any language would."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import redis

from integration.eventually import eventually

FILE = Path(__file__).parents[1] / "vectors" / "lock-protocol.json"
VECTORS: Mapping[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
KEYS = ("lease", "fence", "queue")


def texts() -> dict[str, str]:
    """What stands for `${…}`."""
    found: dict[str, str] = {}
    for name, value in VECTORS["names"].items():
        if isinstance(value, str):
            found[name] = value
        else:
            found |= {f"{name}.{part}": text for part, text in value.items()}
            found[f"{name}.entry"] = " ".join(value.values())
    return found | {f"sha1.{name}": script["sha1"] for name, script in VECTORS["scripts"].items()}


class Run:
    """One run of a sequence.

    Args:
        client: A client that decodes its replies, for all that is no part of the protocol.
        scripts: The texts of the scripts.
        member: What runs the scripts and listens; the client if not given.
    """

    def __init__(self, client: redis.Redis, scripts: Mapping[str, str], member: redis.Redis | None = None) -> None:
        self._client: Any = client
        self._member: Any = member or client
        self._texts = texts()
        self._saved: dict[str, Any] = {}
        self._inboxes: dict[str, Any] = {}
        for name, text in scripts.items():
            assert self._member.script_load(text) == VECTORS["scripts"][name]["sha1"]
        client.delete(*(self._texts[key] for key in KEYS))

    def filled(self, value: Any) -> Any:
        if isinstance(value, str):
            known = {**self._texts, **{f"saved.{name}": text for name, text in self._saved.items()}}
            return re.sub(r"\$\{([^}]*)\}", lambda found: str(known[found[1]]), value)
        if isinstance(value, list):
            return [self.filled(part) for part in value]
        return value

    def step(self, step: Mapping[str, Any]) -> None:
        """Do one step, and compare what came of it."""
        for word, act in (("listen", self._listen), ("deaf", self._deaf), ("message", self._message)):
            if word in step:
                act(self.filled(step[word]))
        if "wait_ms" in step:
            time.sleep(step["wait_ms"] / 1000)
        if "redis" in step:
            self._compare(self._client.execute_command(*self.filled(step["redis"])), step.get("reply", {}))
        if "script" in step:
            script = VECTORS["scripts"][step["script"]]
            keys = [self._texts[key] for key in script["keys"]]
            reply = self._member.evalsha(script["sha1"], len(keys), *keys, *self.filled(step["argv"]))
            self._compare(reply, step["reply"])
        self._compare_keys(step)

    # --- listening ----------------------------------------------------------------------------

    def _listen(self, channel: str) -> None:
        inbox: Any = self._member.pubsub()
        inbox.subscribe(channel)
        assert inbox.get_message(timeout=5)["type"] == "subscribe"
        self._inboxes[channel] = inbox

    def _deaf(self, channel: str) -> None:
        self._inboxes.pop(channel).close()
        eventually(lambda: self._client.pubsub_numsub(channel), lambda seen: seen == [(channel, 0)])

    def _message(self, expected: Sequence[str]) -> None:
        channel, text = expected
        assert self._inboxes[channel].get_message(timeout=5)["data"] == text

    # --- comparing ----------------------------------------------------------------------------

    def _compare(self, seen: Any, expected: Any) -> None:
        if isinstance(expected, Mapping):
            self._compare_loosely(seen, expected)
        elif isinstance(expected, list):
            assert len(seen) == len(expected)
            for part, wanted in zip(seen, expected, strict=True):
                self._compare(part, wanted)
        else:
            assert seen == self.filled(expected)

    def _compare_loosely(self, seen: Any, expected: Mapping[str, Any]) -> None:
        assert set(expected) <= {"matches", "between", "above", "same_as", "save"}
        if "matches" in expected:
            assert re.search(expected["matches"], seen)
        if "between" in expected:
            least, most = expected["between"]
            assert least <= seen <= most
        if "above" in expected:
            assert int(seen) > int(self._saved[expected["above"]])
        if "same_as" in expected:
            assert seen == self._saved[expected["same_as"]]
        if "save" in expected:
            self._saved[expected["save"]] = seen

    def _compare_keys(self, step: Mapping[str, Any]) -> None:
        lease, fence, queue = (self._texts[key] for key in KEYS)
        if "lease" in step:
            self._compare_value(lease, step["lease"], ("token", "fence", "since", "owner"))
        if "fence" in step:
            self._compare_value(fence, step["fence"], ("value",))
        if "queue" in step:
            assert self._client.lrange(queue, 0, -1) == self.filled(step["queue"])

    def _compare_value(self, key: str, expected: Mapping[str, Any] | None, parts: tuple[str, ...]) -> None:
        value: Any = self._client.get(key)
        if expected is None:
            assert value is None
            return
        seen: dict[str, Any] = {"raw": value, **dict(zip(parts, value.split(" ", len(parts) - 1), strict=False))}
        seen["pttl"] = self._client.pttl(key)
        for part, wanted in expected.items():
            self._compare(seen[part], wanted)

    def close(self) -> None:
        for channel, inbox in self._inboxes.items():
            self._client.publish(channel, "the end")
            assert inbox.get_message(timeout=5)["data"] == "the end", "a message that is not in the sequence"
            inbox.close()
