"""One listener's failure is not another's."""

import pytest

from project_operator.observability.hooks import EventFinished, FanOut, Happening


class Listener:
    def __init__(self, failure: Exception | None = None) -> None:
        self.heard: list[Happening] = []
        self.failure = failure

    def emit(self, happening: Happening, /) -> None:
        self.heard.append(happening)
        if self.failure is not None:
            raise self.failure


def test_everybody_hears_though_one_fails(caplog: pytest.LogCaptureFixture) -> None:
    first, second = Listener(RuntimeError("a defect")), Listener()
    happening = EventFinished("written")

    FanOut(first, second).emit(happening)

    assert first.heard == second.heard == [happening]
    assert "a listener failed on EventFinished" in caplog.text


def test_nobody_need_listen() -> None:
    FanOut().emit(EventFinished("written"))
