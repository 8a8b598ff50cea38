"""Fujitsu K5 (FJcloud-O) as a member of the union in a backend object's spec."""

import re
from typing import Annotated, Final

from project_operator.api.schema import ApiModel, Rule, cel_string
from project_operator.api.v1alpha1.backend_parts import BaseURL, CABundle, SecretRef
from project_operator.api.v1alpha1.keystone import DomainRef
from project_operator.api.v1alpha1.types import RemoteID, RemoteName

_GLOBAL: Final = r"^https?://([^/:]*[.])?[gG][lL][sS]([.:/].*)?$"
"""The URL of the global identity service, which has `gls` where others have their region."""


class K5Project(ApiModel):
    """A project, by id or by name; it is in the domain that the backend object names."""

    one_of = ("id", "name")

    id: RemoteID | None = None
    """Id of the project."""
    name: RemoteName | None = None
    """Name of the project."""


class K5Password(ApiModel):
    """A user's name and password."""

    secret_ref: SecretRef
    """The Secret with the keys `username` and `password`, as in the type `kubernetes.io/basic-auth`. A change of it is
    followed without a restart."""
    project: K5Project | None = None
    """The project that the token is for, which no Project can change; absent: the one that K5 chooses. While it is
    disabled there is no token."""


class K5Auth(ApiModel):
    """How the operator proves who it is: exactly one of the members."""

    one_of = ("password",)

    password: K5Password | None = None
    """A user of the contract with the role of its administrator."""

    @property
    def secret_ref(self) -> SecretRef:
        """The Secret that holds the credential."""
        if self.password is None:
            raise AssertionError("a parsed spec has one kind of auth")
        return self.password.secret_ref


class K5Backend(ApiModel):
    """Fujitsu K5: the identity service of one region."""

    rules = (
        Rule("self.url == oldSelf.url", "`url` is immutable; create a new backend object", field_path=".url"),
        Rule(
            "self.domain == oldSelf.domain", "`domain` is immutable; create a new backend object", field_path=".domain"
        ),
    )

    url: Annotated[
        BaseURL,
        Rule(
            f"!self.matches({cel_string(_GLOBAL)})",
            "must be the identity service of a region, such as 'https://identity.jp-east-1.cloud.global.fujitsu.com': "
            "tokens of the global one may not manage projects",
            lambda url: re.match(_GLOBAL, url) is None,
        ),
    ]
    """URL of the region's identity service, such as `https://identity.jp-east-1.cloud.global.fujitsu.com`, with or
    without `/v3` at its end. Immutable."""
    domain: DomainRef
    """The domain of the contract, which holds the projects and the user. Immutable."""
    auth: K5Auth
    """How the operator proves who it is."""
    ca_bundle: CABundle | None = None
    """Certificates (PEM) to trust instead of the system's."""
