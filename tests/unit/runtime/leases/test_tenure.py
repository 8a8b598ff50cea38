"""When a replica may act."""

import pytest

from project_operator.runtime.leases.tenure import Asked, Pace, Tenure

PACE = Pace(12)
THEN = Asked(1000.0, 5000.0)


def test_all_times_follow_from_one() -> None:
    assert (PACE.hold, PACE.renew, PACE.look, PACE.patience) == pytest.approx((8.0, 2.4, 1.0, 2.0))


@pytest.mark.parametrize(
    ("after", "wall_after", "holds"),
    [
        (0.0, 0.0, True),
        (8.0, 8.0, True),
        (8.1, 8.1, False),
        (-0.1, -0.1, False),
        (4.0, 6.0, True),
        (4.0, 6.1, False),
        (4.0, 1.9, False),
        (1.0, 3600.0, False),
    ],
)
def test_both_clocks_have_to_agree(*, after: float, wall_after: float, holds: bool) -> None:
    now, wall = THEN.at + after, THEN.wall + wall_after
    assert THEN.holds(now=now, wall=wall, within=PACE.hold) is holds


@pytest.mark.parametrize(
    ("renewed", "shown", "holds"), [(0.0, 0.0, True), (8.5, 0.0, False), (0.0, 8.5, False), (None, 0.0, False)]
)
def test_it_takes_a_renewal_and_a_look(*, renewed: float | None, shown: float, holds: bool) -> None:
    def ago(seconds: float) -> Asked:
        return Asked(THEN.at - seconds, THEN.wall - seconds)

    tenure = Tenure().showing({"b1": ago(shown)})
    if renewed is not None:
        tenure = tenure.renewed_at(ago(renewed))
    assert tenure.holds("b1", now=THEN.at, wall=THEN.wall, pace=PACE) is holds
    assert not tenure.holds("b2", now=THEN.at, wall=THEN.wall, pace=PACE)


def test_a_unit_comes_and_goes() -> None:
    tenure = Tenure(renewed=THEN).with_unit("b1", THEN).with_unit("b2", THEN).without_unit("b1")
    assert set(tenure.shown) == {"b2"}
    assert tenure.showing({}).shown == {}
