from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_operator.api.v1alpha1.project import DeletionPolicy, ProjectSpec
from project_operator.backends.k5.unsupported import unsupported
from project_operator.sandbox.identity.k5.bodies import NewProject

ALLOWED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+=,.@-_"


def found(spec: dict[str, Any], policy: DeletionPolicy = DeletionPolicy.DISABLE, *, name: str = "there") -> list[str]:
    parsed = ProjectSpec.model_validate(spec)
    told = unsupported(parsed, name=parsed.name or name, deletion_policy=policy)
    assert all(one.reason for one in told)
    return [one.path for one in told]


def test_what_can_be_held_is() -> None:
    spec = {
        "name": "x" * 64,
        "description": "x" * 168,
        "tags": [],
        "groups": [{"name": "g", "roles": [{"name": "_member_"}]}],
        "enabled": False,
    }
    assert found(spec) == []


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"name": "abc"}, "spec.name"),
        ({"name": "x" * 65}, "spec.name"),
        ({"name": "with blank"}, "spec.name"),
        ({"name": "größe"}, "spec.name"),
        ({"name": "a/bc"}, "spec.name"),
        ({"description": "x" * 169}, "spec.description"),
        ({"tags": [{"name": "a", "value": ""}]}, "spec.tags"),
        ({"parentID": "p"}, "spec.parentID"),
        ({"parentRef": {"name": "above"}}, "spec.parentRef"),
        ({"keystone": {"immutable": True}}, "spec.keystone"),
        ({"csp": {"vrn": "v"}}, "spec.csp"),
        ({"groups": [{"id": "g"}]}, "spec.groups[0].roles"),
    ],
)
def test_what_cannot_is_named(spec: dict[str, Any], path: str) -> None:
    assert found(spec) == [path]


def test_the_name_of_the_object_is_named_where_it_is_the_name() -> None:
    assert found({}, name="web") == ["metadata.name"]
    assert found({}, name="webs") == []


@pytest.mark.parametrize("spec", [{}, {"deletionPolicy": "Delete"}])
def test_deletion_is_refused_with_the_reason(spec: dict[str, Any]) -> None:
    parsed = ProjectSpec.model_validate(spec)
    (told,) = unsupported(parsed, name="there", deletion_policy=DeletionPolicy.DELETE)
    assert told.path == "spec.deletionPolicy"
    assert "cannot be deleted" in told.reason
    assert "Disable" in told.reason
    assert ("the backend object says" in told.reason) is not bool(spec)


@pytest.mark.parametrize("policy", [DeletionPolicy.DISABLE, DeletionPolicy.ORPHAN])
def test_the_other_ends_are_held(policy: DeletionPolicy) -> None:
    assert found({}, policy) == []


@given(st.text(alphabet=st.sampled_from(ALLOWED) | st.characters(codec="utf-8"), max_size=80))
def test_a_name_is_refused_just_where_the_pages_refuse_it(name: str) -> None:
    if not name:
        return
    allowed = 4 <= len(name) <= 64 and set(name) <= set(ALLOWED)
    told = unsupported(ProjectSpec(), name=name, deletion_policy=DeletionPolicy.DISABLE)
    assert (told == ()) is allowed


@given(st.text(alphabet=st.sampled_from(ALLOWED + " ä\n"), max_size=70))
def test_what_is_not_refused_is_taken_by_the_embedded_server(name: str) -> None:
    if name and not unsupported(ProjectSpec(), name=name, deletion_policy=DeletionPolicy.DISABLE):
        assert NewProject(name=name).name == name
