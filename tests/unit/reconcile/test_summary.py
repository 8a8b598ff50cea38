from collections.abc import Iterable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulation.views import WALL, a_backend, a_project, a_remote, a_view

from project_operator.api.conditions import Reason
from project_operator.api.names import RECONCILE_ANNOTATION
from project_operator.api.v1alpha1.project_status import ProjectStatus
from project_operator.api.v1alpha1.types import Condition
from project_operator.backends.base import ProjectContent, Tag
from project_operator.reconcile.content import MARK_FIELD, Difference
from project_operator.reconcile.outcome import Outcome, Standing, done, held, working
from project_operator.reconcile.summary import conditions, drift, mirrored, notice, status
from project_operator.reconcile.view import Verdict

LATER = WALL + timedelta(minutes=5)
outcomes = st.builds(Outcome, st.sampled_from(Standing), st.sampled_from(Reason), st.text("ab", max_size=3))


def rows(found: Iterable[Condition]) -> list[tuple[str, str, str]]:
    return [(one.type, one.status, one.reason) for one in found]


# The rows of the table in docs/reference/reasons.md, as kstatus, Argo CD and `kubectl wait` read them.
@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        pytest.param(
            working("…"),
            [("Ready", "Unknown", "Progressing"), ("Reconciling", "True", "Progressing")],
            id="working",
        ),
        pytest.param(
            held(Reason.BACKEND_UNAVAILABLE, "…"),
            [("Ready", "False", "BackendUnavailable"), ("Reconciling", "True", "ProgressingWithRetry")],
            id="transient failure",
        ),
        pytest.param(
            held(Reason.BACKEND_NOT_READY, "…"),
            [("Ready", "False", "BackendNotReady"), ("Reconciling", "True", "ProgressingWithRetry")],
            id="waiting for another object",
        ),
        pytest.param(
            held(Reason.MISSING, "…"),
            [("Ready", "False", "Missing"), ("Stalled", "True", "Missing")],
            id="a person must act",
        ),
        pytest.param(done("…"), [("Ready", "True", "Succeeded")], id="done"),
        pytest.param(done("…", Reason.DRIFTED), [("Ready", "True", "Drifted")], id="done, with differences left"),
    ],
)
def test_conditions_are_the_rows_of_the_table(outcome: Outcome, expected: list[tuple[str, str, str]]) -> None:
    found = conditions(outcome, (), generation=3, now=WALL)
    assert rows(found) == expected
    assert {one.observed_generation for one in found} == {3}
    assert {one.last_transition_time for one in found} == {WALL}


@given(st.lists(outcomes, min_size=1, max_size=6))
def test_ready_is_always_there_and_the_other_two_never_together(history: list[Outcome]) -> None:
    found: tuple[Condition, ...] = ()
    for outcome in history:
        found = conditions(outcome, found, generation=1, now=WALL)
        types = [one.type for one in found]
        assert types[0] == "Ready"
        assert set(types[1:]) in (set(), {"Reconciling"}, {"Stalled"})
        assert all(one.status == "True" for one in found[1:])


def test_a_transition_time_moves_only_when_that_status_does() -> None:
    before = conditions(held(Reason.THROTTLED, "one"), (), generation=1, now=WALL)
    same = conditions(held(Reason.BACKEND_UNAVAILABLE, "two"), before, generation=2, now=LATER)
    assert [one.last_transition_time for one in same] == [WALL, WALL]
    stalled = conditions(held(Reason.MISSING, "three"), same, generation=2, now=LATER)
    assert [(one.type, one.last_transition_time) for one in stalled] == [("Ready", WALL), ("Stalled", LATER)]
    ready = conditions(done("four"), stalled, generation=2, now=LATER)
    assert [one.last_transition_time for one in ready] == [LATER]


def test_what_is_not_said_anew_stays_and_the_id_above_all() -> None:
    view = a_view(
        a_project(status={"id": "p1", "goneIDs": ["p0"], "operation": {"type": "Update", "state": "Pending"}})
    )
    after = status(view, working("…"))
    assert (after.id, after.gone_ids) == ("p1", ("p0",))
    assert after.operation is not None
    assert status(view, done("…"), operation=None).operation is None


def test_what_was_seen_is_mirrored() -> None:
    seen = a_remote(content=ProjectContent("web", "shop", (Tag("a", "1"),), ("g1",)), raw_status={"x": "y"})
    facts = mirrored(seen)
    assert (facts["name"], facts["provisioning_status"], facts["health_status"]) == ("web", "provisioned", "healthy")
    assert facts["observed"].model_dump(mode="json", by_alias=True, exclude_none=True) == {
        "name": "web",
        "description": "shop",
        "tags": [{"name": "a", "value": "1"}],
        "groupIDs": ["g1"],
        "creationTime": "2026-01-02T03:04:05Z",
        "raw": {"x": "y"},
    }


@pytest.mark.parametrize(
    ("spec", "policy", "source"),
    [({}, "Orphan", "IdentityBackend"), ({"deletionPolicy": "Delete"}, "Delete", "Project")],
)
def test_the_deletion_policy_in_force_is_told_with_its_source(spec: dict[str, str], policy: str, source: str) -> None:
    backend = a_backend(default_deletion_policy="Orphan", deletion_policy_source="IdentityBackend")
    told = status(a_view(a_project(spec=spec), backend), working("…")).deletion_policy
    assert told is not None
    assert (told.policy, told.source) == (policy, source)


def test_without_a_backend_nothing_is_told_about_the_policy() -> None:
    view = a_view(backend=Verdict(Reason.BACKEND_NOT_FOUND, "…"))
    assert status(view, working("…")).deletion_policy is None


def test_a_request_to_look_again_is_echoed_once_it_is_served() -> None:
    project = a_project(annotations={RECONCILE_ANNOTATION: "monday"}, status={"lastHandledReconcileAt": "sunday"})
    assert status(a_view(project), working("…")).last_handled_reconcile_at == "sunday"
    served = a_view(project, memory={"reconcile_asked": ("monday", 1.0)})
    assert status(served, working("…")).last_handled_reconcile_at == "monday"


def test_a_difference_keeps_its_since_and_the_mark_is_not_shown() -> None:
    earlier = "2026-01-01T00:00:00Z"
    known = [{"field": "name", "desired": "a", "observed": "b", "since": earlier}]
    view = a_view(a_project(status={"drift": known}))
    found = drift(view, [Difference("name", "a", "b"), Difference("tags", "x=1", ""), Difference(MARK_FIELD, "m", "")])
    assert [one.model_dump(mode="json", by_alias=True) for one in found] == [
        *known,
        known[0] | {"field": "tags", "desired": "x=1", "observed": "", "since": "2026-01-02T03:04:05Z"},
    ]


@pytest.mark.parametrize(
    ("before", "after", "warning"),
    [
        pytest.param(None, working("…"), None, id="progress is not worth an Event"),
        pytest.param(None, done("…"), False, id="the first success is"),
        pytest.param(done("…"), done("other words"), None, id="the same outcome is not"),
        pytest.param(done("…"), held(Reason.MISSING, "…"), True, id="a failure warns"),
        pytest.param(held(Reason.MISSING, "…"), held(Reason.CONFLICT, "…"), True, id="another failure too"),
    ],
)
def test_an_event_is_made_of_a_new_outcome_alone(
    before: Outcome | None,
    after: Outcome,
    warning: bool | None,  # noqa: FBT001 - a column
) -> None:
    old = ProjectStatus() if before is None else status(a_view(), before)
    view = a_view(a_project(status=old.to_wire()))
    made = notice(view, status(view, after))
    assert (made.warning if made is not None else None) == warning
