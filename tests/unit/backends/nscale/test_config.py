from typing import Any

import pytest

from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.backends.nscale import VENDOR, NscaleConfig
from project_operator.backends.nscale.backend import NscaleBackend
from project_operator.backends.nscale.config import endpoint, from_spec
from project_operator.backends.vendor import Surroundings
from project_operator.errors import ConnectionRefused

TOKEN = "eyJhbGciOiJkaXIi.x-y_z"


def spec(**nscale: Any) -> IdentityBackendSpec:
    member = {
        "url": "https://identity.example.com",
        "auth": {"serviceAccountToken": {"secretRef": {"name": "nscale", "key": "token"}}},
        **nscale,
    }
    return IdentityBackendSpec.model_validate({"nscale": member, "timeout": "2500ms", "rateLimit": {"maxInFlight": 3}})


def test_everything_comes_from_the_spec_and_the_token_from_the_secret() -> None:
    bundle = "-----BEGIN CERTIFICATE-----\n"
    assert from_spec(spec(organization={"id": "o"}, caBundle=bundle), {"token": TOKEN.encode()}) == NscaleConfig(
        url="https://identity.example.com",
        token=TOKEN,
        organization_id="o",
        ca_bundle=bundle,
        timeout=2.5,
        connections=3,
    )
    assert from_spec(spec(organization={"name": "Demo"}), {"token": b"x"}).organization_name == "Demo"


def test_the_token_does_not_show() -> None:
    assert TOKEN not in repr(from_spec(spec(), {"token": TOKEN.encode()}))


@pytest.mark.parametrize("data", [TOKEN + "\n", f"  {TOKEN}\r\n", TOKEN])
def test_white_space_around_the_token_does_not_count(data: str) -> None:
    assert from_spec(spec(), {"token": data.encode()}).token == TOKEN


@pytest.mark.parametrize("data", [b"", b" \n", b"two words", b"two\nlines", "tökén".encode(), b"\xff\xfe", b"a\x00b"])
def test_what_can_be_no_token_is_refused_without_being_shown(data: bytes) -> None:
    with pytest.raises(ConnectionRefused, match="key 'token' of the Secret 'nscale' holds no token") as raised:
        from_spec(spec(), {"token": data})
    assert raised.value.field == "spec.nscale.auth.serviceAccountToken.secretRef"
    assert "two" not in str(raised.value)


def test_a_key_that_is_missing_is_named() -> None:
    with pytest.raises(ConnectionRefused, match="the Secret 'nscale' has no key 'token'"):
        from_spec(spec(), {"password": b"x"})


def test_the_endpoint_is_the_type_and_the_normal_url() -> None:
    assert endpoint(spec(url="https://Identity.Example.COM:443/")) == "nscale:https://identity.example.com"


def test_what_is_no_url_is_refused_by_its_field() -> None:
    member = spec().nscale
    assert member is not None
    unparsable = IdentityBackendSpec.model_construct(nscale=member.model_copy(update={"url": "https://a:b"}))
    with pytest.raises(ConnectionRefused, match="must be a URL") as raised:
        endpoint(unparsable)
    assert raised.value.field == "spec.nscale.url"


async def test_the_vendor_opens_what_the_spec_says() -> None:
    backend = VENDOR.open(spec(), {"token": TOKEN.encode()}, Surroundings())
    assert isinstance(backend, NscaleBackend)
    assert TOKEN not in repr(backend)
    await backend.aclose()


def test_plain_http_is_refused_where_the_installation_does_not_allow_it() -> None:
    with pytest.raises(ConnectionRefused) as raised:
        VENDOR.open(spec(url="http://identity.example.com"), {"token": b"x"}, Surroundings())
    assert raised.value.field == "spec.nscale.url"
