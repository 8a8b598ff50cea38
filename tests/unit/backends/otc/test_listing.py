"""Pages that are counted: complete, or an error, whatever happens between two of them."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_operator.backends.calls import Answer
from project_operator.backends.keystone_v3.requests import Asked
from project_operator.backends.otc.errors import ANSWERS
from project_operator.backends.otc.listing import list_projects
from project_operator.backends.otc.requests import numbered_page
from project_operator.backends.requests import Request
from project_operator.errors import BackendUnavailable


def item(number: int) -> dict[str, Any]:
    return {"id": f"p{number}", "name": f"eu-de_{number}", "domain_id": "d", "enabled": True}


class Account:
    """Projects in an order, a page at a time; ``between`` is called after each page with its number."""

    answers = ANSWERS

    def __init__(self, count: int, between: Callable[["Account", int], None] = lambda *_: None) -> None:
        self.ids = list(range(count))
        self.between = between
        self.asked = 0

    async def send(self, request: Request[Asked]) -> Answer:
        query = parse_qs(urlsplit(request.target).query)
        number, size = int(query["page"][0]), int(query["per_page"][0])
        self.asked += 1
        items = [item(one) for one in self.ids[(number - 1) * size : number * size]]
        self.between(self, self.asked)
        return self.page(items)

    @staticmethod
    def page(items: list[dict[str, Any]]) -> Answer:
        links = {"previous": None, "next": None}
        return Answer(200, httpx.Headers(), json.dumps({"projects": items, "links": links}).encode())


def listed(account: Any, per_page: int = 3) -> list[str]:
    return [one.id for one in asyncio.run(list_projects(account, "d", per_page))]


@given(st.integers(0, 20))
def test_every_project_is_there_once(count: int) -> None:
    """T4-1, T4-2, T8-8."""
    assert listed(Account(count)) == [f"p{number}" for number in range(count)]


def test_one_page_is_one_request() -> None:
    account = Account(2)
    listed(account)
    assert account.asked == 1


def test_more_are_walked_twice() -> None:
    """T8-8."""
    account = Account(7)
    listed(account)
    assert account.asked == 6


@given(st.integers(4, 15), st.dictionaries(st.integers(1, 8), st.integers(0, 14), max_size=3))
def test_whatever_is_deleted_meanwhile_hides_nothing_that_stays(count: int, deletions: dict[int, int]) -> None:
    """T4-3, T8-8."""

    def delete(account: Account, asked: int) -> None:
        if (gone := deletions.get(asked)) in account.ids:
            account.ids.remove(gone)

    account = Account(count, delete)
    with contextlib.suppress(BackendUnavailable):  # "complete, or an error"
        found = set(listed(account))
        assert {f"p{number}" for number in account.ids} <= found


def test_what_one_walk_would_hide_is_hidden_by_it() -> None:
    """The twin: without a second walk a project that is there is missing (T4-3)."""

    def delete(account: Account, asked: int) -> None:
        if asked == 1:
            account.ids.remove(0)

    once = Account(5, delete)

    async def walk() -> set[str]:
        found: set[str] = set()
        for number in (1, 2):
            body = json.loads((await once.send(_page(number))).body)
            found |= {one["id"] for one in body["projects"]}
        return found

    assert "p3" not in asyncio.run(walk())
    assert "p3" in listed(Account(5, delete))


def _page(number: int) -> Request[Asked]:
    return numbered_page("d", number, 3)


def test_a_list_that_never_rests_is_an_error() -> None:
    """T8-8."""

    def delete(account: Account, asked: int) -> None:  # noqa: ARG001 - at every page
        account.ids.pop(0)

    with pytest.raises(BackendUnavailable, match="faster than it can be read whole"):
        listed(Account(60, delete))


class Ignoring(Account):
    """Gives the same page whatever is asked."""

    async def send(self, request: Request[Asked]) -> Answer:  # noqa: ARG002 - that is what it does
        return self.page([item(number) for number in range(3)])


def test_a_server_that_does_not_count_pages_is_not_believed() -> None:
    with pytest.raises(BackendUnavailable):
        listed(Ignoring(3))


class Endless(Account):
    """Makes up projects for ever."""

    async def send(self, request: Request[Asked]) -> Answer:
        start = 3 * int(parse_qs(urlsplit(request.target).query)["page"][0])
        return self.page([item(number) for number in range(start, start + 3)])


def test_a_list_without_end_is_an_error() -> None:
    with pytest.raises(BackendUnavailable, match="does not end"):
        listed(Endless(0))


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"projects": {}}', b'{"projects": [1]}', b'{"projects": [{}]}'])
def test_what_is_no_page_is_no_list(body: bytes) -> None:
    class Odd(Account):
        async def send(self, request: Request[Asked]) -> Answer:  # noqa: ARG002 - whatever is asked
            return Answer(200, httpx.Headers(), body)

    with pytest.raises(BackendUnavailable):
        listed(Odd(0))
