"""How a connection to K5 is read from a backend object and its Secret."""

from collections.abc import Mapping
from typing import Final

from project_operator.api.durations import parse_duration
from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.api.v1alpha1.k5 import K5Auth, K5Backend
from project_operator.backends.k5.dialect import K5
from project_operator.backends.keystone_v3.config import KeystoneConfig
from project_operator.backends.keystone_v3.credentials import Password, ProjectScope, Reference
from project_operator.backends.keystone_v3.secret_text import PASSWORD_KEY, USERNAME_KEY, line
from project_operator.backends.load import Load
from project_operator.backends.urls import normal_url

_VERSION: Final = "/v3"

LOAD: Final = Load(requests_per_second=10, burst=10, max_in_flight=8)
"""No limit is documented (F9-1, F9-2), so it is asked for less than a Keystone of one's own."""


def from_spec(spec: IdentityBackendSpec, secret: Mapping[str, bytes]) -> KeystoneConfig:
    """The configuration in a backend object's spec, with the credential from the Secret that it names.

    ``secret`` is the Secret's ``data``, decoded.

    Raises:
        ConnectionRefused: the Secret lacks a key, or what it holds cannot be used.
    """
    k5 = _member(spec)
    domain = Reference(k5.domain.id or "", k5.domain.name or "")
    return KeystoneConfig(
        url=base_url(k5.url),
        domain=domain,
        credential=_credential(k5.auth, domain, secret),
        ca_bundle=k5.ca_bundle or "",
        timeout=parse_duration(spec.timeout).total_seconds(),
        connections=LOAD.limited(spec.rate_limit).max_in_flight,
    )


def endpoint(spec: IdentityBackendSpec) -> str:
    """``fujitsuK5:`` and the URL in its normal form."""
    return f"fujitsuK5:{base_url(_member(spec).url)}"


def base_url(text: str) -> str:
    """``text`` in its normal form, without the version at its end.

    Raises:
        ConnectionRefused: it is no URL.
    """
    return normal_url(text, K5.url_field).removesuffix(_VERSION).rstrip("/")


def _member(spec: IdentityBackendSpec) -> K5Backend:
    if spec.fujitsu_k5 is None:
        raise AssertionError("asked about a backend of another type")
    return spec.fujitsu_k5


def _credential(auth: K5Auth, domain: Reference, secret: Mapping[str, bytes]) -> Password:
    if auth.password is None:
        raise AssertionError("a parsed spec has one kind of auth")
    where = f"{K5.spec_path}.auth.password.secretRef"
    name = auth.password.secret_ref.name
    project = auth.password.project
    return Password(
        user=line(secret, USERNAME_KEY, name, where),
        user_domain=domain,
        password=line(secret, PASSWORD_KEY, name, where),
        scope=None if project is None else _scope(Reference(project.id or "", project.name or ""), domain),
    )


def _scope(project: Reference, domain: Reference) -> ProjectScope:
    """A project that is named by its name needs its domain beside it."""
    return ProjectScope(project, domain if project.name else None)
