from typing import Any

import pytest

from project_operator.api.v1alpha1.csp import CSPAuthHeader, CSPRoleKind
from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.backends.csp import VENDOR
from project_operator.backends.csp.config import endpoint, from_spec
from project_operator.backends.csp.credentials import ApiToken, ClientCredentials
from project_operator.backends.csp.roles import GrantableRole, parse_role_id
from project_operator.errors import ConnectionRefused

CLIENT = {"clientCredentials": {"secretRef": {"name": "csp"}}}
TOKEN = {"apiToken": {"secretRef": {"name": "csp", "key": "token"}}}
SECRET = {"client-id": b"id\n", "client-secret": b"s3cret\n", "token": b"tok"}


def spec(auth: dict[str, Any] = CLIENT, **more: Any) -> IdentityBackendSpec:
    csp = {"url": "https://Console.example.com:443/csp/gateway/", "organization": "org-1", "auth": auth}
    return IdentityBackendSpec.model_validate({"vmwareCSP": csp | more})


def test_what_is_not_said_is_off() -> None:
    config = from_spec(spec(), SECRET)
    assert config.url == "https://console.example.com"
    assert config.organization_id == "org-1"
    assert config.credential == ClientCredentials("id", "s3cret")
    assert config.auth_header is CSPAuthHeader.AUTHORIZATION
    assert (config.versions.create, config.versions.read, config.versions.update) == ("v2", "v1", "v1")
    assert (config.delete, config.reparent, config.verify_soft_delete, config.group_roles) == (False, False, False, ())


def test_what_is_said_is_on() -> None:
    roles = [
        {"name": "csp:project_admin", "kind": "Custom"},
        {"name": "viewer", "kind": "Service", "serviceDefinitionID": "svc"},
        {"name": "viewer", "kind": "Service", "serviceDefinitionID": "svc"},
    ]
    config = from_spec(
        spec(
            TOKEN,
            authPath="/auth/other",
            authHeader="csp-auth-token",
            apiVersions={"create": "v3"},
            capabilities={"delete": True, "reparent": True, "verifySoftDelete": True, "groupRoles": roles},
        ),
        SECRET,
    )
    assert config.credential == ApiToken("tok", "/auth/other")
    assert config.auth_header is CSPAuthHeader.CSP_AUTH_TOKEN
    assert config.versions.create == "v3"
    assert (config.delete, config.reparent, config.verify_soft_delete) == (True, True, True)
    assert config.group_roles == (
        GrantableRole("csp:project_admin", CSPRoleKind.CUSTOM),
        GrantableRole("viewer", CSPRoleKind.SERVICE, "svc"),
    )


def test_the_endpoint_is_one_for_every_spelling() -> None:
    assert endpoint(spec()) == "vmwareCSP:https://console.example.com"


@pytest.mark.parametrize(
    ("auth", "secret", "words"),
    [
        (CLIENT, {"client-id": b"a"}, "no key 'client-secret'"),
        (CLIENT, {"client-id": b"", "client-secret": b"b"}, "one word of printable ASCII"),
        (CLIENT, {"client-id": b"a:b", "client-secret": b"b"}, "must not hold ':'"),
        (CLIENT, {"client-id": b"a b", "client-secret": b"b"}, "one word"),
        (TOKEN, {}, "no key 'token'"),
        (TOKEN, {"token": "ü".encode()}, "printable ASCII"),
    ],
)
def test_a_secret_that_cannot_be_used_is_named(auth: dict[str, Any], secret: dict[str, bytes], words: str) -> None:
    with pytest.raises(ConnectionRefused, match=words) as raised:
        from_spec(spec(auth), secret)
    kind = "apiToken" if auth is TOKEN else "clientCredentials"
    assert raised.value.field == f"spec.vmwareCSP.auth.{kind}.secretRef"


def test_secrets_are_in_no_repr() -> None:
    shown = repr(from_spec(spec(), SECRET)) + repr(ApiToken("tok")) + repr(ApiToken("tok").sign_in())
    shown += repr(from_spec(spec(), SECRET).credential.sign_in())
    assert not [secret for secret in ("s3cret", "tok'", "aWQ6czNjcmV0") if secret in shown]


@pytest.mark.parametrize(
    "role",
    [
        GrantableRole("csp:project_admin", CSPRoleKind.CUSTOM),
        GrantableRole("a", CSPRoleKind.ORGANIZATION),
        GrantableRole("b:c", CSPRoleKind.SERVICE, "svc"),
    ],
)
def test_an_id_of_a_role_says_what_it_is(role: GrantableRole) -> None:
    assert parse_role_id(role.id) == role
    assert len(role.id) <= 128


@pytest.mark.parametrize("text", ["", "custom", "custom:", "service:svc", "service:svc:", "other:a", "a"])
def test_another_text_is_no_role(text: str) -> None:
    assert parse_role_id(text) is None


class TestConfigured:
    def test_by_default_nothing_undocumented_is_done(self) -> None:
        vendor = VENDOR.configured(VENDOR, spec())
        assert vendor.capabilities == VENDOR.capabilities
        assert not vendor.capabilities.delete
        assert not vendor.capabilities.roles
        assert not vendor.capabilities.repeats_creation
        assert vendor.capabilities.fixed == {"parentID", "csp.subResourceServiceScopes"}
        assert vendor.default_deletion_policy == "Orphan"

    def test_a_backend_object_switches_on(self) -> None:
        roles = [{"name": "a", "kind": "Custom"}]
        on = {"delete": True, "reparent": True, "groupRoles": roles}
        capabilities = VENDOR.configured(VENDOR, spec(capabilities=on)).capabilities
        assert capabilities.delete
        assert capabilities.roles
        assert capabilities.fixed == {"csp.subResourceServiceScopes"}
