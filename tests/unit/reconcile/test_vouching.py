"""When nobody but a person can tell whether a creation took effect."""

from dataclasses import replace
from typing import Any

import pytest
from simulation.views import UID, a_backend, a_project, a_view

from project_operator.api.names import FINALIZER, REPEAT_CREATION_ANNOTATION
from project_operator.reconcile import vouching
from project_operator.reconcile.view import Abilities, View

UNABLE = a_backend(abilities=Abilities(repeats_creation=False))


def a_record(*, spec: Any = None, attempt: str = "", annotation: str = "", **status: Any) -> View:
    """A finalizer and no id."""
    annotations = {REPEAT_CREATION_ANNOTATION: annotation} if annotation else {}
    return a_view(
        a_project(
            spec=spec,
            status={"attempt": attempt or None, **status},
            finalizers=[FINALIZER],
            annotations=annotations,
        ),
        UNABLE,
    )


@pytest.mark.parametrize(
    ("view", "needed"),
    [
        pytest.param(a_record(), True, id="the first creation may have been sent"),
        pytest.param(a_record(operation={"type": "Create", "state": "Pending"}), True, id="it was announced"),
        pytest.param(a_record(annotation=UID), False, id="somebody vouches for the first"),
        pytest.param(a_record(attempt="t7", annotation="t7"), False, id="somebody vouches for the second"),
        pytest.param(a_record(attempt="t7", annotation=UID), True, id="somebody vouched for the first alone"),
        pytest.param(a_record(annotation="true"), True, id="somebody says something else"),
        pytest.param(
            a_record(attempt="t7", operation={"type": "Delete", "state": "Waiting"}),
            False,
            id="the record was begun for a creation not sent yet",
        ),
        pytest.param(a_record(spec={"import": {"id": "p1"}}), False, id="import by id"),
        pytest.param(a_record(spec={"import": {"byName": "Required"}}), False, id="import by name"),
        pytest.param(a_record(spec={"import": {"byName": "IfPresent"}}), True, id="import, or else a creation"),
    ],
)
def test_a_person_is_needed(view: View, needed: bool) -> None:  # noqa: FBT001 - a column of the table
    assert vouching.is_needed(view, UNABLE) is needed
    assert not vouching.is_needed(view, a_backend())


def test_nobody_is_needed_for_what_never_left() -> None:
    view = a_record()
    unsent = replace(view, memory=replace(view.memory, unsent_record=view.record))
    assert not vouching.is_needed(unsent, UNABLE)
