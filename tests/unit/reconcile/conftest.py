"""Every decision in every story is held against what all decisions keep."""

from collections.abc import Iterator

import pytest
from sound_decisions import unsound

from project_operator.reconcile.actions import Action
from project_operator.reconcile.decide import decide
from project_operator.reconcile.view import View
from project_operator.runtime import projects


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
