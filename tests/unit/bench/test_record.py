import pytest

from bench.record import percentile


@pytest.mark.parametrize(
    ("values", "share", "found"),
    [([3.0, 1.0, 2.0], 0.5, 2.0), ([1.0], 0.95, 1.0), (list(map(float, range(1, 101))), 0.95, 95.0)],
)
def test_a_percentile_is_a_value_that_was_measured(values: list[float], share: float, found: float) -> None:
    assert percentile(values, share) == found
