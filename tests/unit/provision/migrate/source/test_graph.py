"""Our order is the one that yoyo makes, and the ends of the graph."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ticketctl.provision.migrate.source.graph import CycleError, heads, order


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, list[str]]:
    """Names in some order, each depending on some that stand before it in another order: no circle."""
    names = draw(st.lists(st.text("ab01", min_size=1, max_size=5), min_size=1, max_size=25, unique=True))
    shuffled = draw(st.permutations(names))
    depends = {
        name: draw(st.lists(st.sampled_from(shuffled[:place]), max_size=4, unique=True)) if place else []
        for place, name in enumerate(shuffled)
    }
    return {name: depends[name] for name in names}


def yoyo_order(graph: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    from yoyo.topologicalsort import topological_sort

    return tuple(topological_sort(list(graph), {name: set(needed) for name, needed in graph.items()}))


@given(graphs())
@settings(max_examples=500, deadline=None)
def test_the_order_is_that_of_yoyo(graph: Mapping[str, Sequence[str]]) -> None:
    assert order(graph) == yoyo_order(graph)


@given(graphs())
@settings(max_examples=200, deadline=None)
def test_each_comes_after_all_it_depends_on(graph: Mapping[str, Sequence[str]]) -> None:
    ordered = order(graph)
    place = {name: number for number, name in enumerate(ordered)}
    assert sorted(ordered) == sorted(graph)
    assert all(place[other] < place[name] for name, needed in graph.items() for other in needed)


def test_yoyo_itself_orders_what_is_left_differently_from_the_whole() -> None:
    """yoyo forgets a dependency once it is applied, so that what is left may swap places; ours keeps them."""
    graph = {"a": ["z"], "b": [], "z": []}
    assert order(graph) == yoyo_order(graph) == ("b", "z", "a")
    assert yoyo_order({"a": [], "b": []}) == ("a", "b")  # with z applied


@given(graphs(), st.text("ab01", min_size=6, max_size=6))
@settings(max_examples=200, deadline=None)
def test_a_new_one_behind_the_heads_is_the_last(graph: Mapping[str, Sequence[str]], name: str) -> None:
    base = {each: graph[each] for each in sorted(graph)}
    before = order(base)
    behind = heads({each: base[each] for each in before})
    grown = dict(sorted({**base, name: behind}.items()))
    assert order(grown) == (*before, name) == yoyo_order(grown)


@pytest.mark.parametrize(
    ("graph", "expected"),
    [
        ({}, ()),
        ({"1": []}, ("1",)),
        ({"1": [], "2": [], "3": []}, ("3",)),
        ({"1": [], "2": ["1"], "3": ["2"]}, ("3",)),
        ({"1": [], "2": ["1"], "3": ["1"]}, ("2", "3")),
        ({"1": [], "2": ["1"], "3": []}, ("2", "3")),
        ({"1": [], "2": ["1"], "3": ["1"], "4": ["2", "3"]}, ("4",)),
    ],
)
def test_heads(graph: Mapping[str, Sequence[str]], expected: tuple[str, ...]) -> None:
    assert heads(graph) == expected


@given(graphs())
@settings(max_examples=100, deadline=None)
def test_a_circle_is_found(graph: dict[str, list[str]]) -> None:
    first, last = order(graph)[0], order(graph)[-1]
    closed = {name: [*needed, *([last] if name == first else [])] for name, needed in graph.items()}
    closed[last] = [*closed[last], first]
    with pytest.raises(CycleError) as raised:
        order(closed)
    cycle = raised.value.cycle
    following = (*cycle[1:], cycle[0])
    assert all(other in closed[name] for name, other in zip(cycle, following, strict=True))


def test_a_long_chain_takes_no_time() -> None:
    """The worst order: each depends on the one behind it."""
    names = [f"{number:05}" for number in range(20_000)]
    graph = {name: [other] for name, other in itertools.pairwise(names)} | {names[-1]: []}
    began = time.monotonic()
    assert order(graph) == tuple(reversed(names))
    assert time.monotonic() - began < 5
