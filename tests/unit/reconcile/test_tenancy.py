"""What tenants may ask for: each rule by itself, and what a decision makes of it."""

from dataclasses import replace
from typing import Any

import pytest
from simulation.views import NOW, UID, a_backend, a_listing, a_project, a_remote, a_view, mark_of

from project_operator.api.conditions import Reason
from project_operator.api.names import BACKEND_ANNOTATION, FINALIZER
from project_operator.api.v1alpha1.clusteridentitybackend import ClusterIdentityBackendSpec
from project_operator.backends.base import ProjectContent, RemoteProject, Role
from project_operator.reconcile import actions as act
from project_operator.reconcile.decide import decide
from project_operator.reconcile.evidence import Observation
from project_operator.reconcile.memory import Announced, Intent
from project_operator.reconcile.policies import backend_annotation
from project_operator.reconcile.record import Record
from project_operator.reconcile.tenancy import Objection, Tenancy, objection
from project_operator.reconcile.view import Relative, Roles, Verdict, View

ROLES = (Role("r1", "member"), Role("r2", "admin"), Role("r3", "reader"))
FINALIZED = {"finalizers": [FINALIZER]}


def rules(*, labels: dict[str, str] | None = None, selector: Any = None, **tenancy: Any) -> Tenancy:
    """Those of a backend object that selects every namespace, for the namespace `ns`."""
    nscale = {"url": "https://identity", "auth": {"serviceAccountToken": {"secretRef": {"name": "token"}}}}
    body = {"nscale": nscale, "secretNamespace": "identity", "namespaceSelector": selector, "tenancy": tenancy}
    spec = ClusterIdentityBackendSpec.model_validate(body if selector is not None else body | {"namespaceSelector": {}})
    return Tenancy.of(spec, name="cloud", namespace="ns", labels=labels or {})


def judged(tenancy: Tenancy, spec: Any, *, policy: str = "Delete", roles: Any = ROLES, **more: Any) -> Objection | None:
    return objection(tenancy, a_project(spec=spec), deletion_policy=policy, own_domain="own", roles=roles, **more)


def group(*roles: Any) -> dict[str, Any]:
    return {"groups": [{"id": "g0", "roles": [{"name": "member"}]}, {"id": "g1", "roles": list(roles)}]}


@pytest.mark.parametrize(
    ("given", "spec", "field", "words"),
    [
        ({}, group({"name": "admin"}), "spec.groups[1].roles[0].name", "the role 'admin' is not among"),
        ({}, group({"name": "reader"}, {"id": "r2"}), "spec.groups[1].roles[1].id", "the role 'admin' is not among"),
        ({}, group({"id": "r9"}), "spec.groups[1].roles[0].id", "no role of the backend has the id 'r9'"),
        # An id that looks like an allowed name is still an id.
        ({}, group({"id": "member"}), "spec.groups[1].roles[0].id", "no role of the backend has the id 'member'"),
        ({"allowedRoles": []}, group({"name": "member"}), "spec.groups[0].roles[0].name", "(none)"),
        ({}, {"import": {"id": "p9"}}, "spec.import", "`tenancy.import` is 'Forbidden'"),
        ({}, {"import": {"byName": "IfPresent"}}, "spec.import", "`tenancy.import` is 'Forbidden'"),
        ({}, {"import": {"id": "p9"}, "managementPolicy": "Observe"}, "spec.import", "Forbidden"),
        ({"allowedParents": ["p1"]}, {"parentID": "p2"}, "spec.parentID", "'p2' is not among `tenancy.allowedParents`"),
        ({}, {"keystone": {"isDomain": True}}, "spec.keystone.isDomain", "`tenancy.isDomain` is 'Forbidden'"),
        ({"allowedDomains": ["d1"]}, {"keystone": {"domainID": "d2"}}, "spec.keystone.domainID", "'d2' is not among"),
        ({"namePrefix": "{namespace}."}, {"name": "nsx.web"}, "spec.name", "does not begin with 'ns.'"),
        ({"namePrefix": "{namespace}."}, {}, "spec.name", "'web' does not begin with 'ns.'"),
        (
            {"allowedDeletionPolicies": ["Orphan", "Disable"]},
            {},
            "spec.deletionPolicy",
            "'Delete' is not among `tenancy.allowedDeletionPolicies` (Disable, Orphan); set one of these",
        ),
    ],
)
def test_what_is_not_allowed_is_named_with_its_rule(given: Any, spec: Any, field: str, words: str) -> None:
    found = judged(rules(**given), spec)
    assert found is not None
    assert found.field == field
    assert words in found.rule


