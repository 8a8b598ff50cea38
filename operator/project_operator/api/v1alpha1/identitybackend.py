"""The kind IdentityBackend: where projects are made, with which credential, and within which limits."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field

from project_operator.api.durations import parse_duration
from project_operator.api.schema import LIST_TYPE, ApiModel, Bool, Int, Rule, wire_name
from project_operator.api.v1alpha1.backend_parts import Breaker, Capabilities, Consistency, RateLimit, SecretRef
from project_operator.api.v1alpha1.csp import CSPBackend
from project_operator.api.v1alpha1.k5 import K5Backend
from project_operator.api.v1alpha1.keystone import KeystoneBackend
from project_operator.api.v1alpha1.nscale import NscaleBackend
from project_operator.api.v1alpha1.otc import OTCBackend
from project_operator.api.v1alpha1.project import DeletionPolicy
from project_operator.api.v1alpha1.types import (
    Duration,
    ObjectMeta,
    StatusMessage,
    StatusModel,
    StatusText,
    Timestamp,
    clip_list,
    duration_between,
    is_duration,
)


def _same_type(members: tuple[str, ...]) -> Rule:
    """The rule that the member of the union stays the one it is."""
    same = (f"has(self.{wire_name(member)}) == has(oldSelf.{wire_name(member)})" for member in members)
    return Rule(" && ".join(same), "the type of backend is immutable; create a new backend object")


_TYPES = ("nscale", "keystone", "open_telekom_cloud", "fujitsu_k5", "vmware_csp")


class IdentityBackendSpec(ApiModel):
    """Exactly one type of backend, and what all types have in common."""

    one_of = _TYPES
    rules: ClassVar[tuple[Rule, ...]] = (
        _same_type(_TYPES),
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
    keystone: KeystoneBackend | None = None
    """OpenStack Keystone."""
    open_telekom_cloud: OTCBackend | None = None
    """Open Telekom Cloud."""
    fujitsu_k5: K5Backend | None = None
    """Fujitsu K5."""
    vmware_csp: CSPBackend | None = None
    """VMware Cloud Services Platform."""
    rate_limit: RateLimit = RateLimit()
    """How much the backend is asked to bear."""
    breaker: Breaker = Breaker()
    """When calls stop because the backend gives no usable answers, and when it is tried again."""
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
    `Delete` for nscale and Keystone, `Disable` for Fujitsu K5, `Orphan` for Open Telekom Cloud and VMware CSP."""
    capabilities: Capabilities = Capabilities()
    """What the operator may do in the backend."""

    @property
    def secret_ref(self) -> SecretRef:
        """The Secret that holds the credential; the first of `secret_refs`."""
        return self.secret_refs[0]

    @property
    def secret_refs(self) -> tuple[SecretRef, ...]:
        """Every Secret that the credential is made of."""
        if self.nscale is not None:
            return self.nscale.auth.secret_refs
        if self.keystone is not None:
            return (self.keystone.auth.secret_ref,)
        if self.open_telekom_cloud is not None:
            return (self.open_telekom_cloud.auth.password.secret_ref,)
        if self.fujitsu_k5 is not None:
            return (self.fujitsu_k5.auth.secret_ref,)
        if self.vmware_csp is not None:
            return (self.vmware_csp.auth.secret_ref,)
        raise AssertionError("a parsed spec has one type of backend")


FixedFields = Annotated[
    tuple[StatusText, ...], Field(max_length=20, json_schema_extra={LIST_TYPE: "atomic"}), clip_list(20)
]


class CapabilitiesStatus(ApiModel):
    """What this object offers its Projects: what its type of backend can do, as its spec switches it on or off."""

    create: Bool
    """Whether projects are created; otherwise they can only be imported."""
    update: Bool
    """Whether projects are changed."""
    delete: Bool
    """Whether projects are deleted; otherwise `deletionPolicy` must be another than `Delete`."""
    disable: Bool
    """Whether projects can be switched off and stay: `enabled`, and `deletionPolicy: Disable`."""
    group_roles: Bool
    """Whether groups are given roles on a project (`groups[].roles`); otherwise they bring their own, if they have
    any."""
    repeats_creation: Bool
    """Whether a creation whose outcome is unknown is sent again by itself, once it is proved that nothing came of it;
    otherwise a person decides."""
    fixed_fields: FixedFields = ()
    """Fields of a Project that cannot change once its project is there: a difference is reported, and the Project is
    Stalled."""


class ConsistencyStatus(ApiModel):
    """The bounds in force."""

    read_lag: StatusText
    """A read begun later than this after a write shows it."""
    in_flight_bound: StatusText
    """A request takes effect at most so long after it was sent."""


class RateLimitStatus(ApiModel):
    """The limits in force."""

    requests_per_second: Int
    """Requests per second, on average."""
    burst: Int
    """Requests that may come at once after a quiet time."""
    max_in_flight: Int
    """Requests under way at one time."""


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
    """What this object offers its Projects: what its type of backend can do, as its spec switches it on or off."""
    consistency: ConsistencyStatus | None = None
    """The bounds in force."""
    rate_limit: RateLimitStatus | None = None
    """The limits in force."""
    projects: Int | None = None
    """How many Projects use this object."""
    breaker: StatusText | None = None
    """`Closed`: calls begin. `Open`: none does but a read now and then, because the backend gives no usable answers;
    since when and why is in the condition `Reachable`."""
    last_error: LastError | None = None
    """The last failure of a call; stays until the next one."""
    secret_ref: SecretRefStatus | None = None
    """The Secret that carries the finalizer of this object."""
    certificate_secret_ref: SecretRefStatus | None = None
    """The Secret with a client certificate, where it is another one; it carries the finalizer too."""
    credential_expires_at: Timestamp | None = None
    """When the credential in use expires, where the backend tells; changes only with the credential."""


class IdentityBackend(ApiModel):
    """An identity service, an organization in it, and a credential."""

    metadata: ObjectMeta
    """Metadata of the object."""
    spec: IdentityBackendSpec
    """What is wanted."""
    status: IdentityBackendStatus = IdentityBackendStatus()
    """What is; written by the operator."""

    @property
    def secret_namespace(self) -> str:
        """Namespace of its Secret."""
        return self.metadata.namespace

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Self:
        """The object in ``raw``, as the API server sends it. An odd status is read as far as it goes.

        Raises:
            pydantic.ValidationError: metadata or spec do not fit the schema; the locations are wire names.
        """
        return cls.model_validate({**raw, "status": IdentityBackendStatus.parse(raw.get("status"))})
