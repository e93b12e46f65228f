"""Templates keep identifiers out of labels, and an observer's failure stays its own."""

from __future__ import annotations

import base64
import logging
import secrets
import threading
import uuid
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ticketctl.locks.observer import OTHER, LockObserver, SafeObserver, TemplateLimit, key_template


@pytest.mark.parametrize(
    ("name", "template"),
    [
        ("checkout", "checkout"),
        ("checkout:1042:seat/7f3a", "checkout:*:seat/*"),
        ("report:2026-05-01", "report:*"),
        ("sweeper.expired_holds", "sweeper.expired_holds"),
        ("payment:anna.b@example.com:capture", "payment:*:capture"),
        ("anna.b@example.com", "*"),
        ("session:deadbeefcafe", "session:*"),
        ("mode:DECADE", "mode:DECADE"),
        ("token:dGhpcyBpcyBpdCE=", "token:*"),
        ("token:aGVsbG9XbXJsZFhZ", "token:*"),
        ("key:qLmZpRtYwXvBnKjHgF", "key:*"),
        ("PaymentCaptureRequestHandler/run", "PaymentCaptureRequestHandler/run"),
        ("parseHTTPRequestBody", "parseHTTPRequestBody"),
        ("CHECKOUT_PAYMENT_CAPTURE", "CHECKOUT_PAYMENT_CAPTURE"),
        ("x:" + "z" * 32, "x:" + "z" * 32),
        ("x:" + "z" * 33, "x:*"),
        ("area:m²", "area:*"),
        ("straße:münchen", "straße:münchen"),
        ("::a..b/", "::a..b/"),
        ("", ""),
    ],
)
def test_words_stay_and_identifiers_become_stars(name: str, template: str) -> None:
    assert key_template(name) == template


@pytest.mark.parametrize("separator", [":", "/", "."])
def test_every_separator_ends_a_segment(separator: str) -> None:
    assert key_template(f"seat{separator}7{separator}hold") == f"seat{separator}*{separator}hold"


def test_a_thousand_identifiers_of_a_kind_have_one_template() -> None:
    kinds: dict[str, Callable[[], str]] = {
        "uuid": lambda: str(uuid.uuid4()),
        "hexadecimal": lambda: secrets.token_hex(16),
        "number": lambda: str(secrets.randbelow(10**9)),
        "urlsafe": lambda: secrets.token_urlsafe(24),
        "base32": lambda: base64.b32encode(secrets.token_bytes(20)).decode(),
        "e-mail": lambda: f"{secrets.token_hex(3)}.x@example.com",
    }

    templates = {kind: {key_template(f"seat:{make()}:hold") for _ in range(1000)} for kind, make in kinds.items()}

    # of base32 and urlsafe base64, a few have no digit and look like a word; the limit of templates is for those
    assert {
        kind: len(found) for kind, found in templates.items() if kind not in ("urlsafe", "base32")
    } == dict.fromkeys(("uuid", "hexadecimal", "number", "e-mail"), 1)
    assert max(len(templates["urlsafe"]), len(templates["base32"])) <= 25


@given(st.text(max_size=100))
def test_a_template_has_no_digit_and_is_its_own_template(name: str) -> None:
    template = key_template(name)

    assert not any(character.isdigit() for character in template)
    assert key_template(template) == template


def test_so_many_templates_pass_and_the_rest_is_other() -> None:
    limit = TemplateLimit(2)

    assert [limit(template) for template in ("a", "b", "a", "c", "b", "d")] == ["a", "b", "a", OTHER, "b", OTHER]


def test_the_limit_holds_between_threads() -> None:
    limit = TemplateLimit(50)
    start = threading.Barrier(8)
    seen: list[set[str]] = []

    def work() -> None:
        start.wait()
        seen.append({limit(f"{letter}{number}") for number in range(200) for letter in "ab"})

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(seen) == 8
    assert len(set().union(*seen) - {OTHER}) == 50


def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        TemplateLimit(0)


class Recorder:
    """Writes down what it is told, and fails where it should."""

    def __init__(self, failure: type[BaseException] | None = None) -> None:
        self.calls: list[tuple[object, ...]] = []
        self._failure = failure

    def _write(self, *call: object) -> None:
        self.calls.append(call)
        if self._failure:
            raise self._failure("no disk")

    def attempted(self, template: str, *, acquired: bool, contended: bool, waited: float) -> None:
        self._write("attempted", template, acquired, contended, waited)

    def released(self, template: str, *, held: float) -> None:
        self._write("released", template, held)

    def lost(self, template: str, *, reason: str, held: float) -> None:
        self._write("lost", template, reason, held)

    def renewed(self, template: str, *, lag: float) -> None:
        self._write("renewed", template, lag)


CALLS = [
    ("attempted", "seat:*", True, False, 0.5),
    ("released", "seat:*", 1.5),
    ("lost", "seat:*", "expired", 2.5),
    ("renewed", "seat:*", 0.25),
]


def tell_everything(observer: LockObserver) -> None:
    observer.attempted("seat:*", acquired=True, contended=False, waited=0.5)
    observer.released("seat:*", held=1.5)
    observer.lost("seat:*", reason="expired", held=2.5)
    observer.renewed("seat:*", lag=0.25)


def test_a_safe_observer_hands_everything_on() -> None:
    recorder = Recorder()

    tell_everything(SafeObserver(recorder))

    assert recorder.calls == CALLS


def test_a_failing_observer_is_logged_once_and_still_told(caplog: pytest.LogCaptureFixture) -> None:
    recorder = Recorder(RuntimeError)

    with caplog.at_level(logging.DEBUG):
        tell_everything(safe := SafeObserver(recorder))
        tell_everything(safe)

    assert recorder.calls == CALLS * 2
    [record] = caplog.records
    assert (record.name, record.levelname) == ("ticketctl.locks.observer", "ERROR")
    assert "Recorder.attempted failed" in record.getMessage()
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], RuntimeError)


def test_an_interrupt_in_an_observer_passes() -> None:
    with pytest.raises(KeyboardInterrupt):
        tell_everything(SafeObserver(Recorder(KeyboardInterrupt)))
