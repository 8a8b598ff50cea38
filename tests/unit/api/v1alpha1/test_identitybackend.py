"""The kind IdentityBackend."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from project_operator.api.schema import wire_name
from project_operator.api.v1alpha1.backend_parts import Consistency, SecretKeyRef
from project_operator.api.v1alpha1.identitybackend import (
    CapabilitiesStatus,
    ConsistencyStatus,
    IdentityBackend,
    IdentityBackendSpec,
    IdentityBackendStatus,
    LastError,
    SecretRefStatus,
)

NSCALE: dict[str, Any] = {
    "url": "https://identity.example.com",
    "auth": {"serviceAccountToken": {"secretRef": {"name": "credentials"}}},
}


def backend(nscale: dict[str, Any] | None = None, **spec: Any) -> IdentityBackend:
    return IdentityBackend.parse({"metadata": {"name": "nscale"}, "spec": {"nscale": NSCALE | (nscale or {}), **spec}})


def test_the_smallest_backend_has_every_limit_set() -> None:
    spec = backend().spec
    assert (spec.timeout, spec.interval, spec.remove_duplicates, spec.deletion_policy) == ("15s", "60s", False, None)
    assert spec.consistency == Consistency(read_lag="10s", in_flight_bound="60s")
    assert (spec.capabilities.create, spec.capabilities.update, spec.capabilities.delete) == (True, True, True)
    assert spec.secret_ref == SecretKeyRef(name="credentials", key="token")


@pytest.mark.parametrize(
    "url",
    [
        "https://identity.example.com",
        "https://identity.example.com/",
        "https://identity.example.com:8443/identity",
        "http://127.0.0.1:6080",
        "https://[::1]:8443",
    ],
)
def test_takes_base_urls(url: str) -> None:
    nscale = backend({"url": url}).spec.nscale
    assert nscale is not None
    assert nscale.url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "identity.example.com",
        "ftp://identity.example.com",
        "https://",
        "https:///path",
        "https://user:secret@identity.example.com",
        "https://identity.example.com?x=1",
        "https://identity.example.com#x",
        "https://identity.example.com/a b",
        "https://identity.example.com\n",
        "https://identity.example.com\\@elsewhere",
        "https://[::1",
        "https://host:99999",
        "https://" + "x" * 512,
    ],
)
def test_refuses_every_other_url(url: str) -> None:
    with pytest.raises(ValidationError, match=r"must be an http or https URL|at most 512"):
        backend({"url": url})


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"nscale": None}, "must set exactly one of `nscale`, `keystone`, `openTelekomCloud`, `fujitsuK5` and `vmwareCSP`"),
    ({"nscale": NSCALE | {"auth": {}}}, "must set `serviceAccountToken`"),
    ({"nscale": NSCALE | {"organization": {}}}, "must set exactly one of `id` and `name`"),
    ({"nscale": NSCALE | {"caBundle": "MIIB"}}, "must be certificates in PEM"),
    ({"rateLimit": {"requestsPerSecond": 0}}, "greater than or equal to 1"),
    ({"rateLimit": {"maxInFlight": 65}}, "less than or equal to 64"),
    ({"rateLimit": {"burst": "9"}}, "valid integer"),
    ({"timeout": "10m"}, "must be a duration between '1s' and '5m'"),
    ({"timeout": "2m"}, "`consistency.inFlightBound` must not be shorter than `timeout`"),
    ({"consistency": {"inFlightBound": "14s"}}, "`consistency.inFlightBound` must not be shorter than `timeout`"),
    ({"consistency": {"readLag": "-1s"}}, "must be a duration between '0s' and '1h'"),
]


@pytest.mark.parametrize(("spec", "words"), REFUSED)
def test_refuses_what_the_api_server_refuses(spec: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        IdentityBackend.parse({"metadata": {"name": "nscale"}, "spec": {"nscale": NSCALE} | spec})


def test_a_second_type_of_backend_comes_with_a_rule_that_keeps_the_type() -> None:
    members: Sequence[str] = IdentityBackendSpec.one_of
    kept = " ".join(rule.cel for rule in IdentityBackendSpec.rules)
    unkept = [name for name in members if f"has(oldSelf.{wire_name(name)})" not in kept]
    assert unkept == [] or len(members) == 1


OFFERED = [
    CapabilitiesStatus(
        create=True, update=True, delete=on, disable=on, group_roles=False, repeats_creation=on, fixed_fields=fixed
    )
    for on in (True, False)
    for fixed in ((), ("parentID",))
]
TIME = st.datetimes(timezones=st.just(UTC), min_value=datetime(1970, 1, 1))  # noqa: DTZ001 - hypothesis wants it naive
NAME = st.none() | st.text(alphabet="abc", min_size=1, max_size=5)


@given(
    st.builds(
        IdentityBackendStatus,
        organization_id=NAME,
        principal=NAME,
        capabilities=st.sampled_from([None, *OFFERED]),
        consistency=st.none() | st.just(ConsistencyStatus(read_lag="10s", in_flight_bound="60s")),
        projects=st.none() | st.integers(0, 10**6),
        last_error=st.none() | st.builds(LastError, message=st.text(max_size=9), time=TIME),
        secret_ref=st.none() | st.just(SecretRefStatus(name="a")),
    )
)
def test_every_status_reads_back_from_the_wire(status: IdentityBackendStatus) -> None:
    wire = status.to_wire()
    assert IdentityBackendStatus.parse(wire) == status


def test_what_is_switched_off_stays_visible_in_status() -> None:
    offered = {"create": True, "update": True, "delete": False, "disable": False}
    further = {"groupRoles": False, "repeatsCreation": True}
    status = IdentityBackendStatus(capabilities=CapabilitiesStatus.model_validate(offered | further))
    assert status.to_wire()["capabilities"] == offered | further
