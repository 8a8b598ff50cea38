import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest

from project_operator.backends.csp.payloads import (
    Claims,
    items_to_groups,
    items_to_ids,
    read_claims,
    read_error,
    read_oauth_error,
    read_page,
    read_sight,
)

PATH = "/csp/gateway/resource/api/v1/orgs/o/projects"


def jwt(claims: Any) -> str:
    payload = urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    return f"eyJhbGciOiJub25lIn0.{payload}.c2ln"


class TestErrors:
    @pytest.mark.parametrize(
        "document",
        [
            {"statusCode": 404},
            {"requestId": "a"},
            {"moduleCode": 1},
            {"errorCode": "x"},
            {"cspErrorCode": "x", "message": 5},
        ],
    )
    def test_any_field_of_its_own_makes_it_the_platforms(self, document: dict[str, Any]) -> None:
        assert read_error(json.dumps(document).encode(), 404) is not None

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{}",
            b"[]",
            b"null",
            b"<html>",
            b'{"message": "not found"}',
            b'{"statusCode": 500}',
            b'{"moduleCode": "x"}',
        ],
    )
    def test_what_anybody_says_is_nobodys(self, body: bytes) -> None:
        assert read_error(body, 404) is None

    def test_oauth_has_a_form_of_its_own(self) -> None:
        document = read_oauth_error(b'{"error": "invalid_client", "error_description": "unknown"}')
        assert document is not None
        assert (document.code, document.message) == ("invalid_client", "unknown")
        assert read_oauth_error(b'{"message": "x"}') is None


class TestPages:
    def test_a_link_is_its_place_alone(self) -> None:
        body = {"results": [1, 2], "totalResults": 9, "nextLink": f"{PATH}?pageStart=3&pageLimit=2"}
        page = read_page(json.dumps(body).encode(), PATH)
        assert page is not None
        assert (page.items, page.total, page.following) == ([1, 2], 9, 3)

    @pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"results": 1}', b'{"results": [], "totalResults": -1}'])
    def test_what_is_no_page_is_none(self, body: bytes) -> None:
        assert read_page(body, PATH) is None


class TestClaims:
    def test_they_say_for_whom_and_of_whom(self) -> None:
        assert read_claims(jwt({"context_name": "o", "username": "u@example.com"})) == Claims("o", "u@example.com")

    @pytest.mark.parametrize("token", ["", "a", "a.b", "a.b.c", "a.%.c", "a.e30.c", jwt([]), jwt({"context_name": 5})])
    def test_what_does_not_say_is_not_guessed(self, token: str) -> None:
        assert read_claims(token) == Claims()


class TestProjects:
    def test_everything_that_is_shown(self) -> None:
        sight = read_sight(
            json.dumps(
                {
                    "id": "p",
                    "displayName": "web",
                    "description": "text iproj1:x",
                    "type": "CUSTOM",
                    "vrn": "vrn/a",
                    "parentProjectId": "q",
                    "leaf": True,
                    "subResourceServiceScopes": ["b", "a", "b"],
                    "enabledServices": ["s"],
                    "createdBy": "client",
                    "creationDate": "2026-01-02T03:04:05.678Z",
                    "lastModifiedDate": "nonsense",
                    "unknown": {"a": 1},
                }
            ).encode(),
            "o",
        )
        assert sight is not None
        project = sight.project
        assert (project.content.description, project.content.mark) == ("text", "iproj1:x")
        assert project.content.parent_id == "q"
        assert project.content.particulars == {"csp.vrn": "vrn/a", "csp.subResourceServiceScopes": "a,b"}
        assert project.organization_id == "o"
        assert project.created_by == "client"
        assert project.creation_time is not None
        assert project.creation_time.isoformat() == "2026-01-02T03:04:05.678000+00:00"
        assert project.modified_time is None
        assert project.raw_status == {"type": "CUSTOM", "enabledServices": "s"}
        assert (sight.type, sight.leaf, sight.services) == ("CUSTOM", True, ("s",))

    def test_what_is_not_told_is_not_so(self) -> None:
        sight = read_sight(b'{"id": "p", "displayName": "a", "type": null}', "o")
        assert sight is not None
        assert (sight.type, sight.leaf, sight.services) == ("", False, ())

    @pytest.mark.parametrize(
        "body", [b"", b"[]", b"{}", b'{"id": "p"}', b'{"displayName": "a"}', b'{"id": "../x", "displayName": "a"}']
    )
    def test_what_is_no_project_is_none(self, body: bytes) -> None:
        assert read_sight(body, "o") is None


def test_one_item_that_is_none_spoils_a_list() -> None:
    assert items_to_ids([{"id": "a"}, {"id": "b"}]) == frozenset({"a", "b"})
    assert items_to_ids([{"id": "a"}, {}]) is None
    assert items_to_groups([{"id": "a", "displayName": "A"}, {"id": "b"}]) is None
