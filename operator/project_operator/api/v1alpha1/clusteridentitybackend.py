"""The kind ClusterIdentityBackend: a backend for the namespaces that it selects, and what tenants may ask of it."""

from enum import StrEnum
from typing import Annotated, ClassVar, Final

from pydantic import Field

from project_operator.api.schema import LIST_TYPE, ApiModel, Rule, matches
from project_operator.api.v1alpha1.identitybackend import IdentityBackend, IdentityBackendSpec
from project_operator.api.v1alpha1.project import DeletionPolicy
from project_operator.api.v1alpha1.selectors import LabelSelector
from project_operator.api.v1alpha1.types import RemoteID, RemoteName

NAMESPACE_PLACE: Final = "{namespace}"
"""Stands for the namespace of the Project in `Tenancy.name_prefix`."""


class Permission(StrEnum):
    """Whether tenants may do something at all."""

    FORBIDDEN = "Forbidden"
    """They may not."""
    ALLOWED = "Allowed"
    """They may."""


NamePrefix = Annotated[
    str,
    Field(max_length=128),
    matches("^([^\\t-\\r ][^\\n\\r]*)?$", "must be one line that does not begin with white space"),
    Rule(
        "!self.replace('{namespace}', '').contains('{') && !self.replace('{namespace}', '').contains('}')",
        "must not hold braces other than in '{namespace}'",
        lambda text: not set("{}") & set(text.replace(NAMESPACE_PLACE, "")),
    ),
    Rule(
        "!(self + '-').matches('[{]namespace[}][-a-z0-9]')",
        "must have a character after '{namespace}' that no namespace's name holds, such as '.', '_' or '/': 'a-' would"
        " be the prefix of the namespace 'a-b' too",
        lambda text: all(
            part and not (part[0] in "-0123456789" or "a" <= part[0] <= "z") for part in text.split(NAMESPACE_PLACE)[1:]
        ),
    ),
]


class Tenancy(ApiModel):
    """What a Project may ask for; what is not allowed is refused before any call."""

    allowed_roles: Annotated[tuple[RemoteName, ...], Field(max_length=64, json_schema_extra={LIST_TYPE: "set"})] = (
        "member",
        "reader",
    )
    """Names of the roles that groups may be given. A role that is named by `id` is judged by its name in the backend.
    In Keystone the role `admin` on any project is the whole cloud."""
    import_: Permission = Permission.FORBIDDEN
    """Whether existing projects may be taken over (`spec.import`): those of anybody that carry no mark."""
    allowed_parents: Annotated[tuple[RemoteID, ...], Field(max_length=200, json_schema_extra={LIST_TYPE: "set"})] = ()
    """Ids that `spec.parentID` may name. The project of a Project of the same namespace (`spec.parentRef`) is
    always allowed."""
    allowed_domains: Annotated[tuple[RemoteID, ...], Field(max_length=64, json_schema_extra={LIST_TYPE: "set"})] = ()
    """Ids that `spec.keystone.domainID` may name besides the backend object's own domain."""
    is_domain: Permission = Permission.FORBIDDEN
    """Whether a project may be a domain (`spec.keystone.isDomain`)."""
    allowed_deletion_policies: (
        Annotated[
            tuple[DeletionPolicy, ...],
            Field(min_length=1, max_length=3, json_schema_extra={LIST_TYPE: "set"}),
        ]
        | None
    ) = None
    """Deletion policies that may be in force; absent: all that the backend can do."""
    name_prefix: NamePrefix | None = None
    """What names of projects must begin with; `{namespace}` in it stands for the namespace of the Project. Absent: any
    name."""


class ClusterIdentityBackendSpec(IdentityBackendSpec):
    """An IdentityBackend's spec, where its Secret is, and who may use it for what."""

    rules: ClassVar[tuple[Rule, ...]] = (
        *IdentityBackendSpec.rules,
        Rule(
            "self.secretNamespace == oldSelf.secretNamespace",
            "`secretNamespace` is immutable; create a new backend object",
            field_path=".secretNamespace",
        ),
        Rule(
            "!has(self.deletionPolicy) || !has(self.tenancy) || !has(self.tenancy.allowedDeletionPolicies)"
            " || self.deletionPolicy in self.tenancy.allowedDeletionPolicies",
            "`deletionPolicy` must be one of `tenancy.allowedDeletionPolicies`",
            lambda spec: (
                spec.deletion_policy is None
                or spec.tenancy.allowed_deletion_policies is None
                or spec.deletion_policy in spec.tenancy.allowed_deletion_policies
            ),
            field_path=".deletionPolicy",
        ),
    )

    secret_namespace: Annotated[
        str,
        Field(max_length=63),
        matches("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "must be the name of a namespace"),
    ]
    """Namespace of the Secret with the credential. Immutable."""
    namespace_selector: LabelSelector | None = None
    """Labels of the namespaces whose Projects may use this object; absent: none, `{}`: all. The Projects of a namespace
    that is no longer selected are written no more; they are still read, and can be deleted."""
    tenancy: Tenancy = Tenancy()
    """What these Projects may ask for."""


class ClusterIdentityBackend(IdentityBackend):
    """An identity service, an organization in it, and a credential, for Projects of many namespaces."""

    spec: ClusterIdentityBackendSpec
    """What is wanted."""

    @property
    def secret_namespace(self) -> str:
        """Namespace of its Secret."""
        return self.spec.secret_namespace
