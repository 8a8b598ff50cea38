"""What a connection to Open Telekom Cloud needs to know, and how it is read from a backend object and its Secret."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from project_operator.api.durations import parse_duration
from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.api.v1alpha1.otc import OTCBackend
from project_operator.backends.keystone_v3.credentials import DomainScope, Password, Reference
from project_operator.backends.keystone_v3.secret_text import PASSWORD_KEY, USERNAME_KEY, line
from project_operator.backends.load import Load
from project_operator.backends.otc.errors import ANSWERS, SPEC_PATH
from project_operator.backends.otc.names import RegionNames
from project_operator.backends.urls import normal_url

_VERSION: Final = "/v3"

LOAD: Final = Load(requests_per_second=5, burst=5, max_in_flight=8)
"""Siblings allow 5 to 10 requests a second, and 429 comes early (T5-3, T8-14)."""


@dataclass(frozen=True, slots=True)
class OTCConfig:
    """One region of one account, and one user."""

    url: str
    """URL of IAM, without ``/v3``."""
    names: RegionNames
    credential: Password
    """Its scope is the account as a whole (T3-3)."""
    ca_bundle: str = field(default="", repr=False)
    """PEM. "": the certificates that the system trusts."""
    timeout: float = 15.0
    """Seconds; the deadline of one request."""
    connections: int = 8


def from_spec(spec: IdentityBackendSpec, secret: Mapping[str, bytes]) -> OTCConfig:
    """The configuration in a backend object's spec, with the credential from the Secret that it names.

    ``secret`` is the Secret's ``data``, decoded.

    Raises:
        ConnectionRefused: the Secret lacks a key, or what it holds cannot be used.
    """
    otc = member(spec)
    auth, domain = otc.auth.password, Reference(otc.domain.id or "", otc.domain.name or "")
    where, name = f"{SPEC_PATH}.auth.password.secretRef", auth.secret_ref.name
    return OTCConfig(
        url=base_url(otc.url),
        names=region_names(otc),
        credential=Password(
            user=line(secret, USERNAME_KEY, name, where),
            user_domain=Reference(name=auth.user_domain_name or domain.name),
            password=line(secret, PASSWORD_KEY, name, where),
            scope=DomainScope(domain),
        ),
        ca_bundle=otc.ca_bundle or "",
        timeout=parse_duration(spec.timeout).total_seconds(),
        connections=LOAD.limited(spec.rate_limit).max_in_flight,
    )


def region_names(otc: OTCBackend) -> RegionNames:
    """How names are written for that backend object."""
    return RegionNames(otc.region, otc.region_prefix)


def endpoint(spec: IdentityBackendSpec) -> str:
    """``openTelekomCloud:``, the URL in its normal form, and the region: two regions are two places."""
    otc = member(spec)
    return f"openTelekomCloud:{base_url(otc.url)}/{otc.region}"


def base_url(text: str) -> str:
    """``text`` in its normal form, without the version at its end.

    Raises:
        ConnectionRefused: it is no URL.
    """
    return normal_url(text, ANSWERS.url_field).removesuffix(_VERSION).rstrip("/")


def member(spec: IdentityBackendSpec) -> OTCBackend:
    """The member of the union that is about this kind."""
    if spec.open_telekom_cloud is None:
        raise AssertionError("asked about a backend of another type")
    return spec.open_telekom_cloud
