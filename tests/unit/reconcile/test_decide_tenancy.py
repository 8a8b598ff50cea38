"""What a decision makes of the rules for tenants."""

from dataclasses import replace
from typing import Any

import pytest
from simulation.tenants import ELSEWHERE, FINALIZED, MADE, ROLES, group, rules, said, tenant_view
from simulation.views import NOW, a_backend, a_listing, a_project, a_remote, a_view, mark_of
from sound_decisions import decide

from project_operator.api.conditions import Reason
from project_operator.api.names import BACKEND_ANNOTATION
from project_operator.reconcile import actions as act
from project_operator.reconcile.policies import backend_annotation
from project_operator.reconcile.tenancy import Tenancy
from project_operator.reconcile.view import Roles, Verdict

NOT_READY = Verdict(Reason.SECRET_NOT_FOUND, "Secret 'token' in namespace 'identity' is not there")


def test_nothing_is_begun_for_what_is_not_allowed() -> None:
    rest = decide(tenant_view(rules(), {"import": {"id": "p9"}}))
    assert isinstance(rest, act.Rest)
    assert rest.status is not None
    ready = rest.status.conditions[0]
    assert ready.reason == Reason.NOT_PERMITTED
    assert ready.message == (
        "`spec.import` is not permitted by ClusterIdentityBackend 'cloud': `tenancy.import` is 'Forbidden'"
    )


def test_roles_are_judged_as_soon_as_they_are_known() -> None:
    roles = Roles(NOW - 1, ROLES)
    rest = decide(tenant_view(rules(), group({"id": "r2"}), backend={"roles": roles}))
    assert isinstance(rest, act.Rest)
    assert rest.status is not None
    assert "the role 'admin' is not among" in rest.status.conditions[0].message


def test_an_edit_that_is_not_allowed_is_not_carried_out_and_the_project_is_still_shown() -> None:
    remote = a_remote(mark=mark_of(), name="ns.web")
    view = tenant_view(
        rules(namePrefix="{namespace}."),
        {"name": "elsewhere.web"},
        status=MADE,
        backend={"listing": a_listing(remote)},
        metadata=FINALIZED,
    )
    rest = decide(view)
    assert isinstance(rest, act.Rest)
    assert rest.status is not None
    assert rest.status.conditions[0].reason == Reason.NOT_PERMITTED
    assert rest.status.name == "ns.web"
    assert rest.status.provisioning_status == "provisioned"


def test_a_namespace_that_is_no_longer_selected_is_read_and_not_written() -> None:
    remote = a_remote(mark=mark_of())
    spec = {"description": "new"}
    view = tenant_view(
        rules(selector={"matchLabels": {"a": "b"}}),
        spec,
        status=MADE,
        backend={"listing": a_listing(remote)},
        metadata=FINALIZED,
    )
    rest = decide(view)
    assert isinstance(rest, act.Rest)
    assert rest.status is not None
    assert rest.status.provisioning_status == "provisioned"
    assert "does not select the namespace 'ns'" in rest.status.conditions[0].message


def test_that_check_notices_a_decision_that_takes_no_notice_of_the_rules() -> None:
    """The broken twin: without rules the same Project is written."""
    remote = a_remote(mark=mark_of())
    shown = {"kind": "ClusterIdentityBackend", "name": "cloud", "listing": a_listing(remote)}
    project = a_project(spec={"description": "new"}, status=MADE, **FINALIZED)
    assert isinstance(decide(a_view(project, a_backend(**shown))), act.WriteStatus)


@pytest.mark.parametrize("status", [{}, MADE], ids=["nothing yet", "a project"])
def test_a_namespace_that_is_not_selected_hears_that_and_not_how_the_backend_is(status: Any) -> None:
    view = tenant_view(rules(selector=ELSEWHERE), status=status, metadata=FINALIZED, backend={"not_ready": NOT_READY})
    for backend in (view.backend, NOT_READY):
        reason, message = said(decide(replace(view, backend=backend)))
        assert reason == Reason.NOT_PERMITTED
        assert message == (
            "`spec.backendRef` is not permitted by ClusterIdentityBackend 'cloud': its `namespaceSelector` does not "
            "select the namespace 'ns'"
        )


