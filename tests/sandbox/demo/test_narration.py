import io

import pytest
from rich.console import Console

from project_operator.sandbox.demo.narration import Narration


def narration(*times: float) -> tuple[Narration, io.StringIO]:
    stream, clock = io.StringIO(), iter(times)
    return Narration(Console(file=stream, width=40), clock=lambda: next(clock)), stream


def test_steps_are_numbered_and_timed() -> None:
    told, stream = narration(0.0, 1.25, 10.0, 12.0)
    with told.step("First"):
        told.command("kubectl get iproj")
    with told.step("Second"):
        told.say("one\ntwo")
    told.summary()
    assert stream.getvalue().splitlines() == [
        "",
        "1. First",
        "   $ kubectl get iproj",
        "   1.2 s",
        "",
        "2. Second",
        "   one",
        "   two",
        "   2.0 s",
        "   First     1.2 s",
        "   Second    2.0 s",
        "   all       3.2 s",
    ]


def test_a_step_that_fails_has_no_time() -> None:
    told, _ = narration(0.0)
    with pytest.raises(ValueError, match="no"), told.step("First"):
        raise ValueError("no")
    assert told.times == []


def test_lines_are_neither_wrapped_nor_taken_for_markup() -> None:
    told, stream = narration()
    told.say("[bold]" + "x" * 100 + "[/bold]")
    assert stream.getvalue() == "   [bold]" + "x" * 100 + "[/bold]\n"
