import json
from dataclasses import replace
from typing import Any

import pytest
from scripted_keystone import DOMAIN, GROUP, ID, OTHER_DOMAIN, ROLE, remote

from project_operator.backends.base import PlannedCall, ProjectContent, RoleAssignment, Tag
from project_operator.backends.keystone_v3.requests import (
    UNKNOWN_ID,
    Asked,
    creation,
    deletion,
    role_changes,
    switch,
    update,
)
from project_operator.backends.keystone_v3.tags import MarkInTag
from project_operator.backends.requests import Request

PLACE = MarkInTag()
LOCKED = {"keystone.isDomain": "false", "keystone.immutable": "true", "keystone.domainID": DOMAIN}
HAS = RoleAssignment(GROUP, ROLE)
WANTS = RoleAssignment(GROUP, "another")


def sent(requests: tuple[Request[Asked], ...]) -> list[tuple[str, str, Any]]:
    return [
        (one.method, one.target, json.loads(one.body)["project"] if one.body is not None else None) for one in requests
    ]


def body(content: ProjectContent) -> Any:
    ((method, target, project),) = sent((creation(content, DOMAIN, PLACE),))
    assert (method, target) == ("POST", "/v3/projects")
    return project


class TestCreation:
    def test_the_domain_is_always_named(self) -> None:
        assert body(ProjectContent("a")) == {"name": "a", "domain_id": DOMAIN}
        elsewhere = ProjectContent("a", particulars={"keystone.domainID": OTHER_DOMAIN})
        assert body(elsewhere) == {"name": "a", "domain_id": OTHER_DOMAIN}

    def test_everything_that_there_is(self) -> None:
        content = ProjectContent(
            "a",
            "",
            (Tag("t", "v"),),
            mark="iproj1:m",
            enabled=False,
            parent_id=ID,
            particulars={"keystone.immutable": "true", "keystone.isDomain": "false"},
            role_assignments=(HAS,),
        )
        assert body(content) == {
            "name": "a",
            "domain_id": DOMAIN,
            "description": "",
            "enabled": False,
            "parent_id": ID,
            "tags": ["t=v", "iproj1:m"],
            "options": {"immutable": True},
        }

    def test_a_domain_is_in_none(self) -> None:
        content = ProjectContent("a", particulars={"keystone.isDomain": "true"})
        assert body(content) == {"name": "a", "is_domain": True}
        assert creation(content, DOMAIN, PLACE).summary == "create project that is a domain 'a'"


