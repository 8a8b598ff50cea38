"""The kind IdentityBackend: where projects are made, with which credential, and within which limits."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Self
from urllib.parse import urlsplit

from pydantic import Field

from project_operator.api.durations import parse_duration
from project_operator.api.schema import ApiModel, Bool, Int, Rule, cel_string, matches
from project_operator.api.v1alpha1.project import DeletionPolicy
from project_operator.api.v1alpha1.types import (
    Duration,
    ObjectMeta,
    ObjectName,
    RemoteID,
    RemoteName,
    StatusMessage,
    StatusModel,
    StatusText,
    Timestamp,
    duration_between,
    is_duration,
)


class SecretKeyRef(ApiModel):
    """A key of a Secret."""

    name: ObjectName
    """Name of the Secret, in the namespace of the backend object. It must carry the label
    `identity.project-operator.dev/credentials: "true"`."""
    key: Annotated[
        str,
        Field(max_length=253),
        matches("^[-._a-zA-Z0-9]+$", "must be the key of a Secret: letters, digits, '-', '_' and '.'"),
    ] = "token"
    """Key in the Secret."""


class ServiceAccountToken(ApiModel):
    """A service account's bearer token."""

    secret_ref: SecretKeyRef
    """Where the token is. A change of the Secret is followed without a restart."""


class NscaleAuth(ApiModel):
    """How the operator proves who it is: exactly one of the members."""

    one_of = ("service_account_token",)

    service_account_token: ServiceAccountToken | None = None
    """The token of an nscale service account."""


class OrganizationRef(ApiModel):
    """An organization, by id or by name."""

    one_of = ("id", "name")

    id: RemoteID | None = None
    """Id of the organization."""
    name: RemoteName | None = None
    """Name of the organization."""


def _has_host(text: str) -> bool:
    try:
        url = urlsplit(text)
        return bool(url.hostname) and url.port != 0
    except ValueError:
        return False


_BASE_URL: Final = r"^https?://[^\s/?#@\\]+(/[^\s?#@\\]*)?$"

BaseURL = Annotated[
    str,
    Field(max_length=512),
    Rule(
        f"self.matches({cel_string(_BASE_URL)}) && isURL(self)",
        "must be an http or https URL without user, query and fragment, such as 'https://identity.example.com'",
        lambda text: re.fullmatch(_BASE_URL, text, re.ASCII) is not None and _has_host(text),
    ),
]

CABundle = Annotated[
    str,
    Field(max_length=65536),
    Rule(
        "self.contains('-----BEGIN CERTIFICATE-----')",
        "must be certificates in PEM, beginning with '-----BEGIN CERTIFICATE-----'",
        lambda text: "-----BEGIN CERTIFICATE-----" in text,
    ),
]


class NscaleBackend(ApiModel):
    """nscale Identity."""

    rules = (
        Rule("self.url == oldSelf.url", "`url` is immutable; create a new backend object", field_path=".url"),
        Rule(
            "has(self.organization) == has(oldSelf.organization)"
            " && (!has(self.organization) || self.organization == oldSelf.organization)",
            "`organization` is immutable; create a new backend object",
            field_path=".organization",
        ),
    )

    url: BaseURL
    """Base URL of the identity service, without `/api/v1`. Immutable."""
    organization: OrganizationRef | None = None
    """The organization that holds the projects; absent: the only one that the credential sees. Immutable."""
    auth: NscaleAuth
    """How the operator proves who it is."""
    ca_bundle: CABundle | None = None
    """Certificates (PEM) to trust instead of the system's."""


class RateLimit(ApiModel):
    """How much the backend is asked to bear."""

    requests_per_second: Annotated[Int, Field(ge=1, le=1000)] = 100
    """Requests per second, on average."""
    burst: Annotated[Int, Field(ge=1, le=1000)] = 100
    """Requests that may come at once after a quiet time."""
    max_in_flight: Annotated[Int, Field(ge=1, le=64)] = 16
    """Requests under way at one time."""


class Consistency(ApiModel):
    """What is assumed of the backend; promises about duplicates hold within it."""

    read_lag: Annotated[Duration, duration_between("0s", "1h")] = "10s"
    """A read begun later than this after a write shows it."""
    in_flight_bound: Annotated[Duration, duration_between("1s", "1h")] = "60s"
    """A request takes effect at most so long after it was sent, if at all, even when the connection was lost. Not
    shorter than `timeout`."""


