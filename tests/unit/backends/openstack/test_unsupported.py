from typing import Any

import pytest

from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.api.v1alpha1.project import DeletionPolicy, ProjectSpec
from project_operator.backends.openstack.unsupported import unsupported, unsupported_here


def found(name: str = "a", **spec: Any) -> list[str]:
    parsed = ProjectSpec.model_validate(spec)
    return [field.path for field in unsupported(parsed, name=name, deletion_policy=DeletionPolicy.DELETE)]


@pytest.mark.parametrize("name", ["a", "x" * 64, "größe", "a/b, c=d", "日本"])
def test_names_of_any_text_are_held(name: str) -> None:
    assert found(name) == []


@pytest.mark.parametrize("name", ["x" * 65, "a\0b", "a\u00a0", "\u3000a", "\u2003a\u2003", "a\x1f"])
def test_other_names_are_named_with_the_rule(name: str) -> None:
    given = ProjectSpec.model_construct(name=name)
    (field,) = unsupported(given, name=name, deletion_policy=DeletionPolicy.DELETE)
    assert field.path == "spec.name"
    assert "at most 64 characters" in field.reason
    (field,) = unsupported(ProjectSpec(), name=name, deletion_policy=DeletionPolicy.DELETE)
    assert field.path == "metadata.name"
    assert "set `spec.name`" in field.reason


@pytest.mark.parametrize(
    ("tag", "paths"),
    [
        ({"name": "a", "value": ""}, []),
        ({"name": "a", "value": "b=c"}, []),
        ({"name": "a:b", "value": " x "}, []),
        ({"name": "a" * 128, "value": "b" * 126}, []),
        ({"name": "a" * 128, "value": "b" * 127}, ["spec.tags[1]"]),
        ({"name": "a=b", "value": ""}, ["spec.tags[1].name"]),
        ({"name": "a,b", "value": ""}, ["spec.tags[1].name"]),
        ({"name": "a/b", "value": "c,d"}, ["spec.tags[1].name", "spec.tags[1].value"]),
        ({"name": "a", "value": "\0"}, ["spec.tags[1].value"]),
    ],
)
def test_tags_that_keystone_cannot_hold(tag: dict[str, str], paths: list[str]) -> None:
    assert found(tags=[{"name": "fine", "value": ""}, tag]) == paths


def test_a_group_without_roles_is_nothing_to_keystone() -> None:
    groups = [{"name": "a", "roles": [{"name": "member"}]}, {"id": "b"}]
    assert found(groups=groups) == ["spec.groups[1].roles"]


def test_a_description_without_nul_is_held() -> None:
    assert found(description="x" * 4096) == []
    assert found(description="a\0b") == ["spec.description"]


@pytest.mark.parametrize("policy", DeletionPolicy)
def test_every_deletion_policy_can_be_done(policy: DeletionPolicy) -> None:
    assert unsupported(ProjectSpec(), name="a", deletion_policy=policy) == ()


def test_everything_else_is_held_as_it_is_written() -> None:
    assert found(enabled=False, parentID="p", keystone={"immutable": True, "domainID": "d"}) == []
    assert found(keystone={"isDomain": True}) == []


@pytest.mark.parametrize(
    ("keystone", "member", "path"),
    [
        ({"isDomain": True}, {}, "spec.keystone.isDomain"),
        ({"isDomain": True}, {"manageDomains": True}, None),
        ({"isDomain": False}, {}, None),
        ({"domainID": "d2"}, {}, "spec.keystone.domainID"),
        ({"domainID": "d2"}, {"additionalDomains": ["d2"]}, None),
        ({"domainID": "d1"}, {}, None),
        ({"immutable": True}, {}, None),
        (None, {}, None),
    ],
)
def test_what_a_backend_object_is_not_set_up_for_is_named(
    keystone: dict[str, Any] | None, member: dict[str, Any], path: str | None
) -> None:
    auth = {"password": {"secretRef": {"name": "s"}}}
    known = {"url": "https://identity.example.com", "domain": {"name": "home"}, "auth": auth}
    backend = IdentityBackendSpec.model_validate({"keystone": known | member})
    spec = ProjectSpec.model_validate({} if keystone is None else {"keystone": keystone})
    assert [field.path for field in unsupported_here(spec, backend, "d1")] == ([] if path is None else [path])
