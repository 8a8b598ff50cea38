"""What the emulated API server does not have: these rows run on a real one alone, each for the reason it gives."""

import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conformance.conftest import Client, Endpoint

Make = Callable[..., dict[str, Any]]
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


@pytest.fixture(autouse=True)
def _lacking(request: pytest.FixtureRequest, endpoint: "Endpoint") -> None:
    if endpoint.emulated:
        pytest.skip(f"the emulated API server has no {request.node.get_closest_marker('lacks').args[0]}")


@pytest.mark.lacks("CEL")
async def test_rules_of_a_definition_are_evaluated(client: "Client", define: Make) -> None:
    rule = {"rule": "self.low <= self.high", "message": "must not be above `high`"}
    numbers = {"low": {"type": "integer"}, "high": {"type": "integer"}}
    body = define("ranges", "Range", spec={"type": "object", "properties": numbers, "x-kubernetes-validations": [rule]})
    assert (await client.create(DEFINITIONS, body)).status == 201
    path = "/apis/conformance.example.com/v1/namespaces/default/ranges"
    await client.until(path, 200)
    wrong = {"apiVersion": "conformance.example.com/v1", "kind": "Range", "metadata": {"name": "r"}}
    refused = await client.create(path, wrong | {"spec": {"low": 2, "high": 1}})
    assert (refused.status, "must not be above `high`" in refused.body["message"]) == (422, True)


@pytest.mark.lacks("server-side apply")
async def test_appliers_own_the_fields_they_applied(client: "Client", widgets: str, widget: Make) -> None:
    form = "application/apply-patch+yaml"
    path = f"{widgets}/blue"
    applied = await client.request("PATCH", path, json.dumps(widget()), form, fieldManager="one", force="false")
    assert applied.status == 201
    other = json.dumps(widget(spec={"size": 3}))
    refused = await client.request("PATCH", path, other, form, fieldManager="two", force="false")
    assert (refused.status, refused.body["reason"]) == (409, "Conflict")


@pytest.mark.lacks("RBAC")
async def test_who_was_granted_nothing_may_do_nothing(
    client: "Client", bearer: Callable[[str], AbstractAsyncContextManager["Client"]], namespace: str, widgets: str
) -> None:
    accounts = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    await client.create(accounts, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}})
    wanted = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    token = (await client.create(f"{accounts}/robot/token", wanted)).body["status"]["token"]
    async with bearer(token) as robot:
        assert (await robot.get(widgets)).status == 403


@pytest.mark.lacks("uniqueness in lists")
async def test_lists_that_are_maps_hold_each_key_once(client: "Client", define: Make) -> None:
    entry = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
    entries = {"type": "array", "items": entry, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["id"]}
    body = define("bags", "Bag", spec={"type": "object", "properties": {"entries": entries}})
    assert (await client.create(DEFINITIONS, body)).status == 201
    path = "/apis/conformance.example.com/v1/namespaces/default/bags"
    await client.until(path, 200)
    bag = {"apiVersion": "conformance.example.com/v1", "kind": "Bag", "metadata": {"name": "b"}}
    refused = await client.create(path, bag | {"spec": {"entries": [{"id": "a"}, {"id": "a"}]}})
    assert (refused.status, "Duplicate value" in refused.body["message"]) == (422, True)


@pytest.mark.lacks("dry run")
async def test_a_dry_run_leaves_nothing_behind(client: "Client", widgets: str, widget: Make) -> None:
    assert (await client.create(widgets, widget(), dryRun="All")).status == 201
    assert (await client.get(f"{widgets}/blue")).status == 404
