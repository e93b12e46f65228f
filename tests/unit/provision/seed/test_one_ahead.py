"""Work that is prepared while the last piece of it is carried out."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from ticketctl.provision.seed.write import one_ahead


def test_everything_comes_in_order() -> None:
    assert list(one_ahead(iter(range(100)))) == list(range(100))
    assert list(one_ahead(iter(()))) == []


def test_the_next_item_is_made_while_the_caller_has_the_last_one() -> None:
    made = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        made.set()
        yield 2

    ahead = one_ahead(items())

    assert next(ahead) == 1
    assert made.wait(10)  # without the caller asking for it
    assert next(ahead) == 2
    ahead.close()


def test_no_more_than_one_item_is_made_ahead() -> None:
    made: list[int] = []

    def items() -> Iterator[int]:
        for number in range(10):
            made.append(number)
            yield number

    ahead = one_ahead(items())
    next(ahead)
    ahead.close()

    assert made == [0, 1]


def test_an_error_of_the_maker_reaches_the_caller() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    ahead = one_ahead(items())

    assert next(ahead) == 1
    with pytest.raises(ValueError, match="broken"):
        next(ahead)