@pytest.mark.parametrize(
    ("given", "spec"),
    [
        ({}, {}),
        ({}, group({"name": "reader"}, {"id": "r1"})),
        ({"allowedRoles": ["admin"]}, {"groups": [{"id": "g1", "roles": [{"id": "r2"}]}]}),
        ({"import": "Allowed"}, {"import": {"id": "p9"}}),
        ({"allowedParents": ["p1"]}, {"parentID": "p1"}),
        # The project of another Project of this namespace: that was judged when it was made.
        ({}, {"parentRef": {"name": "top"}}),
        ({"isDomain": "Allowed"}, {"keystone": {"isDomain": True}}),
        ({}, {"keystone": {"isDomain": False}}),
        ({"allowedDomains": ["d1"]}, {"keystone": {"domainID": "d1"}}),
        ({}, {"keystone": {"domainID": "own"}}),
        ({"namePrefix": "{namespace}."}, {"name": "ns.web"}),
        ({"allowedDeletionPolicies": ["Delete"]}, {}),
    ],
)
def test_what_is_allowed_passes(given: Any, spec: Any) -> None:
    assert judged(rules(**given), spec) is None


def test_an_unknown_role_is_left_to_be_looked_for_where_the_listing_is_old() -> None:
    spec = group({"id": "r9"})
    assert judged(rules(), spec, roles_are_fresh=False) is None
    assert judged(rules(), group({"id": "r2"}), roles_are_fresh=False) is not None
    assert judged(rules(), spec, roles=None) is None


@pytest.mark.parametrize(
    ("selector", "labels", "selected"),
    [
        ({}, {}, True),
        ({"matchLabels": {"team": "web"}}, {"team": "web"}, True),
        ({"matchLabels": {"team": "web"}}, {"team": "shop"}, False),
        ({"matchLabels": {"team": "web"}}, {}, False),
    ],
)
def test_a_namespace_that_is_not_selected_may_ask_for_nothing(selector: Any, labels: Any, *, selected: bool) -> None:
    found = judged(rules(selector=selector, labels=labels), {})
    assert (found is None) is selected
    assert found is None or found.field == "spec.backendRef"


def test_no_selector_selects_nothing_and_unknown_labels_are_not_matched() -> None:
    nscale = {"url": "https://identity", "auth": {"serviceAccountToken": {"secretRef": {"name": "token"}}}}
    bare = ClusterIdentityBackendSpec.model_validate({"nscale": nscale, "secretNamespace": "identity"})
    assert judged(Tenancy.of(bare, name="cloud", namespace="ns", labels={}), {}) is not None
    everywhere = ClusterIdentityBackendSpec.model_validate(bare.model_dump(by_alias=True) | {"namespaceSelector": {}})
    assert judged(Tenancy.of(everywhere, name="cloud", namespace="ns", labels={}), {}) is None
    unknown = judged(Tenancy.of(everywhere, name="cloud", namespace="ns", labels=None), {})
    assert unknown is not None
    assert "cannot be matched yet" in unknown.rule


# What a decision makes of it.


def tenant_view(tenancy: Tenancy, spec: Any = None, *, status: Any = None, backend: Any = None, **facts: Any) -> View:
    shown = {"kind": "ClusterIdentityBackend", "name": "cloud"} | (backend or {})
    metadata = facts.pop("metadata", {})
    return a_view(a_project(spec=spec, status=status, **metadata), a_backend(**shown), tenancy=tenancy, **facts)


def said(action: act.Action) -> tuple[str, str]:
    """Reason and message of Ready."""
    assert isinstance(action, act.Rest)
    assert action.status is not None
    ready = action.status.conditions[0]
    return ready.reason, ready.message


MADE = {"id": "p1", "endpointID": "e1", "backendRef": {"kind": "ClusterIdentityBackend", "name": "cloud", "uid": "b1"}}


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


NOT_READY = Verdict(Reason.SECRET_NOT_FOUND, "Secret 'token' in namespace 'identity' is not there")
ELSEWHERE = {"matchLabels": {"a": "b"}}


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


def existing(organization: str = "org", *, domain: bool = False, parent: str | None = None) -> RemoteProject:
    particulars = {"keystone.isDomain": "true" if domain else "false"}
    content = ProjectContent("web", parent_id=parent, particulars=particulars)
    return a_remote("p9", content=content, organization_id="p9" if domain else organization)


# What was imported while that was allowed.

IMPORTED = MADE | {"id": "p9", "origin": "Imported"}
TIGHTENED = [
    ({}, "`tenancy.import` is 'Forbidden'"),
    ({"import": "Allowed", "allowedDomains": ["d1"]}, "its domain 'd2' is not among `tenancy.allowedDomains`"),
]


