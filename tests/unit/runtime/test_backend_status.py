"""What the status of a backend object says it offers."""

from typing import Any

import pytest

from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec, IdentityBackendStatus
from project_operator.backends import registry
from project_operator.runtime.backend_status import offered

REF = {"secretRef": {"name": "credential"}}
NSCALE = {"nscale": {"url": "https://identity.example.com", "auth": {"serviceAccountToken": REF}}}
KEYSTONE = {
    "keystone": {
        "url": "https://identity.example.com/v3",
        "domain": {"name": "demo"},
        "auth": {"password": REF},
    }
}


def csp(**capabilities: Any) -> dict[str, Any]:
    organization = {"organization": "9a1e5b3c-0000-4000-8000-000000000001"}
    auth = {"auth": {"apiToken": REF}}
    return {"vmwareCSP": {"url": "https://console.example.com", **organization, **auth, "capabilities": capabilities}}


EVERYTHING = {"create": True, "update": True, "delete": True}


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        pytest.param(
            NSCALE, EVERYTHING | {"disable": False, "groupRoles": False, "repeatsCreation": True}, id="nscale"
        ),
        pytest.param(
            NSCALE | {"capabilities": {"delete": False}},
            EVERYTHING | {"delete": False, "disable": False, "groupRoles": False, "repeatsCreation": True},
            id="nscale, deletion switched off",
        ),
        pytest.param(
            KEYSTONE,
            EVERYTHING
            | {"disable": True, "groupRoles": True, "repeatsCreation": True}
            | {"fixedFields": ["keystone.domainID", "keystone.isDomain", "parentID"]},
            id="Keystone",
        ),
        pytest.param(
            KEYSTONE | {"capabilities": {"update": False}},
            EVERYTHING
            | {"update": False, "disable": False, "groupRoles": True, "repeatsCreation": True}
            | {"fixedFields": ["keystone.domainID", "keystone.isDomain", "parentID"]},
            id="Keystone, updates switched off: to disable is one",
        ),
        pytest.param(
            csp(),
            EVERYTHING
            | {"delete": False, "disable": False, "groupRoles": False, "repeatsCreation": False}
            | {"fixedFields": ["csp.subResourceServiceScopes", "parentID"]},
            id="VMware CSP",
        ),
        pytest.param(
            csp(delete=True, reparent=True, groupRoles=[{"name": "csp:project_admin", "kind": "Custom"}]),
            EVERYTHING
            | {"disable": False, "groupRoles": True, "repeatsCreation": False}
            | {"fixedFields": ["csp.subResourceServiceScopes"]},
            id="VMware CSP with what it does not document",
        ),
        pytest.param(
            csp(delete=True) | {"capabilities": {"delete": False}},
            EVERYTHING
            | {"delete": False, "disable": False, "groupRoles": False, "repeatsCreation": False}
            | {"fixedFields": ["csp.subResourceServiceScopes", "parentID"]},
            id="VMware CSP, deletion on there and off here",
        ),
    ],
)
def test_what_a_backend_object_offers_is_what_its_type_can_and_its_spec_allows(
    spec: dict[str, Any], found: dict[str, Any]
) -> None:
    parsed = IdentityBackendSpec.model_validate(spec)
    can = registry.shipped().vendor_of(parsed).capabilities
    status = IdentityBackendStatus(capabilities=offered(can, parsed.capabilities))
    assert status.to_wire()["capabilities"] == found
