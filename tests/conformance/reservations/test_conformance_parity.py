"""Both kinds of reservations have the same face."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import get_type_hints

import pytest

from ticketctl.reservations import AsyncReservations, Reservations


def faces(kind: type) -> dict[str, Callable[..., object]]:
    """What of a class is there to be called."""
    return {name: value for name, value in inspect.getmembers(kind, callable) if not name.startswith("_")}


def parameters(function: Callable[..., object]) -> list[tuple[str, object, object]]:
    return [(p.name, p.kind, p.default) for p in inspect.signature(function).parameters.values()]


def test_the_methods_of_both_have_the_same_parameters_and_defaults() -> None:
    assert faces(Reservations).keys() == faces(AsyncReservations).keys()
    for name, function in faces(Reservations).items():
        assert parameters(function) == parameters(faces(AsyncReservations)[name]), name
    assert parameters(Reservations) == parameters(AsyncReservations)
    assert not [name for name, value in inspect.getmembers(Reservations) if isinstance(value, property)]
    assert not [name for name, value in inspect.getmembers(AsyncReservations) if isinstance(value, property)]


def test_what_the_methods_take_and_return_is_of_the_same_types() -> None:
    for name, function in faces(Reservations).items():
        assert get_type_hints(function) == get_type_hints(faces(AsyncReservations)[name]), name


def test_every_method_of_one_kind_is_awaited_and_none_of_the_other() -> None:
    for name, function in faces(AsyncReservations).items():
        assert inspect.iscoroutinefunction(function), name
        assert not inspect.iscoroutinefunction(faces(Reservations)[name]), name


def test_only_the_mandatory_is_taken_by_place() -> None:
    """Options have names: two that change places would be a hold for somebody else."""
    by_place = {
        name: [p.name for p in inspect.signature(function).parameters.values() if p.kind is not p.KEYWORD_ONLY]
        for name, function in faces(Reservations).items()
    }
    assert by_place["hold"] == ["self", "event_id", "seat_ids", "user_id"]
    assert by_place["hold_best"] == ["self", "event_id", "count", "user_id"]
    assert by_place["confirm"] == ["self", "hold", "booking_id"]
    assert by_place["transfer"] == ["self", "hold", "user_id"]


@pytest.mark.parametrize("kind", [Reservations, AsyncReservations])
def test_everything_public_says_what_it_does(kind: type) -> None:
    assert inspect.getdoc(kind)
    for name, function in faces(kind).items():
        assert inspect.getdoc(function), name


def test_both_kinds_say_the_same_of_what_they_can_raise() -> None:
    for name, function in faces(Reservations).items():
        if name == "close":
            continue
        theirs = str(inspect.getdoc(faces(AsyncReservations)[name])).replace("AsyncSweeper", "Sweeper")
        assert inspect.getdoc(function) == theirs, name
