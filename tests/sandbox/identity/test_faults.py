"""Which requests a fault strikes."""

import pytest
from pydantic import ValidationError

from project_operator.sandbox.identity.faults import Fault, FaultAction, FaultBook, FaultPhase

PATH = "/api/v1/organizations/o/projects"


def struck(
    book: FaultBook, requests: int, operation: str = "createProject", method: str = "POST", path: str = PATH
) -> list[bool]:
    return [bool(book.select(operation, method, path)) for _ in range(requests)]


def test_a_fault_strikes_once_unless_told_otherwise() -> None:
    book = FaultBook()
    book.add(Fault(action=FaultAction.DROP))
    assert struck(book, 3) == [True, False, False]


def test_a_fault_strikes_from_the_nth_match_on_and_so_often() -> None:
    book = FaultBook()
    book.add(Fault(action=FaultAction.DROP, operation="createProject", nth=2, count=2))
    assert struck(book, 1, operation="listProjects", method="GET") == [False]
    assert struck(book, 5) == [False, True, True, False, False]


def test_a_fault_without_a_count_strikes_until_it_is_removed() -> None:
    book = FaultBook()
    fault_id = book.add(Fault(action=FaultAction.DROP, count=None))
    assert struck(book, 3) == [True, True, True]
    assert book.remove(fault_id)
    assert struck(book, 1) == [False]
    assert not book.remove(fault_id)


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ({"method": "post"}, True),
        ({"method": "GET"}, False),
        ({"operation": "*Project"}, True),
        ({"operation": "listProjects"}, False),
        ({"path": "*/projects"}, True),
        ({"path": "*/projects/*"}, False),
        ({"method": "POST", "path": "*/groups"}, False),
    ],
)
def test_a_fault_selects_by_operation_method_and_path(selector: dict[str, str], expected: bool) -> None:  # noqa: FBT001 - a column
    book = FaultBook()
    book.add(Fault.model_validate({"action": "drop", **selector}))
    assert struck(book, 1) == [expected]


def test_faults_strike_together_in_the_order_they_were_added() -> None:
    book = FaultBook()
    first = book.add(Fault(action=FaultAction.DELAY, seconds=1))
    second = book.add(Fault(action=FaultAction.DROP, nth=2))
    assert [fault_id for fault_id, _ in book.select("createProject", "POST", PATH)] == [first]
    assert [fault_id for fault_id, _ in book.select("createProject", "POST", PATH)] == [second]
    assert [(state.matched, state.hit) for state in book.state()] == [(2, 1), (2, 1)]


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"action": "explode"}, "action"),
        ({"action": "drop", "nth": 0}, "nth"),
        ({"action": "drop", "colour": "red"}, "colour"),
        ({"action": "delay"}, "delay needs seconds"),
        ({"action": "listWithout"}, "listWithout needs ids"),
        ({"action": "emptyBody", "phase": "beforeCommit"}, "phase must be afterCommit"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(fields: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        Fault.model_validate(fields)


def test_faults_strike_after_the_commit_unless_told_otherwise() -> None:
    assert Fault(action=FaultAction.DROP).phase is FaultPhase.AFTER_COMMIT
