"""VMware Cloud Services Platform (Broadcom's Tanzu platform console too) as a member of the union in a backend object's
spec, and what only its projects have.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from project_operator.api.schema import LIST_TYPE, ApiModel, Bool, Rule, matches
from project_operator.api.v1alpha1.backend_parts import BaseURL, CABundle, SecretKeyRef, SecretRef
from project_operator.api.v1alpha1.types import RemoteID

_VERSION = matches("^v[1-9][0-9]?$", "must be a version as it stands in the path, such as 'v1'")
_PATH = matches(
    "^(/[A-Za-z0-9_-]+)+$", "must be a path below /csp/gateway/am/api, such as '/auth/token', without query and dots"
)


class CSPApiToken(ApiModel):
    """An API token of a person, made in the console; it is exchanged for access tokens."""

    secret_ref: SecretKeyRef
    """Where the API token is. A change of the Secret is followed without a restart."""


class CSPClientCredentials(ApiModel):
    """A server-to-server OAuth app that the organization owns: what a robot should use."""

    secret_ref: SecretRef
    """The Secret with the keys `client-id` and `client-secret`. A change of it is followed without a restart."""


class CSPAuth(ApiModel):
    """How the operator proves who it is: exactly one of the members."""

    one_of = ("api_token", "client_credentials")

    api_token: CSPApiToken | None = None
    """A person's API token."""
    client_credentials: CSPClientCredentials | None = None
    """An OAuth app."""

    @property
    def secret_ref(self) -> SecretRef:
        """The Secret that holds the credential."""
        if self.api_token is not None:
            return self.api_token.secret_ref
        if self.client_credentials is not None:
            return self.client_credentials.secret_ref
        raise AssertionError("a parsed spec has one kind of auth")


class CSPAuthHeader(StrEnum):
    """The header that carries the access token."""

    AUTHORIZATION = "Authorization"
    """`Authorization: Bearer …`, which the present documentation asks for."""
    CSP_AUTH_TOKEN = "csp-auth-token"  # noqa: S105 - the name of a header
    """The older form."""


class CSPApiVersions(ApiModel):
    """The versions in the paths of the resource manager."""

    create: Annotated[str, Field(max_length=3), _VERSION] = "v2"
    """Of creation."""
    read: Annotated[str, Field(max_length=3), _VERSION] = "v1"
    """Of reading and listing."""
    update: Annotated[str, Field(max_length=3), _VERSION] = "v1"
    """Of updates."""
    delete: Annotated[str, Field(max_length=3), _VERSION] = "v1"
    """Of deletion, which is not documented."""


class CSPRoleKind(StrEnum):
    """Which list of a group's roles a role is in."""

    ORGANIZATION = "Organization"
    """`organizationRoles`."""
    CUSTOM = "Custom"
    """`customRoles`."""
    SERVICE = "Service"
    """`serviceRoles`, of one service."""


class CSPRole(ApiModel):
    """A role that groups may be given on a project."""

    rules = (
        Rule(
            "has(self.serviceDefinitionID) == (self.kind == 'Service')",
            "`serviceDefinitionID` must be set together with `kind: Service`, and only then",
            lambda role: (role.service_definition_id is not None) == (role.kind is CSPRoleKind.SERVICE),
        ),
    )

    name: Annotated[
        str,
        Field(max_length=48),
        matches(
            "^[A-Za-z0-9_-][A-Za-z0-9_.:-]*$",
            "must be the name of a role as the API has it: letters, digits, '_', '-', '.' and ':'",
        ),
    ]
    """Name of the role in the API, which need not be the one that the console shows."""
    kind: CSPRoleKind
    """Which list it is in."""
    service_definition_id: (
        Annotated[
            str,
            Field(max_length=64),
            matches("^[A-Za-z0-9_-][A-Za-z0-9_.-]*$", "must be an id: letters, digits, '_', '-' and '.'"),
        ]
        | None
    ) = None
    """Id of the service, where `kind` is `Service`."""


class CSPCapabilities(ApiModel):
    """What the vendor does not document, or documents with gaps: off unless switched on."""

    delete: Bool = False
    """True: projects may be deleted, by a call that is not documented (`DELETE …/projects/{id}`). False: a Project with
    `deletionPolicy: Delete` is refused."""
    reparent: Bool = False
    """True: a project that is found under another parent is moved to the one that the Project names. What becomes of
    inherited access is not documented."""
    verify_soft_delete: Bool = False
    """True: a project that is not found counts as gone only while the list of soft-deleted projects holds it. Takes the
    role organization owner or administrator."""
    group_roles: Annotated[tuple[CSPRole, ...], Field(max_length=32, json_schema_extra={LIST_TYPE: "atomic"})] = ()
    """Roles that Projects may give to groups (`spec.groups[].roles`), on their own project alone; empty: none. That a
    project's VRN is what limits a role to it is not documented. Takes the role organization owner or administrator."""


class CSPBackend(ApiModel):
    """VMware Cloud Services Platform."""

    rules = (
        Rule("self.url == oldSelf.url", "`url` is immutable; create a new backend object", field_path=".url"),
        Rule(
            "self.organization == oldSelf.organization",
            "`organization` is immutable; create a new backend object",
            field_path=".organization",
        ),
    )

    url: BaseURL
    """Base URL of the console, such as `https://console.tanzu.broadcom.com`, without `/csp/gateway`. Immutable."""
    organization: RemoteID
    """Id of the organization that holds the projects; the credential must be for it. Immutable."""
    auth: CSPAuth
    """How the operator proves who it is."""
    auth_path: Annotated[str, Field(max_length=128), _PATH] | None = None
    """Where access tokens are asked for, below `/csp/gateway/am/api`; absent: `/auth/token` with client credentials,
    `/auth/api-tokens/authorize` with an API token."""
    auth_header: CSPAuthHeader = CSPAuthHeader.AUTHORIZATION
    """The header that carries the access token."""
    api_versions: CSPApiVersions = CSPApiVersions()
    """The versions in the paths of the resource manager."""
    capabilities: CSPCapabilities = CSPCapabilities()
    """What the vendor does not document, or documents with gaps."""
    ca_bundle: CABundle | None = None
    """Certificates (PEM) to trust instead of the system's."""


class CSPProject(ApiModel):
    """What only projects of VMware Cloud Services Platform have."""

    vrn: (
        Annotated[
            str,
            Field(max_length=255),
            matches("^[!-~]+$", "must be printable ASCII without white space, as the vendor writes VRNs"),
        ]
        | None
    ) = None
    """VMware resource name of the project; absent: as the vendor chooses. Its meaning is not documented."""
    sub_resource_service_scopes: (
        Annotated[tuple[RemoteID, ...], Field(min_length=1, max_length=32, json_schema_extra={LIST_TYPE: "set"})] | None
    ) = None
    """Ids of the service definitions that the children of the project may use; absent: all. Immutable."""
