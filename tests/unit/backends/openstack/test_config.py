from typing import Any

import pytest

from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.backends.keystone_v3.backend import KeystoneBackend
from project_operator.backends.keystone_v3.credentials import (
    ApplicationCredential,
    DomainScope,
    Password,
    ProjectScope,
    Reference,
    Scope,
    SystemScope,
)
from project_operator.backends.openstack import VENDOR
from project_operator.backends.openstack.config import base_url, endpoint, from_spec
from project_operator.backends.vendor import Surroundings
from project_operator.errors import ConnectionRefused

SECRET = {"username": b"operator\n", "password": b"pa ss", "id": b"i", "secret": b"s"}


def spec(*, auth: dict[str, Any] | None = None, **keystone: Any) -> IdentityBackendSpec:
    member = {
        "url": "https://identity.example.com:5000/v3",
        "domain": {"name": "home"},
        "auth": auth or {"password": {"secretRef": {"name": "keystone"}}},
        **keystone,
    }
    return IdentityBackendSpec.model_validate({"keystone": member, "rateLimit": {"maxInFlight": 3}, "timeout": "7s"})


def password(**fields: Any) -> dict[str, Any]:
    return {"password": {"secretRef": {"name": "keystone"}, **fields}}


def test_the_least_that_can_be_said() -> None:
    config = from_spec(spec(), SECRET)
    home = Reference(name="home")
    assert config.url == "https://identity.example.com:5000"
    assert config.domain == home
    assert config.credential == Password("operator", home, "pa ss", DomainScope(home))
    assert (config.timeout, config.connections, config.additional_domains) == (7.0, 3, ())
    assert not config.manage_domains


def test_everything_that_can_be_said() -> None:
    bundle = "-----BEGIN CERTIFICATE-----"
    config = from_spec(spec(domain={"id": "d"}, additionalDomains=["e"], manageDomains=True, caBundle=bundle), SECRET)
    assert config.domain == Reference("d")
    assert config.additional_domains == ("e",)
    assert config.manage_domains
    assert config.ca_bundle == bundle


@pytest.mark.parametrize(
    ("said", "scope"),
    [
        ({"domain": {"id": "d"}}, DomainScope(Reference("d"))),
        ({"project": {"id": "p"}}, ProjectScope(Reference("p"))),
        (
            {"project": {"name": "admin", "domain": {"id": "default"}}},
            ProjectScope(Reference(name="admin"), Reference("default")),
        ),
        ({"system": True}, SystemScope()),
    ],
)
def test_a_scope_is_what_is_said(said: dict[str, Any], scope: Scope) -> None:
    config = from_spec(spec(auth=password(scope=said, userDomain={"id": "users"})), SECRET)
    assert config.credential == Password("operator", Reference("users"), "pa ss", scope)


def test_an_application_credential() -> None:
    auth = {"applicationCredential": {"secretRef": {"name": "keystone"}}}
    assert from_spec(spec(auth=auth), SECRET).credential == ApplicationCredential("i", "s")


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        ({"password": b"x"}, "the Secret 'keystone' has no key 'username'"),
        ({"username": b"x"}, "the Secret 'keystone' has no key 'password'"),
        ({"username": b"x", "password": b""}, "key 'password' of the Secret 'keystone' cannot be used"),
        ({"username": b"x", "password": b"hunter\n2"}, "must be one line of printable UTF-8"),
        ({"username": b"x", "password": b"hunter\xff"}, "must be one line of printable UTF-8"),
    ],
)
def test_a_secret_that_cannot_be_used_is_named_and_not_shown(secret: dict[str, bytes], words: str) -> None:
    with pytest.raises(ConnectionRefused, match=words) as raised:
        from_spec(spec(), secret)
    assert raised.value.field == "spec.keystone.auth.password.secretRef"
    assert "hunter" not in str(raised.value)


def test_the_secret_of_an_application_credential_likewise() -> None:
    auth = {"applicationCredential": {"secretRef": {"name": "keystone"}}}
    with pytest.raises(ConnectionRefused, match="has no key 'secret'") as raised:
        from_spec(spec(auth=auth), {"id": b"i"})
    assert raised.value.field == "spec.keystone.auth.applicationCredential.secretRef"


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://a:5000", "https://a:5000"),
        ("https://A:5000/v3/", "https://a:5000"),
        ("https://a/identity/v3", "https://a/identity"),
        ("https://a:443/identity/", "https://a/identity"),
        ("https://a/v3/v3", "https://a/v3"),
        ("https://a/other-v3", "https://a/other-v3"),
    ],
)
def test_the_version_at_the_end_of_the_url_makes_no_difference(url: str, base: str) -> None:
    assert base_url(url) == base
    assert endpoint(spec(url=url)) == f"keystone:{base}"


async def test_the_vendor_opens_what_the_spec_says() -> None:
    backend = VENDOR.open(spec(), SECRET, Surroundings())
    assert isinstance(backend, KeystoneBackend)
    assert "pa ss" not in repr(backend)
    await backend.aclose()


def test_plain_http_is_refused_where_the_installation_does_not_allow_it() -> None:
    with pytest.raises(ConnectionRefused) as raised:
        VENDOR.open(spec(url="http://identity.example.com"), SECRET, Surroundings())
    assert raised.value.field == "spec.keystone.url"


def test_secrets_do_not_show() -> None:
    assert "pa ss" not in repr(from_spec(spec(), SECRET))