@pytest.mark.parametrize("spec", [{"import": {"id": "p9"}}, {}], ids=["still in the spec", "taken out of the spec"])
@pytest.mark.parametrize("policy", ["Manage", "ReportDrift", "Plan", "Observe"])
@pytest.mark.parametrize(("tenancy", "words"), TIGHTENED)
def test_what_may_be_imported_no_more_is_neither_written_nor_shown(
    tenancy: Any, words: str, policy: str, spec: Any
) -> None:
    remote = replace(existing("d2"), content=ProjectContent("theirs", description="private"))
    view = tenant_view(
        rules(**tenancy),
        spec | {"managementPolicy": policy, "description": "mine"},
        status=IMPORTED | {"name": "as it was"},
        backend={"listing": a_listing(remote)},
        metadata=FINALIZED,
    )
    action = decide(view)
    assert said(action)[0] == Reason.NOT_PERMITTED
    assert words in said(action)[1]
    assert isinstance(action, act.Rest)
    assert action.status is not None
    assert (action.status.name, action.status.observed) == ("as it was", None)


def test_that_check_notices_a_rule_that_looks_only_when_it_is_taken() -> None:
    """The broken twin: of a project that was made here nobody asks where it came from."""
    view = tenant_view(
        rules(),
        {"description": "mine"},
        status=IMPORTED | {"origin": "Created"},
        backend={"listing": a_listing(replace(existing("d2"), content=ProjectContent("web", mark=mark_of())))},
        metadata=FINALIZED,
    )
    assert isinstance(decide(view), act.WriteStatus)


@pytest.mark.parametrize(("mark", "next_"), [(mark_of(), act.Delete), ("", act.Rest)], ids=["ours", "never marked"])
def test_what_may_be_imported_no_more_is_deleted_only_where_it_was_marked(mark: str, next_: type) -> None:
    remote = a_remote("p9", mark=mark)
    announced = Announced(Intent.DELETE, Record(UID, finalizer=True, attempt="", id="p9"), 1, at=NOW - 3)
    view = tenant_view(
        rules(),
        {"import": {"id": "p9"}},
        status=IMPORTED,
        memory={"reads": {"p9": Observation(NOW - 1, remote)}, "announced": announced},
        metadata=FINALIZED | {"deletionTimestamp": "2026-01-01T00:00:00Z"},
        definition_checked_at=NOW - 2,
    )
    action = decide(view)
    assert isinstance(action, next_)
    if isinstance(action, act.Rest):
        assert said(action)[0] == Reason.CONFLICT
        assert "Set `deletionPolicy: Orphan` to let it go" in said(action)[1]


def test_a_parent_that_is_a_project_of_the_same_namespace_is_a_parent_to_import_under() -> None:
    lineage = (Relative("top", "p2", ready=True, deleting=False, same_backend=True),)
    memory = {"reads": {"p9": Observation(NOW - 1, existing(parent="p2"))}}
    spec = {"import": {"id": "p9"}, "parentRef": {"name": "top"}}
    given: dict[str, Any] = {"import": "Allowed"}
    allowed = rules(**given)
    assert isinstance(decide(tenant_view(allowed, spec, memory=memory, lineage=lineage)), act.AddFinalizer)
    elsewhere = (replace(lineage[0], same_backend=False),)
    refused = decide(tenant_view(allowed, spec, memory=memory, lineage=elsewhere))
    assert "its parent 'p2' is not among" in said(refused)[1]


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


def taken(project: RemoteProject, *, spec: Any = None, **tenancy: Any) -> act.Action:
    """What an import of ``project`` by id leads to."""
    tenancy["import"] = "Allowed"
    memory = {"reads": {"p9": Observation(NOW - 1, project)}}
    return decide(tenant_view(rules(**tenancy), {"import": {"id": "p9"}} | (spec or {}), memory=memory))


@pytest.mark.parametrize(
    ("project", "spec", "words"),
    [
        (existing(domain=True), {"keystone": {}}, "it is a domain; `tenancy.isDomain` is 'Forbidden'"),
        (existing("d2"), {}, "its domain 'd2' is not among `tenancy.allowedDomains`"),
        (existing(parent="p2"), {}, "its parent 'p2' is not among `tenancy.allowedParents`"),
    ],
)
def test_what_may_not_be_asked_for_may_not_be_imported_either(project: RemoteProject, spec: Any, words: str) -> None:
    action = taken(project, spec=spec)
    assert isinstance(action, act.Rest)
    assert action.status is not None
    ready = action.status.conditions[0]
    assert (ready.reason, words in ready.message) == (Reason.NOT_PERMITTED, True), ready.message


@pytest.mark.parametrize(
    ("project", "tenancy"),
    [
        (existing(parent="org"), {}),
        (existing("d1", parent="d1"), {"allowedDomains": ["d1"]}),
        (existing(parent="p1"), {"allowedParents": ["p1"]}),
    ],
)
def test_the_rest_may(project: RemoteProject, tenancy: Any) -> None:
    assert isinstance(taken(project, **tenancy), act.AddFinalizer)


@pytest.mark.parametrize(("spec", "next_"), [({}, act.Rest), ({"keystone": {"isDomain": True}}, act.AddFinalizer)])
def test_a_domain_is_taken_over_only_where_the_spec_says_that_it_is_one(spec: Any, next_: type) -> None:
    assert isinstance(taken(existing(domain=True), spec=spec, isDomain="Allowed"), next_)
