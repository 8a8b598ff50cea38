from dataclasses import dataclass

import pytest

from project_operator.sandbox.identity.exchange import Request, Route
from project_operator.sandbox.identity.routing import UNKNOWN, UNKNOWN_METHOD, route


@dataclass(frozen=True)
class One:
    name: str
    method: str
    template: str


OPERATIONS = (
    One("list", "GET", "/things"),
    One("listDeleted", "GET", "/things/deleted"),
    One("get", "GET", "/things/{id}"),
    One("change", "PATCH", "/things/{id}"),
    One("member", "PUT", "/things/{id}/members/{memberID}"),
)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/things", Route("list", "/things")),
        ("GET", "/things/deleted", Route("listDeleted", "/things/deleted")),
        ("GET", "/things/7", Route("get", "/things/{id}", {"id": "7"})),
        ("GET", "/things/a%2Fb", Route("get", "/things/{id}", {"id": "a/b"})),
        ("PATCH", "/things/deleted", Route("change", "/things/{id}", {"id": "deleted"})),
        ("PUT", "/things/7/members/8", Route("member", OPERATIONS[4].template, {"id": "7", "memberID": "8"})),
        ("DELETE", "/things/7", Route(UNKNOWN_METHOD, "/things/{id}")),
        ("GET", "/things/", Route(UNKNOWN, "/things/")),
        ("GET", "/things/7/members", Route(UNKNOWN, "/things/7/members")),
        ("GET", "", Route(UNKNOWN, "")),
    ],
)
def test_the_operation_that_a_request_is_for(method: str, path: str, expected: Route) -> None:
    assert route(OPERATIONS, method, path) == expected


def test_of_repeated_parameters_the_first_counts() -> None:
    assert Request("GET", "/things", "a=1&a=2&b=").parameters == {"a": "1", "b": ""}
