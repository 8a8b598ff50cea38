import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_keystone import DOMAIN, GROUP, ID, PROJECT, ROLE

from project_operator.backends.base import Group, HealthStatus, ProvisioningStatus, Role, RoleAssignment, Tag
from project_operator.backends.keystone_v3.payloads import (
    Page,
    TokenPayload,
    item_to_group,
    item_to_role,
    items_to_assignments,
    lifetime,
    peek,
    read_page,
    read_project,
)
from project_operator.backends.keystone_v3.tags import MarkInTag

PLACE = MarkInTag()
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def project(**changes: Any) -> Any:
    return read_project(json.dumps({"project": {**PROJECT, **changes}}).encode(), PLACE)


class TestProject:
    def test_what_is_read(self) -> None:
        found = project(description="text", tags=["a=b", "iproj1:x"], options={"immutable": True}, extra={"x": 1})
        assert found.id == ID
        assert found.organization_id == DOMAIN
        assert found.content.description == "text"
        assert found.content.tags == (Tag("a", "b"),)
        assert found.content.mark == "iproj1:x"
        assert found.content.role_assignments is None
        assert found.content.parent_id == DOMAIN
        assert found.content.particulars == {
            "keystone.isDomain": "false",
            "keystone.immutable": "true",
            "keystone.domainID": DOMAIN,
        }
        assert found.creation_time is None
        assert found.created_by == ""

    @pytest.mark.parametrize("enabled", [True, False])
    def test_it_is_provisioned_and_healthy_whether_it_is_enabled_or_not(self, enabled: bool) -> None:  # noqa: FBT001 - a column
        found = project(enabled=enabled)
        assert found.provisioning_status is ProvisioningStatus.PROVISIONED
        assert found.health_status is HealthStatus.HEALTHY
        assert found.content.enabled is enabled
        assert found.raw_status == {"enabled": "true" if enabled else "false"}

    def test_a_domain_is_its_own_organization(self) -> None:
        found = project(is_domain=True, domain_id=None, parent_id=None)
        assert found.organization_id == ID
        assert found.content.particulars == {"keystone.isDomain": "true", "keystone.immutable": "false"}

    def test_no_description_stays_none(self) -> None:
        assert project(description=None).content.description is None

    @pytest.mark.parametrize(
        "changes",
        [
            {"id": "../x"},
            {"id": None},
            {"domain_id": None},
            {"enabled": "yes"},
            {"enabled": None},
            {"is_domain": "false"},
            {"name": None},
            {"tags": "a"},
            {"options": {"immutable": "true"}},
        ],
    )
    def test_what_an_update_would_be_judged_by_is_not_guessed(self, changes: dict[str, Any]) -> None:
        assert project(**changes) is None

    @given(st.binary(max_size=100))
    def test_no_text_raises(self, body: bytes) -> None:
        assert read_project(body, PLACE) is None


class TestPage:
    def body(self, **document: Any) -> bytes:
        return json.dumps(document).encode()

    def test_the_last_page_has_no_marker(self) -> None:
        assert read_page(self.body(projects=[1], links={"next": None}), "projects") == Page([1], "")
        assert read_page(self.body(projects=[]), "projects") == Page([], "")

    @pytest.mark.parametrize(
        "link",
        [
            "http://internal:5000/v3/projects?domain_id=d&limit=1&marker=abc",
            "https://evil.example.com/steal?marker=abc",
            "?marker=abc",
        ],
    )
    def test_of_the_link_only_the_marker_is_taken(self, link: str) -> None:
        assert read_page(self.body(projects=[1], links={"next": link}, truncated=True), "projects") == Page([1], "abc")

    @pytest.mark.parametrize(
        "document",
        [
            {"projects": [1], "links": {"next": None}, "truncated": True},
            {"projects": [1], "truncated": True},
            {"projects": [1], "links": {"next": "http://a/v3/projects"}},
            {"projects": [1], "links": {"next": "http://a/v3/projects?marker="}},
            {"projects": [1], "links": {"next": "http://a/v3/projects?marker=a&marker=b"}},
            {"projects": [1], "links": {"next": "http://[/?marker=a"}},
            {"projects": [1], "links": {"next": 5}},
            {"projects": {}},
            {"groups": []},
        ],
    )
    def test_a_page_that_hides_its_end_is_none(self, document: dict[str, Any]) -> None:
        assert read_page(self.body(**document), "projects") is None

    @given(st.binary(max_size=100))
    def test_no_text_raises(self, body: bytes) -> None:
        read_page(body, "projects")
        peek(body, "projects")


def assignment(**changes: Any) -> dict[str, Any]:
    return {"scope": {"project": {"id": ID}}, "role": {"id": ROLE}, "group": {"id": GROUP}} | changes


class TestItems:
    def test_assignments_of_groups_on_the_project_itself(self) -> None:
        items = [
            assignment(),
            assignment(scope={"project": {"id": ID}, "OS-INHERIT:inherited_to": "projects"}),
            assignment(scope={"project": {"id": "another"}}),
            {"scope": {"project": {"id": ID}}, "role": {"id": ROLE}, "user": {"id": "u"}},
        ]
        assert items_to_assignments(items, ID) == (RoleAssignment(GROUP, ROLE),)

    def test_one_bad_item_spoils_a_list(self) -> None:
        assert items_to_assignments([assignment(), {}], ID) is None

    def test_what_is_no_group_or_role_is_none(self) -> None:
        assert item_to_group({"id": "g"}) is None
        assert item_to_role(5) is None

    def test_groups_and_roles(self) -> None:
        assert item_to_group({"id": "g", "name": "n", "domain_id": DOMAIN}) == Group("g", "n")
        assert item_to_role({"id": "r", "name": "n", "domain_id": None}) == Role("r", "n")


@pytest.mark.parametrize(
    ("issued", "expires", "seconds"),
    [
        ("2020-01-01T00:00:00.000000Z", "2020-01-01T01:00:00.000000Z", 3600.0),
        ("2020-01-01T00:00:00", "2020-01-01T00:00:04", 4.0),
        (None, "2026-11-22T04:10:00Z", 600.0),
        ("2020-01-01T02:00:00Z", "2020-01-01T01:00:00Z", 0.0),
    ],
)
def test_a_token_lives_by_the_servers_clock(issued: str | None, expires: str, seconds: float) -> None:
    token = TokenPayload.model_validate({"issued_at": issued, "expires_at": expires})
    assert lifetime(token, NOW) == seconds
