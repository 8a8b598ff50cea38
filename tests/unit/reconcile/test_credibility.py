import pytest

from project_operator.reconcile.credibility import Census, in_the_way, judge

FIFTY = frozenset(f"p{number}" for number in range(50))


def without(count: int) -> frozenset[str]:
    return frozenset(sorted(FIFTY)[count:])


def test_a_listing_that_shows_every_named_id_is_credible() -> None:
    judgement = judge(Census(named=FIFTY), FIFTY | {"theirs"}, begun_at=0.0, may_read=True)
    assert judgement.credible
    assert (judgement.missing, judgement.suspicious) == (frozenset(), 0)


def test_without_the_right_to_read_nothing_is_credible() -> None:
    assert not judge(Census(), frozenset(), begun_at=0.0, may_read=False).credible


def test_a_missing_id_makes_it_a_failed_look_until_it_is_confirmed_gone() -> None:
    assert judge(Census(named=FIFTY), without(1), begun_at=0.0, may_read=True).missing == FIFTY - without(1)
    gone = Census(named=FIFTY, confirmed_gone=FIFTY - without(1))
    assert judge(gone, without(1), begun_at=0.0, may_read=True).credible


@pytest.mark.parametrize(("begun_at", "missing"), [(9.0, 0), (12.0, 0), (12.1, 1)])
def test_a_listing_older_than_a_creation_cannot_show_it(begun_at: float, missing: int) -> None:
    census = Census(named={"p1"}, named_at={"p1": 10.0}, read_lag=2.0)
    assert len(judge(census, frozenset(), begun_at=begun_at, may_read=True).missing) == missing


@pytest.mark.parametrize(
    ("named", "vanished", "suspicious"),
    [(50, 5, 0), (50, 6, 6), (10, 3, 0), (10, 4, 4), (3, 3, 0), (31, 4, 0), (31, 5, 5)],
)
def test_more_than_three_and_a_tenth_at_once_is_not_believed(named: int, vanished: int, suspicious: int) -> None:
    ids = frozenset(sorted(FIFTY)[:named])
    shown = frozenset(sorted(ids)[vanished:])
    assert judge(Census(named=ids), shown, begun_at=0.0, may_read=True).suspicious == suspicious


def test_those_that_are_being_deleted_or_reported_missing_are_no_surprise() -> None:
    expected = FIFTY - without(20)
    judgement = judge(Census(named=FIFTY, expected=expected), without(20), begun_at=0.0, may_read=True)
    assert judgement.suspicious == 0
    assert not judgement.credible


def test_a_person_may_accept_as_many_as_vanished_and_no_more() -> None:
    assert judge(Census(named=FIFTY, accepted=20), without(20), begun_at=0.0, may_read=True).suspicious == 0
    assert judge(Census(named=FIFTY, accepted=20), without(21), begun_at=0.0, may_read=True).suspicious == 21


@pytest.mark.parametrize(
    ("in_doubt", "told"),
    [
        (("p1",), "p1"),
        (("p1", "p2", "p3"), "p1, p2, p3"),
        (("p1", "p2", "p3", "p4", "p5"), "p1, p2, p3 and 2 more"),
    ],
)
def test_what_is_in_the_way_is_named_and_whom_to_ask(in_doubt: tuple[str, ...], told: str) -> None:
    assert in_the_way(in_doubt) == (
        "the backend's listing lacks what Projects name, and a read of its id does not say that it is gone: "
        f"{told}; check the rights of the credential, the operator's log has the answer"
    )


def test_nothing_in_doubt_is_in_no_way() -> None:
    assert in_the_way(()) == ""
