"""Open Telekom Cloud as a member of the union in a backend object's spec."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from project_operator.api.schema import ApiModel, Rule, matches
from project_operator.api.v1alpha1.backend_parts import BaseURL, CABundle, SecretRef
from project_operator.api.v1alpha1.keystone import DomainRef
from project_operator.api.v1alpha1.types import RemoteName


class RegionPrefix(StrEnum):
    """How names come to begin with the region, as the vendor demands."""

    CHECK = "Check"
    """A Project says the whole name; one without the prefix is refused."""
    PREPEND = "Prepend"
    """A Project says the name without the prefix, which the operator puts before it."""


class OTCPassword(ApiModel):
    """An IAM user's name and password."""

    secret_ref: SecretRef
    """The Secret with the keys `username` and `password`, as in the type `kubernetes.io/basic-auth`. A change of it is
    followed without a restart."""
    user_domain_name: RemoteName | None = None
    """Name of the account that the user belongs to; absent: `domain.name`."""


class OTCAuth(ApiModel):
    """How the operator proves who it is."""

    password: OTCPassword
    """An IAM user with a password."""


class OTCBackend(ApiModel):
    """Open Telekom Cloud: one region of one account."""

    rules = (
        Rule("self.url == oldSelf.url", "`url` is immutable; create a new backend object", field_path=".url"),
        Rule(
            "self.domain == oldSelf.domain", "`domain` is immutable; create a new backend object", field_path=".domain"
        ),
        Rule(
            "self.region == oldSelf.region", "`region` is immutable; create a new backend object", field_path=".region"
        ),
        Rule(
            "has(self.domain.name) || has(self.auth.password.userDomainName)",
            "`auth.password.userDomainName` must be set where `domain` is named by its id: users sign in with the"
            " account's name",
            lambda backend: backend.domain.name is not None or backend.auth.password.user_domain_name is not None,
        ),
    )

    url: BaseURL
    """URL of IAM, such as `https://iam.eu-de.otc.t-systems.com`, with or without `/v3` at its end. Immutable."""
    domain: DomainRef
    """The account that holds the projects; the token is for it. Immutable."""
    region: Annotated[
        str,
        Field(max_length=32),
        matches("^[a-z0-9]+(-[a-z0-9]+)*$", "must be the id of a region, such as 'eu-de'"),
    ]
    """Id of the region whose projects these are. Immutable."""
    region_prefix: RegionPrefix = RegionPrefix.CHECK
    """How names come to begin with the region and an underscore: `Check`, a Project says so itself; `Prepend`, the
    operator puts it before every name, and shows names without it. Changed for Projects that are there, it changes what
    their names have to be."""
    auth: OTCAuth
    """How the operator proves who it is."""
    ca_bundle: CABundle | None = None
    """Certificates (PEM) to trust instead of the system's."""
