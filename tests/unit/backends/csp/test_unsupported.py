from typing import Any

import pytest

from project_operator.api.v1alpha1.csp import CSPCapabilities
from project_operator.api.v1alpha1.project import DeletionPolicy, ProjectSpec
from project_operator.backends.csp.unsupported import unsupported

ORPHAN = DeletionPolicy.ORPHAN
OFF = CSPCapabilities()
ON = CSPCapabilities.model_validate({"delete": True, "groupRoles": [{"name": "a", "kind": "Custom"}]})


def found(spec: dict[str, Any], capabilities: CSPCapabilities = OFF, policy: DeletionPolicy = ORPHAN) -> list[str]:
    parsed = ProjectSpec.model_validate(spec)
    told = unsupported(capabilities, parsed, name=parsed.name or "a", deletion_policy=policy)
    assert all(one.reason for one in told)
    return [one.path for one in told]


def test_what_can_be_held_is() -> None:
    spec = {
        "name": "x" * 255,
        "description": "x" * 168,
        "tags": [],
        "groups": [],
        "parentID": "p",
        "csp": {"vrn": "vrn/a", "subResourceServiceScopes": ["s"]},
    }
    assert found(spec) == []


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"description": "x" * 169}, "spec.description"),
        ({"tags": [{"name": "a", "value": ""}]}, "spec.tags"),
        ({"enabled": True}, "spec.enabled"),
        ({"keystone": {"immutable": True}}, "spec.keystone"),
        ({"parentID": "Default"}, "spec.parentID"),
        ({"import": {"id": "default"}}, "spec.import.id"),
        ({"groups": [{"id": "g"}]}, "spec.groups[0]"),
        ({"groups": [{"id": "g", "roles": [{"name": "a"}]}]}, "spec.groups[0].roles"),
    ],
)
def test_what_cannot_is_named(spec: dict[str, Any], path: str) -> None:
    assert found(spec) == [path]


def test_a_name_must_be_one() -> None:
    (told,) = unsupported(OFF, ProjectSpec(), name="", deletion_policy=ORPHAN)
    assert told.path == "metadata.name"


def test_groups_are_held_with_roles_where_the_backend_object_names_some() -> None:
    assert found({"groups": [{"id": "g", "roles": [{"name": "a"}]}]}, ON) == []
    assert found({"groups": [{"id": "g"}]}, ON) == ["spec.groups[0].roles"]


def test_nobody_chooses_what_limits_a_role() -> None:
    assert found({"csp": {"vrn": "vrn/of-somebody-else"}}) == []
    assert found({"csp": {"vrn": "vrn/of-somebody-else"}}, ON) == ["spec.csp.vrn"]


def test_deletion_is_held_where_it_is_switched_on() -> None:
    assert found({}, OFF, DeletionPolicy.DELETE) == ["spec.deletionPolicy"]
    assert found({}, ON, DeletionPolicy.DELETE) == []
    assert found({}, ON, DeletionPolicy.DISABLE) == ["spec.deletionPolicy"]
