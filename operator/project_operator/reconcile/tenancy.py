"""What a Project of a tenant may ask of a backend object that serves many namespaces: pure, and asked before any call.

The rules are `Tenancy` of a ClusterIdentityBackend with the Project's namespace filled in. Each decision asks them
anew, so they hold for what is written first, for every later edit, and for what was there before a rule was tightened:
that is written no more. Deletion is ruled by `allowedDeletionPolicies` alone.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from project_operator.api.names import CLUSTER_IDENTITY_BACKEND_KIND
from project_operator.api.v1alpha1.clusteridentitybackend import (
    NAMESPACE_PLACE,
    ClusterIdentityBackendSpec,
    Permission,
)
from project_operator.api.v1alpha1.project import Project, ProjectSpec
from project_operator.backends.base import RemoteProject, Role


@dataclass(frozen=True, slots=True)
class Tenancy:
    """The rules of one backend object for the Projects of one namespace."""

    backend: str
    """The kind and the name of that object, for messages."""
    namespace: str
    selected: bool | None
    """Whether the backend object's selector means the namespace; None: its labels are not known yet, so nobody may
    write."""
    roles: frozenset[str]
    """Names of the roles that groups may be given."""
    imports: bool
    parents: frozenset[str]
    domains: frozenset[str]
    is_domain: bool
    deletion_policies: frozenset[str] | None
    """None: all."""
    name_prefix: str

    @classmethod
    def of(
        cls, spec: ClusterIdentityBackendSpec, *, name: str, namespace: str, labels: Mapping[str, str] | None
    ) -> Self:
        """The rules of the backend object ``name`` with ``spec`` for ``namespace``, which has ``labels`` (None: not
        known).
        """
        selector, rules = spec.namespace_selector, spec.tenancy
        policies = rules.allowed_deletion_policies
        return cls(
            backend=f"{CLUSTER_IDENTITY_BACKEND_KIND} '{name}'",
            namespace=namespace,
            selected=None if labels is None else selector is not None and selector.selects(labels),
            roles=frozenset(rules.allowed_roles),
            imports=rules.import_ is Permission.ALLOWED,
            parents=frozenset(rules.allowed_parents),
            domains=frozenset(rules.allowed_domains),
            is_domain=rules.is_domain is Permission.ALLOWED,
            deletion_policies=frozenset(policies) if policies is not None else None,
            name_prefix=(rules.name_prefix or "").replace(NAMESPACE_PLACE, namespace),
        )


@dataclass(frozen=True, slots=True)
class Objection:
    """What is not allowed."""

    field: str
    """The field of the Project, with its path."""
    rule: str
    """The rule of the backend object, with its path, in words."""


def not_permitted(tenancy: Tenancy, objection: Objection) -> str:
    """The message of a verdict: the field, whose rule stands against it, and the rule."""
    return f"`{objection.field}` is not permitted by {tenancy.backend}: {objection.rule}"


def objection(
    tenancy: Tenancy,
    project: Project,
    *,
    deletion_policy: str,
    own_domain: str,
    roles: tuple[Role, ...] | None,
    roles_are_fresh: bool = True,
) -> Objection | None:
    """The first thing that ``project`` asks for and may not have; None if it may have everything.

    Args:
        deletion_policy: the one in force.
        own_domain: id of the domain that the backend object itself names; asking for it asks for nothing.
        roles: what the backend knows; None: not read yet. Roles by id cannot be judged then, nor resolved by anybody.
        roles_are_fresh: whether a role that is not there may be called unknown; otherwise the roles are read again
            before it can be resolved, and judged again then.
    """
    return next(
        (
            found
            for found in (
                None if tenancy.selected else selection_objection(tenancy),
                None if project.spec.import_ is None else _import(tenancy),
                _name(tenancy, project.remote_name),
                _place(tenancy, project.spec, own_domain),
                _roles(tenancy, project.spec, roles, fresh=roles_are_fresh),
                deletion_objection(tenancy, deletion_policy),
            )
            if found is not None
        ),
        None,
    )


def selection_objection(tenancy: Tenancy) -> Objection:
    """What a namespace is told that is not selected."""
    cause = "does not select" if tenancy.selected is False else "cannot be matched yet against the labels of"
    return Objection("spec.backendRef", f"its `namespaceSelector` {cause} the namespace '{tenancy.namespace}'")


def deletion_objection(tenancy: Tenancy, deletion_policy: str) -> Objection | None:
    """Why ``deletion_policy`` may not be in force."""
    allowed = tenancy.deletion_policies
    if allowed is None or deletion_policy in allowed:
        return None
    return Objection(
        "spec.deletionPolicy",
        f"'{deletion_policy}' is not among `tenancy.allowedDeletionPolicies` ({_listed(allowed)}); set one of these",
    )


def is_domain(project: RemoteProject) -> bool:
    """Whether ``project`` is a domain as well (Keystone)."""
    return project.content.particulars.get("keystone.isDomain") == "true"


def import_objection(
    tenancy: Tenancy, project: RemoteProject, *, own_domain: str, own_parent: str = ""
) -> Objection | None:
    """Why ``project``, which exists, may not be taken over, or not be kept: for what it is, whatever the spec says.

    Args:
        own_domain: id of the domain that the backend object itself names.
        own_parent: id of the project of the Project that is its parent by reference; "" where there is none.
    """
    if (forbidden := _import(tenancy)) is not None:
        return forbidden
    if is_domain(project):
        return (
            None if tenancy.is_domain else Objection("spec.import", "it is a domain; `tenancy.isDomain` is 'Forbidden'")
        )
    domain, parent = project.organization_id, project.content.parent_id
    if domain not in tenancy.domains | {own_domain}:
        return Objection("spec.import", f"its domain '{domain}' is not among `tenancy.allowedDomains`")
    if parent and parent not in tenancy.parents | {domain, own_parent}:
        return Objection("spec.import", f"its parent '{parent}' is not among `tenancy.allowedParents`")
    return None


def _import(tenancy: Tenancy) -> Objection | None:
    return None if tenancy.imports else Objection("spec.import", "`tenancy.import` is 'Forbidden'")


def _name(tenancy: Tenancy, name: str) -> Objection | None:
    if name.startswith(tenancy.name_prefix):
        return None
    return Objection("spec.name", f"'{name}' does not begin with '{tenancy.name_prefix}' (`tenancy.namePrefix`)")


def _place(tenancy: Tenancy, spec: ProjectSpec, own_domain: str) -> Objection | None:
    """A parent by reference is a Project of the same namespace, and was judged itself."""
    if spec.parent_id is not None and spec.parent_id not in tenancy.parents:
        return Objection("spec.parentID", f"'{spec.parent_id}' is not among `tenancy.allowedParents`")
    keystone = spec.keystone
    if keystone is None:
        return None
    if keystone.is_domain and not tenancy.is_domain:
        return Objection("spec.keystone.isDomain", "`tenancy.isDomain` is 'Forbidden'")
    if keystone.domain_id is not None and keystone.domain_id not in tenancy.domains | {own_domain}:
        return Objection("spec.keystone.domainID", f"'{keystone.domain_id}' is not among `tenancy.allowedDomains`")
    return None


def _roles(tenancy: Tenancy, spec: ProjectSpec, roles: tuple[Role, ...] | None, *, fresh: bool) -> Objection | None:
    for group_index, group in enumerate(spec.groups or ()):
        for index, role in enumerate(group.roles or ()):
            field = f"spec.groups[{group_index}].roles[{index}]"
            if role.name is not None and role.name not in tenancy.roles:
                return Objection(f"{field}.name", _not_among(tenancy, role.name))
            if role.id is not None and roles is not None:
                known = {one.name for one in roles if one.id == role.id}
                if not known and fresh:
                    return Objection(f"{field}.id", f"no role of the backend has the id '{role.id}'")
                if not known <= tenancy.roles:
                    return Objection(f"{field}.id", _not_among(tenancy, min(known - tenancy.roles)))
    return None


def _not_among(tenancy: Tenancy, role: str) -> str:
    return f"the role '{role}' is not among `tenancy.allowedRoles` ({_listed(tenancy.roles)})"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "none"
