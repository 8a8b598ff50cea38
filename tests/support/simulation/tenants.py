"""What tenants may do, and Projects of theirs, for tests."""

from typing import Any

from project_operator.api.names import FINALIZER
from project_operator.api.v1alpha1.clusteridentitybackend import ClusterIdentityBackendSpec
from project_operator.backends.base import Role
from project_operator.reconcile import actions as act
from project_operator.reconcile.tenancy import Tenancy
from project_operator.reconcile.view import View
from simulation.views import a_backend, a_project, a_view

ROLES = (Role("r1", "member"), Role("r2", "admin"), Role("r3", "reader"))
FINALIZED = {"finalizers": [FINALIZER]}
"""Metadata of a Project that holds its finalizer."""
ELSEWHERE = {"matchLabels": {"a": "b"}}
"""A selector that does not match the namespace of `rules`."""
MADE = {"id": "p1", "endpointID": "e1", "backendRef": {"kind": "ClusterIdentityBackend", "name": "cloud", "uid": "b1"}}
"""The status of a Project that has made its project."""


def rules(*, labels: dict[str, str] | None = None, selector: Any = None, **tenancy: Any) -> Tenancy:
    """Those of a backend object that selects every namespace, for the namespace `ns`."""
    nscale = {"url": "https://identity", "auth": {"serviceAccountToken": {"secretRef": {"name": "token"}}}}
    body = {"nscale": nscale, "secretNamespace": "identity", "namespaceSelector": selector, "tenancy": tenancy}
    spec = ClusterIdentityBackendSpec.model_validate(body if selector is not None else body | {"namespaceSelector": {}})
    return Tenancy.of(spec, name="cloud", namespace="ns", labels=labels or {})


def group(*roles: Any) -> dict[str, Any]:
    """A spec with two groups, of which the second has ``roles``."""
    return {"groups": [{"id": "g0", "roles": [{"name": "member"}]}, {"id": "g1", "roles": list(roles)}]}


def tenant_view(tenancy: Tenancy, spec: Any = None, *, status: Any = None, backend: Any = None, **facts: Any) -> View:
    """A Project of a tenant, with that ClusterIdentityBackend."""
    shown = {"kind": "ClusterIdentityBackend", "name": "cloud"} | (backend or {})
    metadata = facts.pop("metadata", {})
    return a_view(a_project(spec=spec, status=status, **metadata), a_backend(**shown), tenancy=tenancy, **facts)


def said(action: act.Action) -> tuple[str, str]:
    """Reason and message of Ready."""
    assert isinstance(action, act.Rest)
    assert action.status is not None
    ready = action.status.conditions[0]
    return ready.reason, ready.message
