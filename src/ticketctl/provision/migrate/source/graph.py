"""The order in which migrations run: dependencies first, otherwise by file name, as yoyo orders them."""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence


class CycleError(ValueError):
    """Some migrations depend on each other in a circle.

    Attributes:
        cycle: Names along the circle; each depends on the next, the last on the first.
    """

    def __init__(self, cycle: Sequence[str]) -> None:
        super().__init__(" -> ".join((*cycle, cycle[0])))
        self.cycle = tuple(cycle)


def order(dependencies: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return the names such that each comes after all it depends on, and otherwise as early as it stands.

    Args:
        dependencies: Each name and the names that it depends on, which are names of the mapping. Of
            several that could come next, the first of the mapping does.

    Raises:
        CycleError: There is no such order.
    """
    if _is_ordered(dependencies):
        return tuple(dependencies)
    waiting_for = {name: set(needed) for name, needed in dependencies.items()}
    blocks: dict[str, list[str]] = {name: [] for name in dependencies}
    for name, needed in waiting_for.items():
        for other in needed:
            blocks[other].append(name)
    rank = {name: place for place, name in enumerate(dependencies)}
    ready = [(rank[name], name) for name, needed in waiting_for.items() if not needed]
    heapq.heapify(ready)
    ordered: list[str] = []
    while ready:
        _, name = heapq.heappop(ready)
        ordered.append(name)
        for other in blocks[name]:
            waiting_for[other].discard(name)
            if not waiting_for[other]:
                heapq.heappush(ready, (rank[other], other))
    if len(ordered) < len(dependencies):
        raise CycleError(_cycle({name: needed for name, needed in waiting_for.items() if needed}))
    return tuple(ordered)


def heads(dependencies: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return what a new name must depend on to come after all that are there, and after every branch.

    That is the last one, and each end of a branch. One that neither depends on anything nor is
    depended on has its place by its name alone, and needs no mention.

    Args:
        dependencies: Each name and the names that it depends on, in the order of `order`.
    """
    needed = {other for others in dependencies.values() for other in others}
    last = next(reversed(list(dependencies)), None)
    return tuple(name for name, others in dependencies.items() if name not in needed and (others or name == last))


def _is_ordered(dependencies: Mapping[str, Sequence[str]]) -> bool:
    """Whether each stands after all it depends on, as in almost every folder."""
    seen: set[str] = set()
    for name, needed in dependencies.items():
        if needed and not seen.issuperset(needed):
            return False
        seen.add(name)
    return True


def _cycle(unresolved: Mapping[str, set[str]]) -> tuple[str, ...]:
    # Whoever is unresolved waits for somebody unresolved: following that must come round.
    path = [min(unresolved)]
    while (following := min(unresolved[path[-1]])) not in path:
        path.append(following)
    return tuple(path[path.index(following) :])
