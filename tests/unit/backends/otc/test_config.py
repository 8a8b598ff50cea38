"""How a backend object and its Secret become a connection."""

from typing import Any

import pytest
from pydantic import ValidationError

from project_operator.api.v1alpha1.backend_parts import RateLimit
from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.api.v1alpha1.otc import RegionPrefix
from project_operator.api.v1alpha1.project import DeletionPolicy, ProjectSpec
from project_operator.backends.keystone_v3.credentials import DomainScope, Password, Reference
from project_operator.backends.otc import VENDOR
from project_operator.backends.otc.config import endpoint, from_spec
from project_operator.errors import ConnectionRefused

SECRET = {"username": b"robot\n", "password": b"s3cret\n"}


def spec(**more: Any) -> IdentityBackendSpec:
    otc = {
        "url": "https://IAM.eu-de.example.com:443/v3/",
        "domain": {"name": "account"},
        "region": "eu-de",
        "auth": {"password": {"secretRef": {"name": "otc"}}},
    }
    return IdentityBackendSpec.model_validate({"openTelekomCloud": otc | more})


def test_what_is_not_said() -> None:
    config = from_spec(spec(), SECRET)
    assert config.url == "https://iam.eu-de.example.com"
    account = Reference(name="account")
    assert config.credential == Password("robot", account, "s3cret", DomainScope(account))
    assert (config.names.region, config.names.mode) == ("eu-de", RegionPrefix.CHECK)
    assert "s3cret" not in repr(config)


def test_the_users_account_is_named_apart_where_the_domain_is_known_by_its_id() -> None:
    """T3-2, T3-3."""
    auth = {"password": {"secretRef": {"name": "otc"}, "userDomainName": "account"}}
    config = from_spec(spec(domain={"id": "0a1b"}, auth=auth, regionPrefix="Prepend"), SECRET)
    assert config.credential == Password("robot", Reference(name="account"), "s3cret", DomainScope(Reference("0a1b")))
    assert config.names.prepends


def test_so_many_requests_are_under_way_at_one_time_unless_the_object_says_otherwise() -> None:
    """T8-14."""
    assert from_spec(spec(), SECRET).connections == 8
    limited = spec().model_copy(update={"rate_limit": RateLimit(max_in_flight=3)})
    assert from_spec(limited, SECRET).connections == 3


def test_it_must_be_named_there() -> None:
    with pytest.raises(ValidationError, match="userDomainName"):
        spec(domain={"id": "0a1b"})


@pytest.mark.parametrize("region", ["", "EU-DE", "eu_de", "eu-de_", "eu--de", "x" * 33])
def test_a_region_that_is_none(region: str) -> None:
    with pytest.raises(ValidationError):
        spec(region=region)


@pytest.mark.parametrize("missing", SECRET)
def test_what_the_secret_lacks_is_named(missing: str) -> None:
    secret = {key: value for key, value in SECRET.items() if key != missing}
    with pytest.raises(ConnectionRefused, match=missing) as raised:
        from_spec(spec(), secret)
    assert raised.value.field == "spec.openTelekomCloud.auth.password.secretRef"


def test_two_regions_are_two_places() -> None:
    assert endpoint(spec()) == endpoint(spec(url="https://iam.eu-de.example.com"))
    assert endpoint(spec()) != endpoint(spec(region="eu-nl"))


def test_what_is_refused_follows_the_backend_object() -> None:
    def refused(given: IdentityBackendSpec, name: str) -> bool:
        vendor = VENDOR.configured(VENDOR, given)
        return bool(vendor.unsupported(ProjectSpec(), name=name, deletion_policy=DeletionPolicy.ORPHAN))

    assert refused(spec(), "team")
    assert not refused(spec(), "eu-de_team")
    assert refused(spec(region="eu-nl"), "eu-de_team")
    assert not refused(spec(regionPrefix="Prepend"), "team")


def test_what_it_destroys_is_not_the_default() -> None:
    """T7-1, T8-10."""
    assert VENDOR.default_deletion_policy is DeletionPolicy.ORPHAN
    assert VENDOR.capabilities.destroys
