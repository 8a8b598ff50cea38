"""How a connection to Keystone is read from a backend object and its Secret."""

from collections.abc import Mapping
from typing import Final

from project_operator.api.durations import parse_duration
from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.api.v1alpha1.keystone import DomainRef, KeystoneAuth, KeystoneBackend, KeystoneScope
from project_operator.backends.keystone_v3.config import KeystoneConfig
from project_operator.backends.keystone_v3.credentials import (
    ApplicationCredential,
    Credential,
    DomainScope,
    Password,
    ProjectScope,
    Reference,
    Scope,
    SystemScope,
)
from project_operator.backends.keystone_v3.secret_text import PASSWORD_KEY, USERNAME_KEY, line
from project_operator.backends.load import Load
from project_operator.backends.openstack.dialect import OPENSTACK
from project_operator.backends.urls import normal_url

ID_KEY: Final = "id"
SECRET_KEY: Final = "secret"  # noqa: S105 - likewise
"""Keys of the Secret of an application credential."""

_VERSION: Final = "/v3"


def from_spec(spec: IdentityBackendSpec, secret: Mapping[str, bytes]) -> KeystoneConfig:
    """The configuration in a backend object's spec, with the credential from the Secret that it names.

    ``secret`` is the Secret's ``data``, decoded.

    Raises:
        ConnectionRefused: the Secret lacks a key, or what it holds cannot be used.
    """
    keystone = _member(spec)
    home = _reference(keystone.domain)
    return KeystoneConfig(
        url=base_url(keystone.url),
        domain=home,
        credential=_credential(keystone.auth, home, secret),
        additional_domains=keystone.additional_domains,
        manage_domains=keystone.manage_domains,
        ca_bundle=keystone.ca_bundle or "",
        timeout=parse_duration(spec.timeout).total_seconds(),
        connections=Load().limited(spec.rate_limit).max_in_flight,
    )


def endpoint(spec: IdentityBackendSpec) -> str:
    """``keystone:`` and the URL in its normal form."""
    return f"keystone:{base_url(_member(spec).url)}"


def base_url(text: str) -> str:
    """``text`` in its normal form, without the version at its end.

    Raises:
        ConnectionRefused: it is no URL.
    """
    return normal_url(text, OPENSTACK.url_field).removesuffix(_VERSION).rstrip("/")


def _member(spec: IdentityBackendSpec) -> KeystoneBackend:
    if spec.keystone is None:
        raise AssertionError("asked about a backend of another type")
    return spec.keystone


def _credential(auth: KeystoneAuth, home: Reference, secret: Mapping[str, bytes]) -> Credential:
    if auth.password is not None:
        where = f"{OPENSTACK.spec_path}.auth.password.secretRef"
        name = auth.password.secret_ref.name
        user_domain = auth.password.user_domain
        return Password(
            user=line(secret, USERNAME_KEY, name, where),
            user_domain=home if user_domain is None else _reference(user_domain),
            password=line(secret, PASSWORD_KEY, name, where),
            scope=_scope(auth.password.scope, home),
        )
    if auth.application_credential is not None:
        where = f"{OPENSTACK.spec_path}.auth.applicationCredential.secretRef"
        name = auth.application_credential.secret_ref.name
        return ApplicationCredential(id=line(secret, ID_KEY, name, where), secret=line(secret, SECRET_KEY, name, where))
    raise AssertionError("a parsed spec has one kind of auth")


def _scope(scope: KeystoneScope | None, home: Reference) -> Scope:
    if scope is None:
        return DomainScope(home)
    if scope.project is not None:
        domain = scope.project.domain
        return ProjectScope(
            Reference(scope.project.id or "", scope.project.name or ""),
            None if domain is None else _reference(domain),
        )
    return SystemScope() if scope.domain is None else DomainScope(_reference(scope.domain))


def _reference(domain: DomainRef) -> Reference:
    return Reference(domain.id or "", domain.name or "")
