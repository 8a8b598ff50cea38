import json
from typing import Any

import pytest
from simulation.views import a_backend, a_project, a_view

from project_operator.api.conditions import Reason
from project_operator.api.names import BACKEND_ANNOTATION, FINALIZER
from project_operator.backends.base import UnsupportedField
from project_operator.reconcile.policies import (
    BEFORE_ACTING,
    BEFORE_REMOVING,
    backend_annotation,
    first_verdict,
    reads_only,
)
from project_operator.reconcile.view import Verdict, View

MADE = {"backendRef": {"kind": "IdentityBackend", "name": "default", "uid": "b1"}, "endpointID": "e1"}
TOO_LONG = a_backend(unsupported=lambda _: (UnsupportedField("spec.name", "at most 63 characters"),))
NOT_READY = a_backend(not_ready=Verdict(Reason.CREDENTIALS_REJECTED, "401"))
ABSENT = Verdict(Reason.BACKEND_NOT_FOUND, "not there")


def held_by(annotation: str | None) -> Any:
    return a_project(finalizers=[FINALIZER], annotations={BACKEND_ANNOTATION: annotation} if annotation else {})


@pytest.mark.parametrize(
    ("view", "reason", "words"),
    [
        pytest.param(a_view(), None, "", id="nothing stands in the way"),
        pytest.param(
            a_view(invalid="`spec.tags`: …"), Reason.INVALID_SPEC, "spec.tags", id="a spec that does not parse"
        ),
        pytest.param(a_view(backend=ABSENT), Reason.BACKEND_NOT_FOUND, "not there", id="no backend"),
        pytest.param(a_view(backend=TOO_LONG), Reason.UNSUPPORTED, "`spec.name`: at most", id="a field it cannot hold"),
        pytest.param(a_view(backend=NOT_READY), Reason.BACKEND_NOT_READY, "CredentialsRejected", id="not ready"),
        pytest.param(a_view(a_project(status=MADE)), None, "", id="made here"),
        pytest.param(
            a_view(a_project(status=MADE), a_backend(uid="b2")), Reason.BACKEND_CHANGED, "uid b1", id="another object"
        ),
        pytest.param(
            a_view(a_project(status=MADE), a_backend(endpoint_id="e2")),
            Reason.BACKEND_CHANGED,
            "spec.import.id",
            id="another place",
        ),
        pytest.param(a_view(held_by(backend_annotation(a_backend()))), None, "", id="intended here"),
        pytest.param(
            a_view(held_by(backend_annotation(a_backend(uid="b0")))), Reason.BACKEND_CHANGED, "uid b0", id="elsewhere"
        ),
        pytest.param(a_view(held_by(None)), Reason.BACKEND_CHANGED, "unknown", id="intended nobody knows where"),
        pytest.param(a_view(held_by("[1]")), Reason.BACKEND_CHANGED, "unknown", id="a torn annotation"),
    ],
)
def test_the_first_check_that_fails_is_what_the_user_is_told(view: View, reason: Reason | None, words: str) -> None:
    verdict = first_verdict(view, BEFORE_ACTING)
    assert (verdict.reason if verdict else None) is reason
    assert words in (verdict.message if verdict else "")


def test_a_spec_that_does_not_fit_is_told_before_an_outage() -> None:
    both = a_backend(unsupported=TOO_LONG.unsupported, not_ready=NOT_READY.not_ready)
    verdict = first_verdict(a_view(backend=both), BEFORE_ACTING)
    assert verdict is not None
    assert verdict.reason is Reason.UNSUPPORTED


@pytest.mark.parametrize("view", [a_view(invalid="…"), a_view(backend=TOO_LONG)])
def test_a_removal_does_not_care_what_the_backend_could_hold(view: View) -> None:
    assert first_verdict(view, BEFORE_REMOVING) is None


def test_the_record_of_intent_carries_its_backend() -> None:
    assert json.loads(backend_annotation(a_backend())) == {
        "kind": "IdentityBackend",
        "name": "default",
        "uid": "b1",
        "endpointID": "e1",
    }


def test_observe_alone_reads_only() -> None:
    policies = ("Manage", "ReportDrift", "Observe")
    asked = [a_view(a_project(spec={"managementPolicy": policy})) for policy in policies]
    assert [reads_only(view) for view in asked] == [False, False, True]
