import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_operator.reconcile.record import Record, Right, Timing

RIGHT = Right(asked_at=100.0, asked_wall=5000.0, record=Record("u", finalizer=True, attempt="", id=""))
TIMING = Timing(send_validity=5.0, in_flight_bound=60.0, read_lag=10.0)


@pytest.mark.parametrize(
    ("now", "wall", "holds"),
    [
        pytest.param(100.0, 5000.0, True, id="at once"),
        pytest.param(105.0, 5005.0, True, id="to the last moment"),
        pytest.param(105.1, 5005.1, False, id="too late"),
        pytest.param(99.9, 4999.9, False, id="a monotonic clock that went back"),
        pytest.param(101.0, 5003.1, False, id="the wall clock jumped ahead: suspended meanwhile"),
        pytest.param(103.0, 5000.9, False, id="the wall clock was set back"),
        pytest.param(101.0, 5002.9, True, id="a small correction"),
    ],
)
def test_a_right_holds_while_it_is_fresh_by_both_clocks(now: float, wall: float, holds: bool) -> None:  # noqa: FBT001 - a column
    assert RIGHT.holds(now=now, wall=wall, timing=TIMING) is holds


@given(*(st.floats(0, 10_000) for _ in range(3)))
def test_the_quarantine_is_strictly_longer_than_validity_flight_and_lag(sent: float, flight: float, lag: float) -> None:
    timing = Timing(send_validity=sent, in_flight_bound=flight, read_lag=lag)
    assert timing.quarantine > sent + flight + lag
