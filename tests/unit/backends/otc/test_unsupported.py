"""What is refused before any call, and how it is said."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_operator.api.v1alpha1.otc import RegionPrefix
from project_operator.api.v1alpha1.project import DeletionPolicy, ProjectSpec
from project_operator.backends.otc.names import RegionNames
from project_operator.backends.otc.unsupported import ROOM, name_rule, unsupported

CHECK = RegionNames("eu-de")
PREPEND = RegionNames("eu-de", RegionPrefix.PREPEND)


def complaints(names: RegionNames = PREPEND, name: str = "team", /, **spec: Any) -> dict[str, str]:
    wanted = ProjectSpec.model_validate(spec)
    found = unsupported(names, wanted, name=wanted.name or name, deletion_policy=DeletionPolicy.ORPHAN)
    return {one.path: one.reason for one in found}


@pytest.mark.parametrize(
    ("names", "name"),
    [
        (CHECK, "eu-de_x"),
        (CHECK, "eu-de_" + "x" * 58),
        (CHECK, "eu-de_A-b_9"),
        (CHECK, "eu-de_eu-de_x"),
        (PREPEND, "x"),
        (PREPEND, "x" * 58),
        (PREPEND, "eu-nl_x"),
    ],
)
def test_a_name_that_can_be_held(names: RegionNames, name: str) -> None:
    """T1-8, T1-9, T1-10."""
    assert name_rule(names, name) is None
    assert len(names.written(name)) <= 64


@pytest.mark.parametrize(
    ("names", "name", "says"),
    [
        (CHECK, "team", "must begin with 'eu-de_'"),
        (CHECK, "eu-nl_team", "must begin with 'eu-de_'"),
        (CHECK, "EU-DE_team", "must begin with 'eu-de_'"),
        (CHECK, "eu-de_", "letters, digits"),
        (CHECK, "eu-de_" + "x" * 59, "at most 64 characters"),
        (CHECK, "eu-de_größe", "letters, digits"),
        (PREPEND, "eu-de_team", "must not begin with 'eu-de_'"),
        (PREPEND, "x" * 59, "at most 64 characters"),
        (PREPEND, "a b", "letters, digits"),
        (PREPEND, "a.b", "letters, digits"),
        (PREPEND, "team\n", "letters, digits"),
    ],
)
def test_a_name_that_cannot_says_why(names: RegionNames, name: str, says: str) -> None:
    """T1-8, T1-9, T1-10, T1-12, T8-3."""
    assert says in (name_rule(names, name) or "")


@given(st.sampled_from([CHECK, PREPEND]), st.text(max_size=80))
def test_whatever_is_held_is_a_name_of_the_vendors(names: RegionNames, name: str) -> None:
    if name_rule(names, name) is None:
        wire = names.written(name)
        assert wire.startswith("eu-de_")
        assert 7 <= len(wire) <= 64
        assert all(char.isascii() and (char.isalnum() or char in "-_") for char in wire)
        assert names.shown(wire) == name


def test_the_field_to_change_is_named() -> None:
    assert list(complaints(CHECK, "team")) == ["metadata.name"]
    assert "`spec.name`" in complaints(CHECK, "team")["metadata.name"]
    assert "`regionPrefix: Prepend`" in complaints(CHECK, "team")["metadata.name"]
    assert list(complaints(CHECK, "team", name="team")) == ["spec.name"]


def test_the_mark_takes_its_room_from_the_description() -> None:
    """T1-13, T8-1."""
    assert ROOM == 168
    assert complaints(description="x" * 168) == {}
    assert "168" in complaints(description="x" * 169)["spec.description"]


def test_what_it_has_not_is_named() -> None:
    """T1-18, T1-19."""
    found = complaints(
        tags=[{"name": "a", "value": "b"}],
        keystone={"isDomain": True},
        csp={"vrn": "a"},
        groups=[{"id": "g"}, {"id": "h", "roles": [{"name": "r"}]}],
    )
    assert set(found) == {"spec.tags", "spec.keystone", "spec.csp", "spec.groups[0].roles"}


@pytest.mark.parametrize("policy", DeletionPolicy)
def test_every_end_is_there(policy: DeletionPolicy) -> None:
    """T1-6, T1-7."""
    assert not unsupported(PREPEND, ProjectSpec(), name="team", deletion_policy=policy)
