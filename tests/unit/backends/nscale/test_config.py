from datetime import timedelta
from typing import Any

import pytest

from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.backends.nscale import VENDOR, NscaleConfig
from project_operator.backends.nscale.backend import NscaleBackend
from project_operator.backends.nscale.config import Session, endpoint, from_spec
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


PEM = b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
KEY = b"-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n"
SESSION = {"refreshToken": {"secretRef": {"name": "person"}}}
ACCOUNT = {"serviceAccountToken": {"secretRef": {"name": "nscale"}}}
CERTIFICATE = {"clientCertificate": {"secretRef": {"name": "tls"}}}
SIGNED_IN = {"refresh-token": b"eyJ-r\n", "client-id": b"c", "client-secret": b"s&cret\n"}


def test_a_rotation_says_how_long_before() -> None:
    assert from_spec(spec(), {"token": b"x"}).rotate_before is None
    auth = {"serviceAccountToken": {"secretRef": {"name": "nscale"}, "rotation": {"before": "36h"}}}
    assert from_spec(spec(auth=auth), {"token": b"x"}).rotate_before == timedelta(hours=36)


def test_a_session_comes_from_three_keys() -> None:
    config = from_spec(spec(auth=SESSION), SIGNED_IN)
    assert (config.token, config.session) == ("", Session("eyJ-r", "c", "s&cret"))
    assert not any(secret in repr(config) for secret in ("eyJ-r", "s&cret"))


@pytest.mark.parametrize("key", SIGNED_IN)
@pytest.mark.parametrize("value", [None, b"", b"two words"])
def test_a_session_that_lacks_something_names_it(key: str, value: bytes | None) -> None:
    secret = {name: data for name, data in (SIGNED_IN | {key: value}).items() if data is not None}
    with pytest.raises(ConnectionRefused, match=f"'{key}'") as raised:
        from_spec(spec(auth=SESSION), secret)
    assert raised.value.field == "spec.nscale.auth.refreshToken.secretRef"
    assert key.replace("-", " ") in str(raised.value)


@pytest.mark.parametrize(
    ("auth", "secret"),
    [
        (CERTIFICATE, {"tls.crt": PEM, "tls.key": KEY}),
        (ACCOUNT | CERTIFICATE, {"token": b"x", "tls.crt": b"no", "tls/tls.crt": PEM, "tls/tls.key": KEY}),
        (SESSION | CERTIFICATE, SIGNED_IN | {"tls/tls.crt": PEM, "tls/tls.key": KEY}),
    ],
    ids=["alone", "beside a token", "beside a session"],
)
def test_a_certificate_comes_from_its_own_secret(auth: dict[str, Any], secret: dict[str, bytes]) -> None:
    certificate = from_spec(spec(auth=auth), secret).certificate
    assert certificate is not None
    assert (certificate.certificate, certificate.key) == (PEM.decode(), KEY.decode())


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        ({"tls.crt": PEM}, "has no key 'tls.key'; put the private key there"),
        ({"tls.key": KEY}, "has no key 'tls.crt'; put the certificate there"),
        ({"tls.crt": b"MIIB", "tls.key": KEY}, "holds no certificate; it must be PEM"),
    ],
)
def test_a_certificate_that_lacks_something_names_it(secret: dict[str, bytes], words: str) -> None:
    with pytest.raises(ConnectionRefused, match=words) as raised:
        from_spec(spec(auth=CERTIFICATE), secret)
    assert raised.value.field == "spec.nscale.auth.clientCertificate.secretRef"


@pytest.mark.parametrize(
    ("auth", "key"),
    [
        ({"serviceAccountToken": {"secretRef": {"name": "a", "key": "robot"}}}, "robot"),
        (SESSION, "refresh-token"),
        (CERTIFICATE, ""),
    ],
)
def test_what_may_be_replaced_has_a_key(auth: dict[str, Any], key: str) -> None:
    assert VENDOR.replaces(spec(auth=auth)) == key