class TestUpdate:
    def test_nothing_to_do_is_nothing_to_send(self) -> None:
        current = remote(role_assignments=(HAS,))
        assert update(current, current.content, PLACE) == ()

    @pytest.mark.parametrize(
        "change",
        [
            {"description": None},
            {"tags": (Tag("b", ""), Tag("a", "1"))},
            {"particulars": {}},
            {"role_assignments": None},
            {"enabled": None},
            {"parent_id": "another"},
            {"particulars": {"keystone.domainID": "another", "keystone.isDomain": "true"}},
        ],
    )
    def test_what_means_the_same_or_cannot_change_is_nothing_to_do(self, change: dict[str, Any]) -> None:
        current = remote(tags=(Tag("a", "1"), Tag("b", "")))
        assert update(current, replace(current.content, **change), PLACE) == ()

    @pytest.mark.parametrize(
        ("change", "wire"),
        [
            ({"name": "b"}, {"name": "b"}),
            ({"description": "x"}, {"description": "x"}),
            ({"tags": (Tag("a", "1"),)}, {"tags": ["a=1"]}),
            ({"mark": "iproj1:m"}, {"tags": ["iproj1:m"]}),
            ({"particulars": {"keystone.immutable": "true"}}, {"options": {"immutable": True}}),
        ],
    )
    def test_id_and_enabled_go_with_every_change(self, change: dict[str, Any], wire: dict[str, Any]) -> None:
        current = remote(enabled=False)
        expected = [("PATCH", f"/v3/projects/{ID}", {"id": ID, "enabled": False} | wire)]
        assert sent(update(current, replace(current.content, **change), PLACE)) == expected

    def test_enabled_itself(self) -> None:
        current = remote()
        (request,) = sent(update(current, replace(current.content, enabled=False), PLACE))
        assert request[2] == {"id": ID, "enabled": False}

    def test_a_description_is_emptied(self) -> None:
        current = remote(description="x")
        (request,) = sent(update(current, replace(current.content, description=""), PLACE))
        assert request[2] == {"id": ID, "enabled": True, "description": ""}

    def test_our_lock_is_opened_alone_and_closed_with_the_change(self) -> None:
        current = remote(particulars=LOCKED)
        content = replace(current.content, name="b", particulars={"keystone.immutable": "true"})
        assert [project for _, _, project in sent(update(current, content, PLACE))] == [
            {"options": {"immutable": False}},
            {"id": ID, "enabled": True, "name": "b", "options": {"immutable": True}},
        ]

    def test_our_lock_is_taken_off(self) -> None:
        current = remote(particulars=LOCKED)
        content = replace(current.content, particulars={"keystone.immutable": "false"})
        assert [project for _, _, project in sent(update(current, content, PLACE))] == [
            {"options": {"immutable": False}}
        ]

    def test_our_lock_stays_closed_where_nothing_changes(self) -> None:
        current = remote(particulars=LOCKED)
        content = replace(current.content, particulars={"keystone.immutable": "true"})
        assert update(current, content, PLACE) == ()

    def test_somebody_elses_lock_is_never_opened(self) -> None:
        current = remote(particulars=LOCKED)
        content = replace(current.content, name="b", particulars={})
        assert [project for _, _, project in sent(update(current, content, PLACE))] == [
            {"id": ID, "enabled": True, "name": "b"}
        ]

    def test_roles_alone_take_no_patch_even_under_a_lock(self) -> None:
        current = remote(particulars=LOCKED, role_assignments=(HAS,))
        content = replace(current.content, role_assignments=(WANTS,), particulars={"keystone.immutable": "true"})
        assert [method for method, _, _ in sent(update(current, content, PLACE))] == ["PUT", "DELETE"]


class TestRoles:
    def test_what_is_wanted_comes_before_what_is_not_goes(self) -> None:
        path = f"/v3/projects/{ID}/groups/{GROUP}/roles"
        assert sent(role_changes(ID, (HAS,), (WANTS,))) == [
            ("PUT", f"{path}/another", None),
            ("DELETE", f"{path}/{ROLE}", None),
        ]

    def test_what_is_not_our_affair_stays(self) -> None:
        assert role_changes(ID, (HAS,), None) == ()

    def test_where_it_is_not_known_what_there_is_nothing_goes(self) -> None:
        assert [one.method for one in role_changes(ID, None, (WANTS, HAS))] == ["PUT", "PUT"]

    def test_an_id_that_is_not_known_yet_stands_for_itself(self) -> None:
        (request,) = role_changes(UNKNOWN_ID, (), (HAS,))
        assert request.planned() == PlannedCall(
            "PUT", f"/v3/projects/{{id}}/groups/{GROUP}/roles/{ROLE}", f"give group {GROUP} the role {ROLE}"
        )


def test_a_deletion_and_what_comes_before_that_of_a_domain() -> None:
    for is_domain in (False, True):
        assert sent((deletion(ID, is_domain=is_domain),)) == [("DELETE", f"/v3/projects/{ID}", None)]
    for enabled in (False, True):
        assert sent((switch(ID, enabled=enabled),)) == [("PATCH", f"/v3/projects/{ID}", {"id": ID, "enabled": enabled})]


def test_the_longest_texts_fit_into_what_keystone_takes() -> None:
    """K1-8: 114,688 bytes."""
    tags = tuple(Tag("\U0001f600" * 250 + f"{number:05}", "") for number in range(80))
    content = ProjectContent("\U0001f600" * 64, description="\U0001f600" * 4096, tags=tags)
    body = creation(content, DOMAIN, MarkInTag()).body
    assert body is not None
    assert 90_000 < len(body) < 114_688
