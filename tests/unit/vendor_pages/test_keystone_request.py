"""The creation as it leaves for Keystone, and what of the answer does not matter."""

import json

from scripted_keystone import DOMAIN, ID, PROJECT, TOKEN, answer, connected

from project_operator.backends.base import ProjectContent


async def test_the_post_has_the_headers_that_the_page_asks_for() -> None:
    backend, server = await connected({"POST /v3/projects": answer(201, {"project": PROJECT})})
    await backend.create_project(ProjectContent("a"), before_send=lambda: None)
    (call,) = server.asked
    assert (call.method, call.path) == ("POST", "/v3/projects")
    assert call.headers["Content-Type"] == "application/json"
    assert call.headers["X-Auth-Token"] == TOKEN
    assert json.loads(call.body or b"") == {"project": {"name": "a", "domain_id": DOMAIN}}


async def test_links_are_neither_needed_nor_followed() -> None:
    elsewhere = {"links": {"self": f"https://elsewhere.example/v3/projects/{ID}"}}
    for more in ({}, elsewhere, {"links": None}, {"links": 5}):
        backend, server = await connected({"POST /v3/projects": answer(201, {"project": PROJECT | more})})
        made = await backend.create_project(ProjectContent("a"), before_send=lambda: None)
        assert made.id == ID
        assert server.requests == ["POST /v3/projects"]
