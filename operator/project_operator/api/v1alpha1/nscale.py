"""nscale Identity as a member of the union in a backend object's spec."""

from project_operator.api.schema import ApiModel, Rule
from project_operator.api.v1alpha1.backend_parts import BaseURL, CABundle, SecretKeyRef, SecretRef
from project_operator.api.v1alpha1.types import RemoteID, RemoteName


class ServiceAccountToken(ApiModel):
    """A service account's bearer token."""

    secret_ref: SecretKeyRef
    """Where the token is. A change of the Secret is followed without a restart."""


class NscaleAuth(ApiModel):
    """How the operator proves who it is: exactly one of the members."""

    one_of = ("service_account_token",)

    service_account_token: ServiceAccountToken | None = None
    """The token of an nscale service account."""

    @property
    def secret_ref(self) -> SecretRef:
        """The Secret that holds the credential."""
        if self.service_account_token is None:
            raise AssertionError("a parsed spec has one kind of auth")
        return self.service_account_token.secret_ref


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
