"""Whatever a Secret holds: the connection is refused in our own words, or what it says fits into a header or a body."""

import asyncio
from typing import Any, Final

import httpx
import pytest
from hostile import WRITABLE
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from project_operator.api.schema import wire_name
from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.backends import registry
from project_operator.backends.calls import Answer, Call, NoAnswer
from project_operator.backends.transport import Transport
from project_operator.backends.trust import Lost
from project_operator.backends.vendor import Surroundings
from project_operator.errors import BackendError, ConnectionRefused

URL: Final = "https://identity.example.com"
REF: Final = {"secretRef": {"name": "s"}}
KEYED: Final = {"secretRef": {"name": "s", "key": "token"}}
SPECS: Final[dict[str, dict[str, Any]]] = {
    "nscale, token": {"nscale": {"url": URL, "auth": {"serviceAccountToken": KEYED}}},
    "nscale, refresh token": {"nscale": {"url": URL, "auth": {"refreshToken": REF}}},
    "nscale, certificate": {"nscale": {"url": URL, "auth": {"serviceAccountToken": KEYED, "clientCertificate": REF}}},
    "keystone, password": {"keystone": {"url": URL, "domain": {"id": "d"}, "auth": {"password": REF}}},
    "keystone, application credential": {
        "keystone": {"url": URL, "domain": {"id": "d"}, "auth": {"applicationCredential": REF}}
    },
    "otc": {"openTelekomCloud": {"url": URL, "domain": {"name": "d"}, "region": "eu-de", "auth": {"password": REF}}},
    "k5": {"fujitsuK5": {"url": URL, "domain": {"id": "d"}, "auth": {"password": REF}}},
    "csp, api token": {"vmwareCSP": {"url": URL, "organization": "o", "auth": {"apiToken": KEYED}}},
    "csp, client credentials": {"vmwareCSP": {"url": URL, "organization": "o", "auth": {"clientCredentials": REF}}},
}
KEYS: Final = (
    *("token", "refreshToken", "refresh-token", "clientID", "clientSecret", "client-id", "client-secret", "username"),
    *("password", "id", "secret", "tls.crt", "tls.key", "apiToken", "api-token", "user", "domain"),
)
VALUES: Final = st.one_of(
    st.sampled_from([text.encode() for text in WRITABLE]),
    st.sampled_from([b"\xff\xfe\x00", b"\x80", b"a\r\nx-forged: 1", b"-----BEGIN CERTIFICATE-----\n"]),
    st.binary(max_size=40),
    st.just(b"ordinary"),
)


def test_there_is_a_way_to_sign_in_of_every_kind() -> None:
    kinds = {next(iter(spec)) for spec in SPECS.values()}
    assert kinds == {wire_name(vendor.key) for vendor in registry.shipped()}


class Sent:
    """Stands in for the transport: writes each request as far as its first byte, and answers none."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.requests = 0

        async def exchange(_transport: Transport, call: Call) -> Answer | NoAnswer:
            request = httpx.Request(call.method, URL + call.path, headers=dict(call.headers), content=call.body)
            assert all(b"\r" not in value and b"\n" not in value for _, value in request.headers.raw)
            self.requests += 1
            return NoAnswer(Lost.DISCONNECTED, sent=False, words="nobody is there")

        monkeypatch.setattr(Transport, "exchange", exchange)


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS)
def test_a_secret_is_refused_or_can_be_sent_and_never_told(
    spec: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed = IdentityBackendSpec.model_validate(spec)
    vendor = registry.shipped().vendor_of(parsed)
    sent = Sent(monkeypatch)

    async def sign_in(secret: dict[str, bytes]) -> BackendError | None:
        try:
            backend = vendor.open(parsed, secret, Surroundings())
        except ConnectionRefused as refused:
            return refused
        try:
            await backend.connect()
        except BackendError as error:
            return error
        finally:
            await backend.aclose()
        return None

    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    @given(st.dictionaries(st.sampled_from(KEYS), VALUES))
    def opened(odd: dict[str, bytes]) -> None:
        secret = dict.fromkeys(KEYS, b"ordinary") | odd
        error = asyncio.run(sign_in(secret | {f"s/{key}": value for key, value in secret.items()}))
        assert error is not None
        words = str(error)
        assert words.isprintable()
        assert [value for value in odd.values() if len(value) > 12 and value in words.encode()] == []

    opened()
    # A refresh token is spent only where its successor can be kept, and "ordinary" is no certificate.
    unsent = any(word in str(spec) for word in ("clientCertificate", "refreshToken"))
    assert sent.requests or unsent, "no Secret was ever good enough to be sent"


def test_a_reader_that_lets_something_else_out_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(_spec: Any, secret: dict[str, bytes]) -> Any:
        return secret["token"].decode()

    monkeypatch.setattr("project_operator.backends.nscale.from_spec", careless)
    with pytest.raises((KeyError, UnicodeDecodeError, AttributeError, ExceptionGroup)):
        test_a_secret_is_refused_or_can_be_sent_and_never_told(SPECS["nscale, token"], monkeypatch)
