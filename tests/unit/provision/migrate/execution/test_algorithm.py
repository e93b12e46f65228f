"""Which text is executed, and what is said when the server refuses all of them."""

from __future__ import annotations

import pytest

from ticketctl.errors import BackendOperationError, MigrationCopyError
from ticketctl.provision.migrate.execution.algorithm import Choice, most_row_versions, run_choice
from ticketctl.provision.migrate.planning.amounts import in_words


class Server:
    """Refuses texts with these numbers."""

    def __init__(self, **numbers: int) -> None:
        self.numbers = numbers
        self.asked: list[str] = []

    def __call__(self, text: str) -> str:
        self.asked.append(text)
        number = self.numbers.get(text, 0)
        if number:
            cause = RuntimeError(number, "no. Try LOCK=SHARED." if text == "b" else "no")
            raise BackendOperationError("refused", backend="mysql", number=number) from cause
        return text


@pytest.mark.parametrize("number", [1800, 1801, 1845, 1846, 4092, 4093, 4157, 4158])
def test_a_refusal_leads_to_the_next(number: int) -> None:
    server = Server(a=number)
    assert run_choice(server, Choice(("a", "b"), copy_allowed_last=False), copying=pytest.fail) == "b"
    assert server.asked == ["a", "b"]


@pytest.mark.parametrize("number", [1064, 1091, 1205, 1213, 1221])
def test_nothing_else_does(number: int) -> None:
    server = Server(a=number)
    with pytest.raises(BackendOperationError):
        run_choice(server, Choice(("a", "b")), copying=pytest.fail)
    assert server.asked == ["a"]


def test_the_last_refusal_is_the_reason() -> None:
    with pytest.raises(MigrationCopyError, match="locked against writing for as long as this") as raised:
        run_choice(Server(a=1845, b=1846), Choice(("a", "b"), "d.t", 3, copy_allowed_last=False), copying=pytest.fail)
    assert raised.value.why == "error 1846: no. Try LOCK=SHARED."


def test_copying_is_announced_before_it_begins() -> None:
    server = Server(a=1846)
    said: list[str] = []

    def copying(sentence: str) -> None:
        assert server.asked == ["a"]
        said.append(sentence)

    assert run_choice(server, Choice(("a", "c"), "d.t", 70 << 20), copying=copying) == "c"
    assert said == [
        "d.t (70 MiB) would be copied, and locked against writing for as long as that takes, as its file allows"
    ]


def test_a_statement_as_written_keeps_its_own_errors() -> None:
    with pytest.raises(BackendOperationError):
        run_choice(Server(a=1846), Choice(("a",)), copying=pytest.fail)


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 bytes"), (16384, "16 KiB"), (64 << 20, "64 MiB"), (9 << 20, "9.0 MiB"), (5 << 29, "2.5 GiB")],
)
def test_sizes_in_words(size: int, words: str) -> None:
    assert in_words(size) == words
    assert in_words(3 << 40) == "3.0 TiB"


@pytest.mark.parametrize(
    ("version", "most"),
    [("8.0.36", 64), ("8.4.3", 64), ("9.0.1", 64), ("9.1.0-commercial", 255), ("9.7.4-2", 255), ("?", 64)],
)
def test_row_versions(version: str, most: int) -> None:
    assert most_row_versions(version) == most
