"""Which of what carries our mark is ours: the table of R8, row by row."""

from datetime import timedelta

import pytest
from simulation.views import NOW, WALL, a_backend, a_listing, a_project, a_remote, a_view, mark_of

from project_operator.api.names import FINALIZER
from project_operator.reconcile import adoption, carriers
from project_operator.reconcile.actions import WriteStatus
from project_operator.reconcile.carriers import Past, is_ours

ALWAYS, ALONE, NEVER = (True, True), (True, False), (False, False)
"""Where nothing else carries the mark, and where something does."""


@pytest.mark.parametrize(
    ("made_by", "principal", "none_named", "named", "beside_named", "condemned"),
    [
        pytest.param("robot", "robot", ALWAYS, ALWAYS, ALWAYS, ALWAYS, id="by us"),
        pytest.param("", "robot", ALONE, ALWAYS, NEVER, NEVER, id="the backend does not tell"),
        pytest.param("", "", ALONE, ALWAYS, NEVER, NEVER, id="nor who we are"),
        pytest.param("somebody", "robot", ALONE, ALWAYS, NEVER, NEVER, id="by somebody else"),
        pytest.param("somebody", "", ALONE, ALWAYS, NEVER, NEVER, id="by whom we may be or not"),
    ],
)
def test_the_maker_counts_and_a_copy_needs_an_original(
    *,
    made_by: str,
    principal: str,
    none_named: tuple[bool, bool],
    named: tuple[bool, bool],
    beside_named: tuple[bool, bool],
    condemned: tuple[bool, bool],
) -> None:
    project, nothing = a_remote("p1", created_by=made_by), frozenset[str]()
    for wanted, past in (
        (none_named, Past(principal)),
        (named, Past(principal, frozenset({"p1"}))),
        (beside_named, Past(principal, frozenset({"p0"}), current="p0")),
        (condemned, Past(principal, nothing, frozenset({"p1"}))),
    ):
        assert (is_ours(project, past, alone=True), is_ours(project, past, alone=False)) == wanted, past


@pytest.mark.parametrize(("unsent", "alone", "ours"), [(False, True, True), (False, False, False), (True, True, False)])
def test_where_nobody_tells_the_maker_a_loss_makes_ours_only_what_a_creation_may_have_made(
    *, unsent: bool, alone: bool, ours: bool
) -> None:
    assert is_ours(a_remote("p1"), Past("robot", frozenset({"p0"}), unsent=unsent), alone=alone) is ours


def test_beside_what_our_credential_made_what_nobody_tells_the_maker_of_is_not_ours() -> None:
    older = a_remote("p1", mark=mark_of())
    younger = a_remote("p2", mark=mark_of(), created_by="robot", creation_time=WALL + timedelta(seconds=1))
    backend = a_backend(listing=a_listing(older, younger))
    assert carriers.ours(a_view(backend=backend), backend, (older, younger)) == [younger]


@pytest.mark.parametrize("field", ["condemned", "goneIDs"])
def test_what_has_a_history_is_not_imported_by_its_name_either(field: str) -> None:
    project = a_project(
        spec={"import": {"byName": "IfPresent"}}, status={field: ["p1"], "attempt": "t0"}, finalizers=[FINALIZER]
    )
    wish = project.spec.import_
    assert wish is not None
    backend = a_backend(listing=a_listing(a_remote("p1", mark=mark_of())))
    view = a_view(project, backend, memory={"record_since": NOW - 1.0})
    action = adoption.decide(view, backend, wish)
    assert not (isinstance(action, WriteStatus) and action.status.id)
