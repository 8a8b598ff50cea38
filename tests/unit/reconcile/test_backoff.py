import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_operator.reconcile.backoff import BASE, CAP, delay


@pytest.mark.parametrize(
    ("failures", "longest"), [(1, 1.0), (2, 2.0), (5, 16.0), (9, 256.0), (10, 300.0), (10**6, 300.0)]
)
def test_it_doubles_up_to_the_cap(failures: int, longest: float) -> None:
    assert delay(failures, jitter=1.0) == longest


@given(st.integers(1, 100), st.floats(0, 1, exclude_max=True), st.none() | st.floats(0, 10_000))
def test_it_is_never_shorter_than_asked_for_nor_nothing(
    failures: int, jitter: float, retry_after: float | None
) -> None:
    pause = delay(failures, jitter=jitter, retry_after=retry_after)
    assert pause >= max(BASE / 10, retry_after or 0.0)
    assert pause <= max(CAP, retry_after or 0.0)


def test_the_dice_spread_it() -> None:
    assert delay(4, jitter=0.0) < delay(4, jitter=0.5) < delay(4, jitter=0.9)
