"""What tenants may ask for: each rule by itself, and what a decision makes of it."""

from typing import Any

import pytest
from simulation.views import NOW, a_backend, a_listing, a_project, a_remote, a_view, mark_of

from project_operator.api.conditions import Reason
from project_operator.api.names import FINALIZER
from project_operator.api.v1alpha1.clusteridentitybackend import ClusterIdentityBackendSpec
from project_operator.backends.base import Role
from project_operator.reconcile import actions as act
from project_operator.reconcile.decide import decide
from project_operator.reconcile.tenancy import Objection, Tenancy, objection
from project_operator.reconcile.view import Roles, View

ROLES = (Role("r1", "member"), Role("r2", "admin"), Role("r3", "reader"))
FINALIZED = {"finalizers": [FINALIZER]}


def rules(*, labels: dict[str, str] | None = None, selector: Any = None, **tenancy: Any) -> Tenancy:
    """Those of a backend object that selects every namespace, for the namespace `ns`."""
    nscale = {"url": "https://identity", "auth": {"serviceAccountToken": {"secretRef": {"name": "token"}}}}
    body = {"nscale": nscale, "secretNamespace": "identity", "namespaceSelector": selector, "tenancy": tenancy}
    spec = ClusterIdentityBackendSpec.model_validate(body if selector is not None else body | {"namespaceSelector": {}})
    return Tenancy.of(spec, namespace="ns", labels=labels or {})


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
    assert judged(Tenancy.of(bare, namespace="ns", labels={}), {}) is not None
    everywhere = ClusterIdentityBackendSpec.model_validate(bare.model_dump(by_alias=True) | {"namespaceSelector": {}})
    assert judged(Tenancy.of(everywhere, namespace="ns", labels={}), {}) is None
    unknown = judged(Tenancy.of(everywhere, namespace="ns", labels=None), {})
    assert unknown is not None
    assert "cannot be matched yet" in unknown.rule


# What a decision makes of it.


def tenant_view(tenancy: Tenancy, spec: Any = None, *, status: Any = None, backend: Any = None, **facts: Any) -> View:
    shown = {"kind": "ClusterIdentityBackend", "name": "cloud", "tenancy": tenancy} | (backend or {})
    metadata = facts.pop("metadata", {})
    return a_view(a_project(spec=spec, status=status, **metadata), a_backend(**shown), **facts)


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
