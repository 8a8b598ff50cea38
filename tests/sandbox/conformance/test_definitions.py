"""CustomResourceDefinitions: discovery, pruning, defaults, validation in the server's words, and their end."""

import asyncio
import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from waiting import WITHIN

if TYPE_CHECKING:
    from tests.sandbox.conformance.conftest import Client

Make = Callable[..., dict[str, Any]]
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


async def established(client: "Client", body: dict[str, Any]) -> str:
    """Creates a definition; the path of its resources in the namespace ``default`` once they are served."""
    created = await client.create(DEFINITIONS, body)
    assert created.status == 201, created
    path = f"/apis/conformance.example.com/v1/namespaces/default/{body['spec']['names']['plural']}"
    await client.until(path, 200)
    return path


async def test_a_definition_is_established_and_discovered(client: "Client") -> None:
    crd = (await client.get(f"{DEFINITIONS}/widgets.conformance.example.com")).body
    conditions = {condition["type"]: condition["status"] for condition in crd["status"]["conditions"]}
    assert conditions.items() >= {"Established": "True", "NamesAccepted": "True"}.items()
    assert (crd["status"]["storedVersions"], crd["status"]["acceptedNames"]["listKind"]) == (["v1"], "WidgetList")
    groups = (await client.get("/apis")).body["groups"]
    assert "conformance.example.com" in [group["name"] for group in groups]
    group = (await client.get("/apis/conformance.example.com")).body
    assert group["preferredVersion"] == {"groupVersion": "conformance.example.com/v1", "version": "v1"}
    resources = {
        resource["name"]: resource
        for resource in (await client.get("/apis/conformance.example.com/v1")).body["resources"]
    }
    widgets = resources["widgets"]
    assert (widgets["kind"], widgets["namespaced"], widgets["categories"]) == ("Widget", True, ["conformance"])
    assert {"create", "delete", "get", "list", "patch", "update", "watch"} <= set(widgets["verbs"])
    assert set(resources["widgets/status"]["verbs"]) == {"get", "patch", "update"}


async def test_the_core_is_discovered(client: "Client") -> None:
    assert (await client.get("/api")).body["versions"] == ["v1"]
    core = {resource["name"]: resource["namespaced"] for resource in (await client.get("/api/v1")).body["resources"]}
    assert core.items() >= {"namespaces": False, "secrets": True, "configmaps": True, "events": True}.items()
    version = (await client.get("/version")).body
    assert (version["major"], version["gitVersion"][:3]) == ("1", "v1.")
    assert (await client.get("/readyz")).body == "ok"


async def test_unknown_fields_are_pruned_with_a_warning(client: "Client", widgets: str, widget: Make) -> None:
    created = await client.create(
        widgets, widget(spec={"size": 2, "szie": 3, "free": {"any": {"thing": 1}}, "parts": [{"id": "a", "x": 1}]})
    )
    assert created.status == 201
    assert created.body["spec"] == {"size": 2, "free": {"any": {"thing": 1}}, "parts": [{"id": "a", "weight": 7}]}
    warnings = ", ".join(value for key, value in created.headers.items() if key == "Warning")
    assert 'unknown field \\"spec.szie\\"' in warnings or 'unknown field "spec.szie"' in warnings
    assert "spec.parts[0].x" in warnings


async def test_strict_validation_refuses_what_would_be_pruned(client: "Client", widgets: str, widget: Make) -> None:
    refused = await client.create(widgets, widget(spec={"szie": 3}), fieldValidation="Strict")
    assert (refused.status, refused.body["reason"]) == (400, "BadRequest")
    assert refused.body["message"] == (
        'Widget in version "v1" cannot be handled as a Widget: strict decoding error: unknown field "spec.szie"'
    )
    ignored = await client.create(widgets, widget(spec={"szie": 3}), fieldValidation="Ignore")
    assert ignored.status == 201
    patched = await client.merge(f"{widgets}/blue", {"spec": {"szie": 3}}, fieldValidation="Strict")
    assert (patched.status, patched.body["reason"]) == (422, "Invalid")
    assert 'strict decoding error: unknown field "spec.szie"' in patched.body["message"]


