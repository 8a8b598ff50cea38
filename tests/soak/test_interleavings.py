"""Every order in which things can happen to one Project, in worlds that take minutes.

docs/benchmarks/interleavings.md has what was searched. The smallest worlds are searched with the core's own tests.
"""

import time
from collections.abc import Callable

import pytest
from interleavings.search import search, world

MOST = 60_000
"""States; of a world that has more, those are searched that are reached in the fewest steps, and nothing is said of
what leads nowhere.
"""


@pytest.mark.parametrize(
    ("people", "operators", "faults"),
    [
        pytest.param(("delete outside",), 1, 0, id="deleted-outside"),
        pytest.param(("delete",), 1, 1, id="deleted-and-a-fault"),
        pytest.param(("delete outside",), 1, 1, id="deleted-outside-and-a-fault"),
        pytest.param(("delete", "re-create"), 1, 1, id="deleted-and-created-anew-and-a-fault"),
        pytest.param(("edit",), 1, 1, id="edited-and-a-fault"),
        pytest.param(("edit", "second edit"), 1, 0, id="edited-twice"),
        pytest.param((), 2, 0, id="two-operators"),
        pytest.param((), 2, 1, id="two-operators-and-a-fault"),
    ],
)
def test_no_order_breaks_a_promise(
    people: tuple[str, ...], operators: int, faults: int, record_property: Callable[[str, object], None]
) -> None:
    begun = time.process_time()
    found = search(world(*people, operators=operators, budget=faults), at_most=MOST)
    seconds = time.process_time() - begun
    extent = "all" if found.complete else "the nearest"
    told = (", ".join(people) or "none", operators, faults, f"{found.states:,}", extent, f"{found.edges:,}")
    record_property("figures", f"| {' | '.join(map(str, told))} | {seconds:.0f} |")
    assert (found.broken, found.stuck) == ({}, None)