class Capabilities(ApiModel):
    """What the operator may do in the backend; switch off what a site forbids."""

    create: Bool = True
    """Whether projects may be created."""
    update: Bool = True
    """Whether projects may be changed."""
    delete: Bool = True
    """Whether projects may be deleted."""


class IdentityBackendSpec(ApiModel):
    """Exactly one type of backend, and what all types have in common."""

    one_of = ("nscale",)
    rules = (
        Rule(
            f"!{is_duration('self.consistency.inFlightBound')} || !{is_duration('self.timeout')}"
            " || duration(self.consistency.inFlightBound) >= duration(self.timeout)",
            "`consistency.inFlightBound` must not be shorter than `timeout`",
            lambda spec: parse_duration(spec.consistency.in_flight_bound) >= parse_duration(spec.timeout),
            field_path=".consistency.inFlightBound",
        ),
    )

    nscale: NscaleBackend | None = None
    """nscale Identity."""
    rate_limit: RateLimit = RateLimit()
    """How much the backend is asked to bear."""
    timeout: Annotated[Duration, duration_between("1s", "5m")] = "15s"
    """Deadline of one request."""
    interval: Annotated[Duration, duration_between("1s", "24h")] = "60s"
    """How often the projects are listed to find what changed outside."""
    consistency: Consistency = Consistency()
    """What is assumed of the backend."""
    remove_duplicates: Bool = False
    """True: a second project with the mark of a Project is deleted, if this credential made it. False: it is only
    reported."""
    deletion_policy: DeletionPolicy | None = None
    """Deletion policy of Projects that do not say their own; absent: the default of the type of backend, which is
    `Delete` for nscale."""
    capabilities: Capabilities = Capabilities()
    """What the operator may do in the backend."""

    @property
    def secret_ref(self) -> SecretKeyRef:
        """The Secret that holds the credential."""
        if self.nscale is None or self.nscale.auth.service_account_token is None:
            raise AssertionError("a parsed spec has one type of backend and one kind of auth")
        return self.nscale.auth.service_account_token.secret_ref


class CapabilitiesStatus(ApiModel):
    """What the operator may and can do in the backend."""

    create: Bool
    """Whether projects can be created."""
    update: Bool
    """Whether projects can be changed."""
    delete: Bool
    """Whether projects can be deleted."""


class ConsistencyStatus(ApiModel):
    """The bounds in force."""

    read_lag: StatusText
    """A read begun later than this after a write shows it."""
    in_flight_bound: StatusText
    """A request takes effect at most so long after it was sent."""


class LastError(ApiModel):
    """The last failure of a call."""

    message: StatusMessage
    """What happened."""
    time: Timestamp
    """When it happened."""


class SecretRefStatus(ApiModel):
    """A Secret in use."""

    name: StatusText
    """Name of the Secret."""


class IdentityBackendStatus(StatusModel):
    """What is. Written by the operator alone."""

    organization_id: StatusText | None = None
    """Id of the organization."""
    organization_name: StatusText | None = None
    """Name of the organization."""
    endpoint_id: StatusText | None = None
    """Fingerprint of type, URL and organization, which Projects keep."""
    principal: StatusText | None = None
    """Who the credential is to the backend."""
    server_version: StatusText | None = None
    """Version of the backend, where it tells."""
    capabilities: CapabilitiesStatus | None = None
    """What the operator may and can do in the backend."""
    consistency: ConsistencyStatus | None = None
    """The bounds in force."""
    projects: Int | None = None
    """How many Projects use this object."""
    last_error: LastError | None = None
    """The last failure of a call; stays until the next one."""
    secret_ref: SecretRefStatus | None = None
    """The Secret that carries the finalizer of this object."""


class IdentityBackend(ApiModel):
    """An identity service, an organization in it, and a credential."""

    metadata: ObjectMeta
    """Metadata of the object."""
    spec: IdentityBackendSpec
    """What is wanted."""
    status: IdentityBackendStatus = IdentityBackendStatus()
    """What is; written by the operator."""

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Self:
        """The object in ``raw``, as the API server sends it. An odd status is read as far as it goes.

        Raises:
            pydantic.ValidationError: metadata or spec do not fit the schema; the locations are wire names.
        """
        return cls.model_validate({**raw, "status": IdentityBackendStatus.parse(raw.get("status"))})
