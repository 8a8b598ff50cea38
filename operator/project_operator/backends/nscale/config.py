"""What a connection to nscale Identity needs to know, and how it is read from a backend object and its Secret."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from project_operator.api.durations import parse_duration
from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.api.v1alpha1.nscale import NscaleBackend, ServiceAccountToken
from project_operator.backends.nscale.errors import SPEC_PATH, URL_FIELD
from project_operator.backends.urls import normal_url
from project_operator.errors import ConnectionRefused

TOKEN_FIELD: Final = f"{SPEC_PATH}.auth.serviceAccountToken.secretRef"


@dataclass(frozen=True, slots=True)
class NscaleConfig:
    """One organization, by id, by name, or (with neither) the only one that the token sees."""

    url: str
    """Base URL, without ``/api/v1``."""
    token: str = field(repr=False)
    """A service account's bearer token (N3.2)."""
    organization_id: str = ""
    organization_name: str = ""
    ca_bundle: str = field(default="", repr=False)
    """PEM. "": the certificates that the system trusts."""
    timeout: float = 15.0
    """Seconds; the deadline of one call."""
    connections: int = 8


def from_spec(spec: IdentityBackendSpec, secret: Mapping[str, bytes]) -> NscaleConfig:
    """The configuration in a backend object's spec, with the token from the Secret that it names.

    ``secret`` is the Secret's ``data``, decoded.

    Raises:
        ConnectionRefused: the Secret has no such key, or what it holds can be no token.
    """
    nscale, account = _members(spec)
    organization = nscale.organization
    return NscaleConfig(
        url=normal_url(nscale.url, URL_FIELD),
        token=_token(secret, account.secret_ref.name, account.secret_ref.key),
        organization_id=(organization.id or "") if organization else "",
        organization_name=(organization.name or "") if organization else "",
        ca_bundle=nscale.ca_bundle or "",
        timeout=parse_duration(spec.timeout).total_seconds(),
        connections=spec.rate_limit.max_in_flight,
    )


def endpoint(spec: IdentityBackendSpec) -> str:
    """``nscale:`` and the URL in its normal form."""
    return f"nscale:{normal_url(_members(spec)[0].url, URL_FIELD)}"


def _members(spec: IdentityBackendSpec) -> tuple[NscaleBackend, ServiceAccountToken]:
    if spec.nscale is None or spec.nscale.auth.service_account_token is None:
        raise AssertionError("asked about a backend of another type")
    return spec.nscale, spec.nscale.auth.service_account_token


def _token(secret: Mapping[str, bytes], name: str, key: str) -> str:
    if key not in secret:
        raise ConnectionRefused(f"the Secret {name!r} has no key {key!r}; put the token there", field=TOKEN_FIELD)
    # An editor or `echo` leaves a line break at the end; no token has white space.
    token = secret[key].strip().decode("ascii", errors="replace")
    if not token or not all("!" <= char <= "~" for char in token):
        raise ConnectionRefused(
            f"key {key!r} of the Secret {name!r} holds no token; it must be one line of printable ASCII",
            field=TOKEN_FIELD,
        )
    return token