def test_labels_that_are_not_read_yet_change_nothing_about_what_is_settled() -> None:
    settled = MADE | {
        "conditions": [
            {
                "type": "Ready",
                "status": "True",
                "reason": "Succeeded",
                "message": "",
                "observedGeneration": 1,
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            }
        ]
    }
    view = tenant_view(replace(rules(), selected=None), status=settled, metadata=FINALIZED)
    assert decide(view) == act.Rest(None, view.cadence.resync)
    waiting = decide(replace(view, project=a_project(**FINALIZED)))
    assert said(waiting)[0] == Reason.BACKEND_NOT_READY
    assert "the labels of namespace 'ns'" in said(waiting)[1]


def test_what_was_made_when_the_namespace_stopped_matching_is_still_named() -> None:
    answer = a_remote(mark=mark_of())
    intent = FINALIZED | {"annotations": {BACKEND_ANNOTATION: backend_annotation(a_backend())}}
    view = tenant_view(rules(selector=ELSEWHERE), metadata=intent, memory={"answer": answer})
    action = decide(view)
    assert isinstance(action, act.WriteStatus)
    assert (action.purpose, action.status.id) == (act.Purpose.IDENTITY, "p1")


def deleting(tenancy: Tenancy, **spec: Any) -> act.Action:
    return decide(
        tenant_view(
            tenancy,
            spec,
            status=MADE | {"origin": "Created"},
            backend={"listing": a_listing(a_remote(mark=mark_of()))},
            metadata=FINALIZED | {"deletionTimestamp": "2026-01-01T00:00:00Z"},
        )
    )


@pytest.mark.parametrize("backend", [NOT_READY, a_backend(not_ready=NOT_READY)], ids=["no connection", "not usable"])
def test_a_deletion_that_waits_for_a_backend_of_others_says_so_and_has_a_way_out(backend: Any) -> None:
    doomed = FINALIZED | {"deletionTimestamp": "2026-01-01T00:00:00Z"}
    view = replace(tenant_view(rules(selector=ELSEWHERE), status=MADE, metadata=doomed), backend=backend)
    reason, message = said(decide(view))
    assert reason == Reason.NOT_PERMITTED
    assert message == (
        "the deletion waits: `spec.backendRef` is not permitted by ClusterIdentityBackend 'cloud': its "
        "`namespaceSelector` does not select the namespace 'ns' any more, and it is not Ready; to let the project go "
        "without touching it, set `deletionPolicy: Orphan`"
    )
    orphan = a_project(spec={"deletionPolicy": "Orphan"}, status=MADE, **doomed)
    assert isinstance(decide(replace(view, project=orphan)), act.RemoveFinalizer)
    strict = replace(view, project=orphan, tenancy=rules(selector=ELSEWHERE, allowedDeletionPolicies=["Delete"]))
    assert "'Orphan' is not among `tenancy.allowedDeletionPolicies`" in said(decide(strict))[1]


def test_deletion_goes_on_where_the_namespace_is_no_longer_selected() -> None:
    assert isinstance(deleting(rules(selector={"matchLabels": {"a": "b"}})), act.WriteStatus)


@pytest.mark.parametrize("spec", [{"deletionPolicy": "Orphan"}, {"managementPolicy": "Observe"}])
def test_nothing_is_left_behind_where_that_is_not_allowed(spec: Any) -> None:
    rest = deleting(rules(allowedDeletionPolicies=["Delete"]), **spec)
    assert isinstance(rest, act.Rest)
    assert rest.status is not None
    message = rest.status.conditions[0].message
    assert message.startswith("the deletion waits: `spec.deletionPolicy` is not permitted by ClusterIdentityBackend")
    assert "'Orphan' is not among" in message


def test_nothing_is_deleted_where_that_is_not_allowed() -> None:
    rest = deleting(rules(allowedDeletionPolicies=["Orphan"]), deletionPolicy="Delete")
    assert isinstance(rest, act.Rest)
    assert isinstance(deleting(rules(allowedDeletionPolicies=["Orphan"]), deletionPolicy="Orphan"), act.WriteStatus)
