"""What a connection to the Cloud Services Platform needs to know, and how it is read from a backend object and its
Secret.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from project_operator.api.durations import parse_duration
from project_operator.api.v1alpha1.csp import CSPApiVersions, CSPAuthHeader, CSPBackend, CSPCapabilities
from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.backends.csp.credentials import ApiToken, ClientCredentials, Credential
from project_operator.backends.csp.errors import SPEC_PATH, URL_FIELD
from project_operator.backends.csp.roles import GrantableRole
from project_operator.backends.load import Load
from project_operator.backends.urls import normal_url
from project_operator.errors import ConnectionRefused

CLIENT_ID_KEY: Final = "client-id"
CLIENT_SECRET_KEY: Final = "client-secret"  # noqa: S105 - the name of a key
"""Keys of the Secret."""

_GATEWAY: Final = "/csp/gateway"

LOAD: Final = Load(requests_per_second=5, burst=5, max_in_flight=4)
"""No limit is documented, but 429 is for every operation (V6-3, V9-12): chosen with care."""


@dataclass(frozen=True, slots=True)
class CSPConfig:
    """One organization and one credential."""

    url: str
    """Base URL, without ``/csp/gateway``."""
    organization_id: str
    credential: Credential
    auth_header: CSPAuthHeader = CSPAuthHeader.AUTHORIZATION
    versions: CSPApiVersions = field(default_factory=CSPApiVersions)
    delete: bool = False
    """Whether projects may be deleted, by a call that is not documented (V2-7)."""
    reparent: bool = False
    """Whether a project may be moved to another parent (V2-15)."""
    verify_soft_delete: bool = False
    """Whether what is gone must be in the list of soft-deleted projects (V2-5)."""
    group_roles: tuple[GrantableRole, ...] = ()
    """Roles that groups may be given on projects (V7-5)."""
    ca_bundle: str = field(default="", repr=False)
    """PEM. "": the certificates that the system trusts."""
    timeout: float = 15.0
    """Seconds; the deadline of one call."""
    connections: int = 8


def from_spec(spec: IdentityBackendSpec, secret: Mapping[str, bytes]) -> CSPConfig:
    """The configuration in a backend object's spec, with the credential from the Secret that it names.

    ``secret`` is the Secret's ``data``, decoded.

    Raises:
        ConnectionRefused: the Secret lacks a key, or what it holds cannot be used.
    """
    csp = member(spec)
    capabilities = csp.capabilities
    return CSPConfig(
        url=base_url(csp.url),
        organization_id=csp.organization,
        credential=_credential(csp, secret),
        auth_header=csp.auth_header,
        versions=csp.api_versions,
        delete=capabilities.delete,
        reparent=capabilities.reparent,
        verify_soft_delete=capabilities.verify_soft_delete,
        group_roles=grantable(capabilities),
        ca_bundle=csp.ca_bundle or "",
        timeout=parse_duration(spec.timeout).total_seconds(),
        connections=LOAD.limited(spec.rate_limit).max_in_flight,
    )


def endpoint(spec: IdentityBackendSpec) -> str:
    """``vmwareCSP:`` and the URL in its normal form."""
    return f"vmwareCSP:{base_url(member(spec).url)}"


def base_url(text: str) -> str:
    """``text`` in its normal form, without the gateway at its end.

    Raises:
        ConnectionRefused: it is no URL.
    """
    return normal_url(text, URL_FIELD).removesuffix(_GATEWAY)


def member(spec: IdentityBackendSpec) -> CSPBackend:
    """The member of the union that is about this kind."""
    if spec.vmware_csp is None:
        raise AssertionError("asked about a backend of another type")
    return spec.vmware_csp


def grantable(capabilities: CSPCapabilities) -> tuple[GrantableRole, ...]:
    """The roles that groups may be given."""
    roles = (GrantableRole(role.name, role.kind, role.service_definition_id or "") for role in capabilities.group_roles)
    return tuple(dict.fromkeys(roles))


def _credential(csp: CSPBackend, secret: Mapping[str, bytes]) -> Credential:
    path = {} if csp.auth_path is None else {"path": csp.auth_path}
    if csp.auth.api_token is not None:
        ref = csp.auth.api_token.secret_ref
        where = f"{SPEC_PATH}.auth.apiToken.secretRef"
        return ApiToken(_word(secret, ref.key, ref.name, where), **path)
    if csp.auth.client_credentials is not None:
        name = csp.auth.client_credentials.secret_ref.name
        where = f"{SPEC_PATH}.auth.clientCredentials.secretRef"
        client_id = _word(secret, CLIENT_ID_KEY, name, where)
        if ":" in client_id:
            raise ConnectionRefused(
                f"key {CLIENT_ID_KEY!r} of the Secret {name!r} must not hold ':', which ends it in HTTP Basic",
                field=where,
            )
        return ClientCredentials(client_id, _word(secret, CLIENT_SECRET_KEY, name, where), **path)
    raise AssertionError("a parsed spec has one kind of auth")


def _word(secret: Mapping[str, bytes], key: str, name: str, where: str) -> str:
    """The text under ``key``, without the line break that an editor or `echo` leaves at its end."""
    if key not in secret:
        raise ConnectionRefused(f"the Secret {name!r} has no key {key!r}; put it there", field=where)
    word = secret[key].strip().decode("ascii", errors="replace")
    if not word or not all("!" <= char <= "~" for char in word):
        raise ConnectionRefused(
            f"key {key!r} of the Secret {name!r} cannot be used; it must be one word of printable ASCII", field=where
        )
    return word
