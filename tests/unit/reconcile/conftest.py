"""Every decision in every story is held against what all decisions keep."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from hypothesis import is_hypothesis_test
from sound_decisions import unsound

from project_operator.reconcile.actions import Action
from project_operator.reconcile.decide import decide
from project_operator.reconcile.view import View
from project_operator.runtime import projects

HERE: Final = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Drawn examples reach no branch that the tables do not, and tracing makes them take twice as long."""
    for item in items:
        if item.path.is_relative_to(HERE) and is_hypothesis_test(getattr(item, "function", None)):
            item.add_marker(pytest.mark.no_cover)


@pytest.fixture(autouse=True)
def _decisions_are_sound(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Said at the end: an operator takes an error of its own for a reason to try again."""
    broken: list[str] = []

    def watched(view: View) -> Action:
        action = decide(view)
        broken.extend(f"{action}: {what}" for what in unsound(view, action))
        return action

    monkeypatch.setattr(projects, "decide", watched)
    yield
    assert not broken, broken[0]