async def test_defaults_fill_what_is_absent_and_null_is_absence_unless_allowed(
    client: "Client", widgets: str, widget: Make
) -> None:
    spec = {"size": None, "color": None, "note": None, "free": {"a": None}, "parts": [{"id": "a"}]}
    created = await client.create(widgets, widget(spec=spec))
    assert created.body["spec"] == {"size": 1, "note": None, "free": {"a": None}, "parts": [{"id": "a", "weight": 7}]}
    assert created.body["status"] == {"observedGeneration": -1}


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"size": "big"}, 'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"'),
        (
            {"enabled": 1},
            'spec.enabled: Invalid value: "integer": spec.enabled in body must be of type boolean: "integer"',
        ),
        ({"tags": ["a"]}, 'spec.tags: Invalid value: "array": spec.tags in body must be of type object: "array"'),
        (
            {"tags": {"a": 1}},
            'spec.tags.a: Invalid value: "integer": spec.tags.a in body must be of type string: "integer"',
        ),
        ({"size": 0}, "spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1"),
        ({"size": 10}, "spec.size: Invalid value: 10: spec.size in body should be less than or equal to 9"),
        ({"name": "Blue"}, "spec.name: Invalid value: \"Blue\": spec.name in body should match '^[a-z]*$'"),
        ({"name": "a"}, 'spec.name: Invalid value: "a": spec.name in body should be at least 2 chars long'),
        ({"name": "abcdef"}, "spec.name: Too long: may not be more than 5 bytes"),
        ({"color": "blue"}, 'spec.color: Unsupported value: "blue": supported values: "red", "green"'),
        ({"parts": [{"weight": 1}]}, "spec.parts[0].id: Required value"),
        ({"parts": [{"id": "a"}] * 3}, "spec.parts: Too many: 3: must have at most 2 items"),
        ({"tags": {"a": "", "b": "", "c": ""}}, "spec.tags: Too many: 3: must have at most 2 items"),
    ],
    ids=lambda value: json.dumps(value) if isinstance(value, dict) else "",
)
async def test_what_does_not_fit_the_schema_is_refused(
    client: "Client", widgets: str, widget: Make, spec: dict[str, Any], message: str
) -> None:
    refused = await client.create(widgets, widget(spec=spec))
    assert (refused.status, refused.body["reason"]) == (422, "Invalid")
    assert refused.body["message"] == f'Widget.conformance.example.com "blue" is invalid: {message}'
    (cause,) = refused.body["details"]["causes"]
    assert f"{cause['field']}: {cause['message']}" == message
    assert (await client.get(f"{widgets}/blue")).status == 404


async def test_all_that_is_wrong_is_said_at_once(client: "Client", widgets: str, widget: Make) -> None:
    refused = await client.create(widgets, widget(spec={"size": 10, "color": "blue"}))
    assert refused.body["message"].startswith('Widget.conformance.example.com "blue" is invalid: [')
    assert {cause["field"] for cause in refused.body["details"]["causes"]} == {"spec.size", "spec.color"}
    body = widget()
    del body["spec"]
    assert "spec: Required value" in (await client.create(widgets, body)).body["message"]


async def test_patches_and_status_are_held_to_the_schema_too(client: "Client", widgets: str, widget: Make) -> None:
    await client.create(widgets, widget(spec={"ratio": 1}))
    spec = await client.merge(f"{widgets}/blue", {"spec": {"size": 10}})
    status = await client.merge(f"{widgets}/blue/status", {"status": {"phase": "much too long"}})
    assert (spec.status, status.status) == (422, 422)
    assert "status.phase: Too long: may not be more than 9 bytes" in status.body["message"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (lambda crd: crd["metadata"].update(name="other.conformance.example.com"), "metadata.name"),
        (lambda crd: crd["spec"]["versions"][0].pop("schema"), "spec.versions[0].schema.openAPIV3Schema"),
    ],
    ids=["name", "schema"],
)
async def test_a_definition_must_make_sense(
    client: "Client", define: Make, change: Callable[[Any], Any], field: str
) -> None:
    body = define("gadgets", "Gadget")
    change(body)
    refused = await client.create(DEFINITIONS, body)
    assert (refused.status, refused.body["reason"]) == (422, "Invalid")
    assert field in refused.body["message"]


async def test_a_changed_schema_counts_from_then_on(client: "Client", define: Make) -> None:
    path = await established(client, define("gears", "Gear"))
    gear = {"apiVersion": "conformance.example.com/v1", "kind": "Gear", "metadata": {"name": "g"}, "spec": {"teeth": 3}}
    assert "teeth" not in (await client.create(path, gear)).body["spec"]
    wider = define("gears", "Gear", spec={"type": "object", "properties": {"teeth": {"type": "integer"}}})
    changed = await client.merge(f"{DEFINITIONS}/gears.conformance.example.com", wider)
    assert (changed.status, changed.body["metadata"]["generation"]) == (200, 2)
    async with asyncio.timeout(WITHIN):
        while "teeth" not in (await client.merge(f"{path}/g", {"spec": {"teeth": 3}})).body["spec"]:
            pass


async def test_a_deleted_definition_takes_its_objects_along_once_they_are_released(
    client: "Client", define: Make
) -> None:
    path, crd = await established(client, define("cogs", "Cog")), f"{DEFINITIONS}/cogs.conformance.example.com"
    cog = {"apiVersion": "conformance.example.com/v1", "kind": "Cog", "spec": {}}
    held = await client.create(path, cog | {"metadata": {"name": "held", "finalizers": ["example.com/hold"]}})
    await client.create(path, cog | {"metadata": {"name": "free"}})
    async with client.watch(path, resourceVersion=held.version) as watch:
        deleted = await client.delete(crd)
        assert deleted.status == 200
        assert (await client.get(crd)).body["metadata"]["deletionTimestamp"]
        await client.until(f"{path}/free", 404)
        refused = await client.create(path, cog | {"metadata": {"name": "late"}})
        assert refused.status in {403, 405}, "by admission, or by the handler once it knows"
        assert "create not allowed while custom resource definition is terminating" in refused.body["message"]
        marked = await client.get(f"{path}/held")
        assert marked.body["metadata"]["deletionTimestamp"]
        released = await client.merge(f"{path}/held", {"metadata": {"finalizers": None}})
        assert released.status == 200
        await client.until(crd, 404)
        await client.until(path, 404)
        events = [await watch.next()]
        while events[-1][0] != "END":
            events.append(await watch.next())
    assert [name for kind, item in events if kind == "DELETED" for name in [item["metadata"]["name"]]] == [
        "free",
        "held",
    ]
