"""nscale Identity as a member of the union in a backend object's spec."""

from typing import Annotated

from project_operator.api.schema import ApiModel, Rule
from project_operator.api.v1alpha1.backend_parts import BaseURL, CABundle, SecretKeyRef, SecretRef
from project_operator.api.v1alpha1.types import Duration, RemoteID, RemoteName, duration_between


class TokenRotation(ApiModel):
    """That the operator replaces the token before it expires. The new one is kept in a Secret of the operator's own,
    named as the backend object with `-rotated` behind it; the Secret that `secretRef` names stays as it is, and counts
    again when somebody puts another token into it.
    """

    before: Annotated[Duration, duration_between("1m", "8760h")] = "720h"
    """How long before its expiry. A token is never replaced in the first half of its life, however short that is."""


class ServiceAccountToken(ApiModel):
    """A service account's bearer token."""

    secret_ref: SecretKeyRef
    """Where the token is. A change of the Secret is followed without a restart."""
    rotation: TokenRotation | None = None
    """Absent: the token is used until it expires."""


class RefreshToken(ApiModel):
    """The session of a person with an OAuth 2 client: an access token is asked for with a refresh token, which works
    once and is replaced each time. The next one is kept in a Secret of the operator's own, named as the backend object
    with `-rotated` behind it. Nothing else may use the same session.
    """

    secret_ref: SecretRef
    """The Secret with the keys `refresh-token`, `client-id` and `client-secret`. A change of it is followed without a
    restart."""


class ClientCertificate(ApiModel):
    """A certificate that the operator shows when it connects."""

    secret_ref: SecretRef
    """The Secret with the keys `tls.crt` (with its chain) and `tls.key`, as of the type `kubernetes.io/tls`. A change
    of it is followed without a restart."""


class NscaleAuth(ApiModel):
    """How the operator proves who it is."""

    rules = (
        Rule(
            "!(has(self.serviceAccountToken) && has(self.refreshToken))",
            "must not set both `serviceAccountToken` and `refreshToken`",
            lambda auth: auth.service_account_token is None or auth.refresh_token is None,
        ),
        Rule(
            "has(self.serviceAccountToken) || has(self.refreshToken) || has(self.clientCertificate)",
            "must set `serviceAccountToken`, `refreshToken` or `clientCertificate`",
            lambda auth: any((auth.service_account_token, auth.refresh_token, auth.client_certificate)),
        ),
    )

    service_account_token: ServiceAccountToken | None = None
    """The token of an nscale service account: what a robot should use."""
    refresh_token: RefreshToken | None = None
    """The session of a person."""
    client_certificate: ClientCertificate | None = None
    """Alone: who the operator is, to a server that it is a platform service of (nscale 1.13 and later). Beside a token:
    what an ingress in front of the server asks for."""

    @property
    def secret_refs(self) -> tuple[SecretRef, ...]:
        """The Secrets that hold the credential; that of a token before that of a certificate."""
        chosen = (self.service_account_token, self.refresh_token, self.client_certificate)
        return tuple(one.secret_ref for one in chosen if one is not None)

    @property
    def secret_ref(self) -> SecretRef:
        """The first of `secret_refs`."""
        return self.secret_refs[0]


class OrganizationRef(ApiModel):
    """An organization, by id or by name."""

    one_of = ("id", "name")

    id: RemoteID | None = None
    """Id of the organization."""
    name: RemoteName | None = None
    """Name of the organization."""


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
