"""Every order in which things can happen to one Project, in worlds that take minutes.

docs/benchmarks/interleavings.md has what was searched. The smallest worlds are searched with the core's own tests.
"""

import os
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Final

import pytest
from interleavings import breaking
from interleavings.search import search, world
from interleavings.state import State
from interleavings.step import Rules

World = tuple[tuple[str, ...], int, int]
"""What people may do; how many operators there are; how many faults may happen."""

BOUNDS: Final[dict[str, tuple[World, int]]] = {
    "deleted-outside": ((("delete outside",), 1, 0), 100_000),
    "deleted-and-a-fault": ((("delete",), 1, 1), 150_000),
    "deleted-outside-and-a-fault": ((("delete outside",), 1, 1), 150_000),
    "deleted-and-created-anew-and-a-fault": ((("delete", "re-create"), 1, 1), 150_000),
    "edited-and-a-fault": ((("edit",), 1, 1), 150_000),
    "edited-twice": ((("edit", "second edit"), 1, 0), 150_000),
    "two-operators": (((), 2, 0), 100_000),
    "two-operators-and-a-fault": (((), 2, 1), 100_000),
}
"""The worlds, and how many states of each are searched: of one that has more, those that are reached in the fewest
steps, and nothing is said of what leads nowhere. `SOAK_STATES` is another bound, for all.
"""


@dataclass(frozen=True)
class Missed:
    """What is broken in a world where a rule is missing: in the core, or (R1) in the API server's answer to it."""

    promise: str
    without: Callable[[], AbstractContextManager[None]] = nullcontext
    rules: Rules = field(default_factory=Rules)


MISSED: Final = {
    "deleted-and-a-fault": Missed("I1", lambda: breaking.quarantine_of("read_lag")),
    "deleted-outside-and-a-fault": Missed("I1", breaking.not_found_is_gone),
    "deleted-and-created-anew-and-a-fault": Missed("I1", breaking.a_clock_from_the_start_alone),
    "edited-and-a-fault": Missed("I1", lambda: breaking.quarantine_of("read_lag")),
    "edited-twice": Missed("I7", breaking.edits_under_an_update_are_missed),
    "two-operators": Missed("I1", rules=Rules(guarded=False)),
    "two-operators-and-a-fault": Missed("I1", breaking.a_clock_from_the_start_alone),
}
"""Worlds with more states than are searched: what is broken where which rule is taken out of the core. A bound within
which that is not found would hide as much of the core as it is.
"""


def bound_of(world_: str) -> int:
    return int(os.environ.get("SOAK_STATES", BOUNDS[world_][1]))


def started(world_: str) -> State:
    (people, operators, faults), _ = BOUNDS[world_]
    return world(*people, operators=operators, budget=faults)


@pytest.mark.parametrize("name", BOUNDS)
def test_no_order_breaks_a_promise(name: str, record_property: Callable[[str, object], None]) -> None:
    (people, operators, faults), _ = BOUNDS[name]
    begun = time.process_time()
    found = search(started(name), at_most=bound_of(name))
    seconds = time.process_time() - begun
    extent = "all" if found.complete else f"within {found.steps} steps"
    told = (", ".join(people) or "none", operators, faults, f"{found.states:,}", extent, f"{found.edges:,}")
    record_property("figures", f"| {' | '.join(map(str, told))} | {seconds:.0f} |")
    assert (found.broken, found.stuck) == ({}, None)


@pytest.mark.parametrize("name", MISSED)
def test_the_bound_is_wide_enough_for_what_a_missing_rule_breaks(
    name: str, record_property: Callable[[str, object], None]
) -> None:
    missed = MISSED[name]
    with missed.without():
        found = search(started(name), missed.rules, at_most=bound_of(name), until_broken=True)
    assert list(found.broken) == [missed.promise]
    after = f"after {found.states:,} states, {found.steps} steps"
    record_property("figures", f"{name}, a rule taken out: {missed.promise} broken {after}")
