"""Every order in which things can happen to one Project, as far as it is small enough to try them all.

Bigger worlds are searched by `make soak` (tests/soak/).
"""

import pytest
from interleavings.breaking import quarantine_of
from interleavings.search import search, world

pytestmark = pytest.mark.no_cover  # single decisions cover these branches too, and tracing doubles what a search takes


@pytest.mark.parametrize(
    ("people", "budget"),
    [
        pytest.param((), 1, id="one-fault"),
        pytest.param(("edit",), 0, id="an-edit", marks=pytest.mark.whole),
        pytest.param(("strip",), 0, id="a-finalizer-stripped"),
    ],
)
def test_no_order_breaks_a_promise_and_none_leads_nowhere(people: tuple[str, ...], budget: int) -> None:
    found = search(world(*people, budget=budget))
    assert found.complete
    assert (found.broken, found.stuck) == ({}, None)


def test_a_search_finds_what_a_short_quarantine_breaks() -> None:
    with quarantine_of("read_lag"):
        found = search(world(budget=1), until_broken=True)
    assert list(found.broken) == ["I1"]
