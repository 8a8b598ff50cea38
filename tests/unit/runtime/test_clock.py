import time

import pytest

from project_operator.runtime.clock import SystemClock, timestamp


def test_the_systems_clocks_are_read() -> None:
    clock = SystemClock()
    before, wall = clock.now(), time.time()
    assert clock.now() >= before
    assert clock.wall() >= wall


def asked_of(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Which clocks of the host are read."""
    asked: list[int] = []

    def read(clock: int) -> float:
        asked.append(clock)
        return 1.0

    monkeypatch.setattr(time, "clock_gettime", read)
    return asked


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="a clock of Linux")
def test_the_clock_counts_through_a_suspend(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = asked_of(monkeypatch)
    SystemClock().now()
    assert asked == [time.CLOCK_BOOTTIME]


def test_without_that_clock_the_monotonic_one_serves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(time, "CLOCK_BOOTTIME", raising=False)
    asked = asked_of(monkeypatch)
    SystemClock().now()
    assert asked == [time.CLOCK_MONOTONIC]


def test_tokens_never_repeat_and_dice_stay_in_range() -> None:
    clock = SystemClock()
    assert len({clock.token() for _ in range(1000)}) == 1000
    assert all(0.0 <= clock.jitter() < 1.0 for _ in range(100))


def test_status_shows_whole_seconds_in_utc() -> None:
    assert timestamp(1.9).isoformat() == "1970-01-01T00:00:01+00:00"
