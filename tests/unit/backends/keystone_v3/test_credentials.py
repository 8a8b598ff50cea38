import json
from typing import Any

import pytest

from project_operator.backends.keystone_v3.credentials import (
    ApplicationCredential,
    DomainScope,
    Password,
    ProjectScope,
    Reference,
    Scope,
    SystemScope,
)


@pytest.mark.parametrize(
    ("scope", "wire"),
    [
        (DomainScope(Reference("d")), {"domain": {"id": "d"}}),
        (DomainScope(Reference(name="home")), {"domain": {"name": "home"}}),
        (ProjectScope(Reference("p")), {"project": {"id": "p"}}),
        (
            ProjectScope(Reference(name="admin"), Reference("default")),
            {"project": {"name": "admin", "domain": {"id": "default"}}},
        ),
        (SystemScope(), {"system": {"all": True}}),
    ],
)
def test_a_password_signs_in_for_a_scope(scope: Scope, wire: dict[str, Any]) -> None:
    body = json.loads(Password("op", Reference(name="home"), "pässword", scope).sign_in())
    user = {"name": "op", "domain": {"name": "home"}, "password": "pässword"}
    assert body == {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": wire}}


def test_an_application_credential_names_no_scope() -> None:
    identity = {"methods": ["application_credential"], "application_credential": {"id": "i", "secret": "s"}}
    assert json.loads(ApplicationCredential("i", "s").sign_in()) == {"auth": {"identity": identity}}


@pytest.mark.parametrize(
    "credential",
    [Password("op", Reference("d"), "hunter2", SystemScope()), ApplicationCredential("i", "hunter2")],
)
def test_the_secret_does_not_show(credential: Password | ApplicationCredential) -> None:
    assert "hunter2" not in repr(credential)
    assert credential.secret == "hunter2"
