"""What tenants may ask for: each rule by itself."""

from typing import Any

import pytest
from simulation.tenants import ROLES, group, rules
from simulation.views import a_project

from project_operator.api.v1alpha1.clusteridentitybackend import ClusterIdentityBackendSpec
from project_operator.reconcile.tenancy import Objection, Tenancy, objection


def judged(tenancy: Tenancy, spec: Any, *, policy: str = "Delete", roles: Any = ROLES, **more: Any) -> Objection | None:
    return objection(tenancy, a_project(spec=spec), deletion_policy=policy, own_domain="own", roles=roles, **more)


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
