import io

import pytest

from project_operator.sandbox.controlplane.report import Report, duration


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_without_a_terminal_progress_is_a_line_every_ten_seconds() -> None:
    stream, clock = io.StringIO(), Clock()
    report = Report(stream, clock=clock)
    for second in range(35):
        clock.now = float(second)
        report.progress(f"at {second}")
    assert stream.getvalue().split() == ["at", "10", "at", "20", "at", "30"]


def test_on_a_terminal_progress_rewrites_its_line_and_lines_after_it_start_afresh() -> None:
    stream = Terminal()
    report = Report(stream, clock=Clock())
    report.progress("one")
    report.progress("two")
    report.say("done")
    assert stream.getvalue() == "\r\033[K    one\r\033[K    two\ndone\n"


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (245, "4 min 05 s")])
def test_durations_read_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text
