from dataclasses import replace

import pytest

from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.backends.nscale import VENDOR
from project_operator.backends.registry import Registry, shipped
from project_operator.errors import ConfigurationError

SPEC = IdentityBackendSpec.model_validate(
    {
        "nscale": {
            "url": "https://identity.example.com",
            "auth": {"serviceAccountToken": {"secretRef": {"name": "nscale"}}},
        }
    }
)


def test_the_vendor_is_the_member_of_the_union_that_is_set() -> None:
    assert Registry([VENDOR]).vendor_of(SPEC) is VENDOR


def test_every_member_of_the_union_has_a_vendor() -> None:
    assert {vendor.key for vendor in shipped()} == set(IdentityBackendSpec.one_of)


def test_each_shipped_registry_is_a_new_one() -> None:
    assert shipped() is not shipped()


def test_a_key_is_registered_once() -> None:
    with pytest.raises(ConfigurationError, match="'nscale' is registered twice"):
        Registry([VENDOR, VENDOR])


def test_a_key_is_a_member_of_the_union() -> None:
    with pytest.raises(ConfigurationError, match=r"'abacus' is no member of the union.*nscale"):
        Registry([replace(VENDOR, key="abacus")])


def test_a_vendor_that_is_missing_is_named() -> None:
    with pytest.raises(ConfigurationError, match="no backend 'nscale'; it has: none"):
        Registry().vendor_of(SPEC)
