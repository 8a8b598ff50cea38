from typing import Any

import pytest
from pydantic import ValidationError

from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.backends.k5 import VENDOR
from project_operator.backends.k5.backend import K5Backend
from project_operator.backends.k5.config import base_url, endpoint, from_spec
from project_operator.backends.keystone_v3.credentials import Password, ProjectScope, Reference
from project_operator.backends.vendor import Surroundings
from project_operator.errors import ConnectionRefused

URL = "https://identity.jp-east-1.cloud.global.fujitsu.com"
SECRET = {"username": b"operator\n", "password": b"pa ss"}


def spec(*, project: dict[str, Any] | None = None, **k5: Any) -> IdentityBackendSpec:
    password: dict[str, Any] = {"secretRef": {"name": "k5"}} | ({} if project is None else {"project": project})
    member = {"url": URL, "domain": {"name": "home"}, "auth": {"password": password}, **k5}
    return IdentityBackendSpec.model_validate({"fujitsuK5": member, "rateLimit": {"maxInFlight": 3}, "timeout": "7s"})


def test_the_least_that_can_be_said() -> None:
    config = from_spec(spec(), SECRET)
    home = Reference(name="home")
    assert (config.url, config.domain) == (URL, home)
    assert config.credential == Password("operator", home, "pa ss", None)
    assert (config.timeout, config.connections, config.ca_bundle) == (7.0, 3, "")


@pytest.mark.parametrize(
    ("project", "scope"),
    [
        ({"id": "p"}, ProjectScope(Reference("p"))),
        ({"name": "home-prj"}, ProjectScope(Reference(name="home-prj"), Reference("d"))),
    ],
)
def test_everything_that_can_be_said(project: dict[str, str], scope: ProjectScope) -> None:
    bundle = "-----BEGIN CERTIFICATE-----"
    config = from_spec(spec(project=project, domain={"id": "d"}, caBundle=bundle), SECRET)
    assert config.credential == Password("operator", Reference("d"), "pa ss", scope)
    assert config.ca_bundle == bundle


@pytest.mark.parametrize("url", [URL, f"{URL}/v3", f"{URL.upper().replace('HTTPS', 'https')}:443/v3/"])
def test_one_place_has_one_spelling(url: str) -> None:
    assert base_url(url) == URL
    assert endpoint(spec(url=url)) == f"fujitsuK5:{URL}"


@pytest.mark.parametrize("url", ["https://identity.gls.cloud.global.fujitsu.com/v3", "https://IDENTITY.GLS.example"])
def test_the_global_service_is_refused(url: str) -> None:
    with pytest.raises(ValidationError, match="must be the identity service of a region"):
        spec(url=url)


@pytest.mark.parametrize("key", ["username", "password"])
def test_a_key_that_is_missing_is_named(key: str) -> None:
    with pytest.raises(ConnectionRefused) as raised:
        from_spec(spec(), {name: value for name, value in SECRET.items() if name != key})
    assert raised.value.field == "spec.fujitsuK5.auth.password.secretRef"
    assert f"no key '{key}'" in str(raised.value)


def test_the_vendor_opens_a_connection_without_asking_anybody() -> None:
    assert isinstance(VENDOR.open(spec(), SECRET, Surroundings()), K5Backend)


def test_the_credential_shows_nowhere() -> None:
    assert "pa ss" not in repr(from_spec(spec(), SECRET))
