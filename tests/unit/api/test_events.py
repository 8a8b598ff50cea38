"""Reasons of Events: a closed set, and nothing else is posted."""

import ast
import re
from pathlib import Path

import pytest

from project_operator.api.conditions import Reason
from project_operator.api.events import WITHOUT_EVENT, EventReason, event_reason
from project_operator.kube.events import WORD_LIMIT

PACKAGE = Path(__file__).parents[3] / "operator" / "project_operator"
PASCAL_CASE = re.compile(r"([A-Z][a-z]+)+")
SHARED = {str(reason) for reason in Reason}


@pytest.mark.parametrize("reason", EventReason)
def test_reads_as_kubernetes_reasons_do(reason: EventReason) -> None:
    assert PASCAL_CASE.fullmatch(reason)
    assert len(reason) <= WORD_LIMIT
    assert reason.name == re.sub(r"(?<!^)(?=[A-Z])", "_", reason).upper()
    assert f"{reason}" == reason.value


@pytest.mark.parametrize("reason", EventReason)
def test_says_what_is_the_case_and_what_to_do(reason: EventReason) -> None:
    for sentence in (reason.meaning, reason.remedy):
        assert re.fullmatch(r"[A-Z`'].*\.", sentence), sentence
        assert len(sentence) <= 160


@pytest.mark.parametrize("reason", Reason)
def test_each_outcome_has_an_event_and_progress_has_none(reason: Reason) -> None:
    worth = event_reason(reason)
    if reason in WITHOUT_EVENT:
        assert worth is None
        assert str(reason) not in {str(event) for event in EventReason}
    else:
        assert worth is not None
        assert (str(worth), worth.meaning, worth.remedy) == (str(reason), reason.meaning, reason.remedy)


def test_whoever_must_act_is_warned() -> None:
    quiet = {reason for reason in Reason if reason.stalled and EventReason(reason).type == "Normal"}
    assert quiet == {Reason.PLANNED}


def used(name: str, modules: list[ast.Module]) -> set[str]:
    """Members of an enum that modules name."""
    return {
        node.attr
        for module in modules
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == name
    }


def test_no_reason_is_never_given() -> None:
    places = [path for path in PACKAGE.rglob("*.py") if path.parent.name not in {"api", "demo"}]
    modules = [ast.parse(text) for path in places if "Reason." in (text := path.read_text(encoding="utf-8"))]
    assert {reason.name for reason in Reason} - used("Reason", modules) == set()
    assert {reason.name for reason in EventReason if reason not in SHARED} - used("EventReason", modules) == set()


def test_events_are_posted_in_one_place() -> None:
    """Whose `publish` takes an `EventReason`, as the type checker sees to."""
    importing = re.compile(r"^from project_operator\.kube\.resources import (\(.*?\)|.*?$)", re.DOTALL | re.MULTILINE)
    posting = [
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        for imported in importing.findall(path.read_text(encoding="utf-8"))
        if re.search(r"\bEVENTS\b", imported)
    ]
    assert posting == ["kube/events.py"]
