"""OpenStack Keystone as a member of the union in a backend object's spec."""

from typing import Annotated

from pydantic import Field

from project_operator.api.schema import LIST_TYPE, ApiModel, Bool, Rule
from project_operator.api.v1alpha1.backend_parts import BaseURL, CABundle, SecretRef
from project_operator.api.v1alpha1.types import RemoteID, RemoteName


class DomainRef(ApiModel):
    """A domain, by id or by name."""

    one_of = ("id", "name")

    id: RemoteID | None = None
    """Id of the domain."""
    name: RemoteName | None = None
    """Name of the domain."""


class ScopeProject(ApiModel):
    """A project, by id, or by name in its domain."""

    one_of = ("id", "name")
    rules = (
        Rule(
            "has(self.name) == has(self.domain)",
            "`domain` must be set together with `name`, and only then: names of projects are unique in a domain",
            lambda project: (project.name is None) == (project.domain is None),
        ),
    )

    id: RemoteID | None = None
    """Id of the project."""
    name: RemoteName | None = None
    """Name of the project."""
    domain: DomainRef | None = None
    """Domain of the project that `name` names."""


class KeystoneScope(ApiModel):
    """What the token is for: exactly one of the members."""

    one_of = ("domain", "project", "system")
    rules = (
        Rule(
            "!has(self.system) || self.system",
            "`system` must be true where it is set",
            lambda scope: scope.system is not False,
            field_path=".system",
        ),
    )

    domain: DomainRef | None = None
    """A domain: least privilege, with the role `manager` on it."""
    project: ScopeProject | None = None
    """A project, on which the user is admin."""
    system: Bool | None = None
    """True: the whole cloud, on which the user is admin."""


class KeystonePassword(ApiModel):
    """A user's name and password."""

    secret_ref: SecretRef
    """The Secret with the keys `username` and `password`, as in the type `kubernetes.io/basic-auth`. A change of it is
    followed without a restart."""
    user_domain: DomainRef | None = None
    """Domain of the user; absent: the domain that holds the projects."""
    scope: KeystoneScope | None = None
    """What the token is for; absent: the domain that holds the projects."""


class KeystoneApplicationCredential(ApiModel):
    """An application credential: its scope is the project that it was made in."""

    secret_ref: SecretRef
    """The Secret with the keys `id` and `secret`. A change of it is followed without a restart."""


class KeystoneAuth(ApiModel):
    """How the operator proves who it is: exactly one of the members."""

    one_of = ("password", "application_credential")

    password: KeystonePassword | None = None
    """A user with a password."""
    application_credential: KeystoneApplicationCredential | None = None
    """An application credential. It is for a project, on which its user is admin; it need not be unrestricted."""

    @property
    def secret_ref(self) -> SecretRef:
        """The Secret that holds the credential."""
        chosen = self.password or self.application_credential
        if chosen is None:
            raise AssertionError("a parsed spec has one kind of auth")
        return chosen.secret_ref


class KeystoneBackend(ApiModel):
    """OpenStack Keystone, and what speaks its identity API v3 (Virtuozzo)."""

    rules = (
        Rule("self.url == oldSelf.url", "`url` is immutable; create a new backend object", field_path=".url"),
        Rule(
            "self.domain == oldSelf.domain", "`domain` is immutable; create a new backend object", field_path=".domain"
        ),
    )

    url: BaseURL
    """URL of the identity service, with or without `/v3` at its end. Immutable."""
    domain: DomainRef
    """The domain that holds the projects. Immutable."""
    additional_domains: Annotated[tuple[RemoteID, ...], Field(max_length=16, json_schema_extra={LIST_TYPE: "set"})] = ()
    """Ids of further domains in which a Project may ask for its project (`keystone.domainID`); they are listed as
    well, which takes a credential for a project or the system."""
    manage_domains: Bool = False
    """True: a Project may ask for a project that is a domain (`keystone.isDomain`), which takes a credential for the
    whole cloud."""
    auth: KeystoneAuth
    """How the operator proves who it is."""
    ca_bundle: CABundle | None = None
    """Certificates (PEM) to trust instead of the system's."""
