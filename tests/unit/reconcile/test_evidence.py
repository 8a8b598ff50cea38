import pytest
from simulation.views import a_listing, a_remote, mark_of

from project_operator.reconcile.evidence import NEVER, Observation, newest

SEEN = a_remote("p1")
OLDER = a_remote("p1", name="old")


def test_without_any_read_there_is_no_evidence() -> None:
    assert newest("p1", None, None, after=NEVER, read_lag=1.0) is None


@pytest.mark.parametrize(("listed_at", "read_at", "shown"), [(5.0, 6.0, SEEN), (6.0, 5.0, OLDER)])
def test_the_later_begun_read_counts(listed_at: float, read_at: float, shown: object) -> None:
    found = newest("p1", a_listing(OLDER, begun_at=listed_at), Observation(read_at, SEEN), after=NEVER, read_lag=1.0)
    assert found is not None
    assert found.project is shown


@pytest.mark.parametrize("begun_at", [4.0, 5.0])
def test_what_began_no_later_than_our_own_write_says_nothing(begun_at: float) -> None:
    listing, direct = a_listing(SEEN, begun_at=begun_at), Observation(begun_at, SEEN)
    assert newest("p1", listing, direct, after=5.0, read_lag=1.0) is None


def test_a_listing_without_the_id_proves_nothing_by_itself() -> None:
    assert newest("p1", a_listing(begun_at=9.0), None, after=NEVER, read_lag=1.0) is None


@pytest.mark.parametrize(("listed_at", "stands"), [(6.0, True), (6.1, False)])
def test_a_listing_without_the_id_makes_an_older_sight_too_old(listed_at: float, stands: bool) -> None:  # noqa: FBT001 - a column
    found = newest("p1", a_listing(begun_at=listed_at), Observation(5.0, SEEN), after=NEVER, read_lag=1.0)
    assert (found is not None) is stands


def test_a_direct_not_found_stands_beside_a_listing_that_agrees() -> None:
    gone = Observation(5.0, None)
    assert newest("p1", a_listing(begun_at=9.0), gone, after=NEVER, read_lag=1.0) is gone


def test_a_listing_is_indexed_by_id_name_and_mark_oldest_first() -> None:
    young = a_remote("p1", mark=mark_of())
    old = a_remote("p2", mark=mark_of(), creation_time=None)
    listing = a_listing(young, old, a_remote("p3", name="other"))
    assert listing.of_mark(mark_of()) == (old, young)
    assert listing.by_name["web"] == (old, young)
    assert set(listing.by_id) == {"p1", "p2", "p3"}
    assert listing.of_mark("") == ()
