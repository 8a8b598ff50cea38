"""Objects: what a write makes of them, what it refuses, and in which words."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conformance.conftest import Client

Make = Callable[..., dict[str, Any]]
Bearer = Callable[[str], AbstractAsyncContextManager["Client"]]


async def test_the_server_owns_identity_time_and_versions(client: "Client", widgets: str, widget: Make) -> None:
    claimed = {"uid": "mine", "creationTimestamp": "2001-01-01T00:00:00Z", "generation": 7, "labels": {"a": "b"}}
    created = await client.create(widgets, widget(metadata=claimed))
    metadata = created.body["metadata"]
    assert created.status == 201
    assert len(metadata["uid"]) == 36
    assert not metadata["creationTimestamp"].startswith("2001")
    assert (metadata["generation"], metadata["labels"]) == (1, {"a": "b"})
    assert (await client.get(f"{widgets}/blue")).body == created.body


async def test_a_second_creation_of_the_name_conflicts(client: "Client", widgets: str, widget: Make) -> None:
    await client.create(widgets, widget())
    again = await client.create(widgets, widget())
    assert (again.status, again.body["reason"]) == (409, "AlreadyExists")
    assert again.body["message"] == 'widgets.conformance.example.com "blue" already exists'


async def test_a_generated_name_begins_as_asked(client: "Client", widgets: str, widget: Make) -> None:
    body = widget()
    body["metadata"] = {"generateName": "blue-"}
    names = {(await client.create(widgets, body)).body["metadata"]["name"] for _ in range(3)}
    assert len(names) == 3
    assert all(name.startswith("blue-") and len(name) == 10 for name in names)


async def test_what_is_not_there_is_not_found(client: "Client", widgets: str) -> None:
    for answer in (
        await client.get(f"{widgets}/blue"),
        await client.merge(f"{widgets}/blue", {"spec": {"size": 3}}),
        await client.delete(f"{widgets}/blue"),
    ):
        assert (answer.status, answer.body["kind"], answer.body["reason"]) == (404, "Status", "NotFound")
        assert answer.body["message"] == 'widgets.conformance.example.com "blue" not found'
        details = {"name": "blue", "group": "conformance.example.com", "kind": "widgets"}
        assert answer.body["details"] == details


async def test_an_unknown_kind_has_no_path(client: "Client") -> None:
    for path in (
        "/apis/conformance.example.com/v1/namespaces/default/nothing",
        "/apis/no.example.com/v1",
        "/api/v1/nothing",
    ):
        answer = await client.get(path)
        assert answer.status == 404, path


async def test_a_namespace_must_exist(client: "Client", widget: Make) -> None:
    answer = await client.create("/apis/conformance.example.com/v1/namespaces/no-such/widgets", widget())
    assert (answer.status, answer.body["message"]) == (404, 'namespaces "no-such" not found')


async def test_who_is_nobody_is_turned_away(bearer: Bearer, widgets: str) -> None:
    async with bearer("nobody") as nobody:
        answer = await nobody.get(widgets)
    assert (answer.status, answer.body["reason"]) == (401, "Unauthorized")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("{", "BadRequest"),
        ({"apiVersion": "conformance.example.com/v1", "kind": "Gadget", "metadata": {"name": "x"}}, "Invalid"),
        ({"apiVersion": "other.example.com/v1", "kind": "Widget", "metadata": {"name": "x"}}, "BadRequest"),
    ],
    ids=["no JSON", "another kind", "another group"],
)
async def test_a_body_of_something_else_is_refused(client: "Client", widgets: str, body: Any, reason: str) -> None:
    answer = await client.create(widgets, body)
    assert (answer.status, answer.body["reason"]) == (400 if reason == "BadRequest" else 422, reason)


async def test_names_and_namespaces_of_body_and_path_agree(client: "Client", widgets: str, widget: Make) -> None:
    created = await client.create(widgets, widget())
    elsewhere = await client.create(widgets, widget("red", metadata={"namespace": "default"}))
    renamed = await client.put(
        f"{widgets}/blue", created.body | {"metadata": created.body["metadata"] | {"name": "red"}}
    )
    patched = await client.merge(f"{widgets}/blue", {"metadata": {"name": "red"}})
    assert (elsewhere.status, renamed.status, patched.status) == (400, 400, 400)


async def test_a_name_must_be_a_dns_name(client: "Client", widgets: str, widget: Make) -> None:
    answer = await client.create(widgets, widget("Blue_1"))
    assert answer.status == 422
    wording = 'metadata.name: Invalid value: "Blue_1": a lowercase RFC 1123 subdomain must consist of lower case'
    assert answer.body["message"].startswith(f'Widget.conformance.example.com "Blue_1" is invalid: {wording}')


async def test_a_write_that_changes_nothing_makes_no_version(client: "Client", widgets: str, widget: Make) -> None:
    created = await client.create(widgets, widget())
    path = f"{widgets}/blue"
    status = await client.merge(f"{path}/status", {"status": {"phase": "new"}})
    for answer in (
        await client.merge(path, {"spec": {"size": 2}}),
        await client.merge(path, {}),
        await client.merge(f"{path}/status", {"status": {"phase": "new"}}),
        await client.operate(path, [{"op": "replace", "path": "/spec/size", "value": 2}]),
        await client.put(path, status.body),
    ):
        assert (answer.status, answer.version) == (200, status.version)
    assert status.version != created.version


async def test_the_generation_counts_changes_of_spec_alone(client: "Client", widgets: str, widget: Make) -> None:
    await client.create(widgets, widget())
    path = f"{widgets}/blue"
    seen = []
    for changed in (
        await client.merge(path, {"metadata": {"annotations": {"a": "b"}}}),
        await client.merge(f"{path}/status", {"status": {"phase": "new"}}),
        await client.merge(path, {"spec": {"size": 3}}),
        await client.merge(path, {"spec": {"size": None}}),
    ):
        assert changed.status == 200
        seen.append(changed.body["metadata"]["generation"])
    assert seen == [1, 1, 2, 3]


async def test_status_is_written_through_its_subresource_alone(client: "Client", widgets: str, widget: Make) -> None:
    created = await client.create(widgets, widget(status={"phase": "mine"}))
    path = f"{widgets}/blue"
    assert created.body["status"] == {"observedGeneration": -1}
    main = await client.merge(path, {"spec": {"size": 3}, "status": {"phase": "mine"}})
    assert (main.body["spec"]["size"], main.body["status"]) == (3, {"observedGeneration": -1})
    patch = {
        "spec": {"size": 4},
        "status": {"phase": "done"},
        "metadata": {"labels": {"a": "b"}, "finalizers": ["a.example.com/b"]},
    }
    status = await client.merge(f"{path}/status", patch)
    assert (status.body["spec"]["size"], status.body["status"]["phase"]) == (3, "done")
    assert not {"labels", "finalizers"} & status.body["metadata"].keys()
    put = await client.put(f"{path}/status", status.body | {"spec": {"size": 5}, "status": {"phase": "over"}})
    assert (put.body["spec"]["size"], put.body["status"]) == (3, {"phase": "over"})
    assert (await client.get(f"{path}/status")).body == put.body


@pytest.mark.parametrize("part", ["", "/status"])
async def test_a_patch_of_another_version_conflicts(client: "Client", widgets: str, widget: Make, part: str) -> None:
    created = await client.create(widgets, widget())
    path = f"{widgets}/blue"
    current = await client.merge(path, {"spec": {"size": 3}})
    patch = {"metadata": {"resourceVersion": created.version}, "spec": {"size": 4}, "status": {"phase": "x"}}
    refused = await client.merge(path + part, patch)
    assert (refused.status, refused.body["reason"]) == (409, "Conflict")
    assert refused.body["message"] == (
        'Operation cannot be fulfilled on widgets.conformance.example.com "blue": '
        "the object has been modified; please apply your changes to the latest version and try again"
    )
    guarded = await client.merge(path + part, patch | {"metadata": {"resourceVersion": current.version}})
    assert guarded.status == 200


async def test_a_patch_for_another_uid_is_invalid_but_goes_unnoticed_on_status(
    client: "Client", widgets: str, widget: Make
) -> None:
    created = await client.create(widgets, widget())
    other = {"metadata": {"uid": "00000000-0000-4000-8000-000000000000"}}
    refused = await client.merge(f"{widgets}/blue", other | {"spec": {"size": 3}})
    assert (refused.status, refused.body["reason"]) == (422, "Invalid")
    assert "metadata.uid: Invalid value" in refused.body["message"]
    assert "field is immutable" in refused.body["message"]
    status = await client.merge(f"{widgets}/blue/status", other | {"status": {"phase": "x"}})
    assert (status.status, status.body["metadata"]["uid"]) == (200, created.body["metadata"]["uid"])


async def test_an_update_names_the_version_it_began_from(client: "Client", widgets: str, widget: Make) -> None:
    created = (await client.create(widgets, widget())).body
    metadata = {key: value for key, value in created["metadata"].items() if key != "resourceVersion"}
    without = await client.put(f"{widgets}/blue", created | {"metadata": metadata})
    assert without.status == 422
    assert "metadata.resourceVersion: Invalid value: 0: must be specified for an update" in without.body["message"]
    changed = await client.put(f"{widgets}/blue", created | {"spec": {"size": 4}})
    stale = await client.put(f"{widgets}/blue", created | {"spec": {"size": 5}})
    uid = {"uid": "00000000-0000-4000-8000-000000000000", "resourceVersion": changed.version}
    other = await client.put(f"{widgets}/blue", created | {"metadata": created["metadata"] | uid})
    assert (changed.status, stale.status, other.status) == (200, 409, 409)


async def test_an_update_replaces_all_that_is_not_the_servers(client: "Client", widgets: str, widget: Make) -> None:
    created = (
        await client.create(widgets, widget(metadata={"labels": {"a": "b"}}, spec={"size": 2, "color": "red"}))
    ).body
    metadata = {"name": "blue", "resourceVersion": created["metadata"]["resourceVersion"]}
    updated = (await client.put(f"{widgets}/blue", widget(metadata=metadata, spec={"size": 3}))).body
    assert updated["spec"] == {"size": 3}
    assert "labels" not in updated["metadata"]
    for owned in ("uid", "creationTimestamp", "namespace"):
        assert updated["metadata"][owned] == created["metadata"][owned]


async def test_json_patches_are_tested_before_they_apply(client: "Client", widgets: str, widget: Make) -> None:
    created = await client.create(widgets, widget(metadata={"labels": {"a/b": "c"}}, spec={"parts": [{"id": "x"}]}))
    path = f"{widgets}/blue"
    test = {"op": "test", "path": "/metadata/resourceVersion", "value": "1"}
    grow = {"op": "add", "path": "/spec/parts/-", "value": {"id": "y"}}
    refused = await client.operate(path, [test, grow])
    assert (refused.status, refused.body["reason"]) == (422, "Invalid")
    assert refused.body["message"] == "the server rejected our request due to an error in our request"
    applied = await client.operate(
        path,
        [
            test | {"value": created.version},
            grow,
            {"op": "remove", "path": "/metadata/labels/a~1b"},
            {"op": "replace", "path": "/spec/parts/0/weight", "value": 1},
            {"op": "add", "path": "/metadata/finalizers", "value": ["example.com/hold"]},
        ],
    )
    assert applied.status == 200
    assert applied.body["spec"]["parts"] == [{"id": "x", "weight": 1}, {"id": "y", "weight": 7}]
    assert "labels" not in applied.body["metadata"]
    assert applied.body["metadata"]["finalizers"] == ["example.com/hold"]
    nowhere = await client.operate(path, [{"op": "add", "path": "/spec/free/deep/er", "value": 1}])
    assert nowhere.status == 422
    assert (await client.get(path)).version == applied.version
    await client.merge(path, {"metadata": {"finalizers": None}})


async def test_merge_patches_remove_by_null_and_replace_lists(client: "Client", widgets: str, widget: Make) -> None:
    spec = {"tags": {"a": "1", "b": "2"}, "parts": [{"id": "x"}, {"id": "y"}], "free": {"deep": {"a": 1, "b": 2}}}
    await client.create(widgets, widget(spec=spec))
    patch = {
        "tags": {"a": None, "c": "3"},
        "parts": [{"id": "z"}],
        "free": {"deep": {"a": None, "c": {"d": None, "e": 1}}},
    }
    patched = await client.merge(f"{widgets}/blue", {"spec": patch})
    assert patched.body["spec"]["tags"] == {"b": "2", "c": "3"}
    assert patched.body["spec"]["parts"] == [{"id": "z", "weight": 7}]
    assert patched.body["spec"]["free"] == {"deep": {"b": 2, "c": {"e": 1}}}


async def test_strategic_merge_patches_are_for_builtin_kinds(
    client: "Client", secrets: str, widgets: str, widget: Make
) -> None:
    strategic = "application/strategic-merge-patch+json"
    await client.create(
        secrets, {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "YQ=="}}
    )
    patch = {"data": {"b": "Yg=="}, "metadata": {"labels": {"x": "y"}}}
    patched = await client.request("PATCH", f"{secrets}/s", patch, strategic)
    assert (patched.status, patched.body["data"]) == (200, {"a": "YQ==", "b": "Yg=="})
    await client.create(widgets, widget())
    refused = await client.request("PATCH", f"{widgets}/blue", {"spec": {"size": 3}}, strategic)
    assert (refused.status, refused.body["reason"]) == (415, "UnsupportedMediaType")


async def test_finalizers_hold_a_deleted_object_until_the_last_is_gone(
    client: "Client", widgets: str, widget: Make
) -> None:
    await client.create(widgets, widget(metadata={"finalizers": ["a.example.com/1", "b.example.com/2"]}))
    path = f"{widgets}/blue"
    marked = await client.delete(path)
    assert (marked.status, marked.body["kind"]) == (200, "Widget")
    assert marked.body["metadata"]["deletionTimestamp"]
    assert (marked.body["metadata"]["generation"], marked.body["metadata"]["deletionGracePeriodSeconds"]) == (2, 0)
    again = await client.delete(path)
    assert again.body["metadata"] == marked.body["metadata"]
    added = await client.merge(
        path, {"metadata": {"finalizers": ["a.example.com/1", "b.example.com/2", "c.example.com/3"]}}
    )
    assert added.status == 422
    assert (
        "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, "
        'found new finalizers []string{"c.example.com/3"}'
    ) in added.body["message"]
    undone = await client.merge(path, {"metadata": {"deletionTimestamp": None}, "spec": {"size": 3}})
    assert undone.body["metadata"]["deletionTimestamp"] == marked.body["metadata"]["deletionTimestamp"]
    fewer = await client.merge(path, {"metadata": {"finalizers": ["b.example.com/2"]}})
    assert fewer.body["metadata"]["finalizers"] == ["b.example.com/2"]
    last = await client.merge(path, {"metadata": {"finalizers": None}})
    assert (last.status, last.body["metadata"]["name"]) == (200, "blue")
    assert (await client.get(path)).status == 404


async def test_what_nothing_holds_goes_at_once_and_comes_back_as_another(
    client: "Client", widgets: str, widget: Make
) -> None:
    created = (await client.create(widgets, widget())).body
    gone = await client.delete(
        f"{widgets}/blue", {"apiVersion": "v1", "kind": "DeleteOptions", "propagationPolicy": "Background"}
    )
    assert (gone.status, gone.body["kind"], gone.body["status"]) == (200, "Status", "Success")
    assert gone.body["details"]["uid"] == created["metadata"]["uid"]
    again = (await client.create(widgets, widget())).body
    assert again["metadata"]["uid"] != created["metadata"]["uid"]


async def test_a_deletion_can_be_for_one_uid_and_version_alone(client: "Client", widgets: str, widget: Make) -> None:
    created = (await client.create(widgets, widget())).body["metadata"]
    for wanted in ({"uid": "00000000-0000-4000-8000-000000000000"}, {"resourceVersion": "1"}):
        refused = await client.delete(f"{widgets}/blue", {"preconditions": wanted})
        assert (refused.status, refused.body["reason"]) == (409, "Conflict")
    wanted = {key: created[key] for key in ("uid", "resourceVersion")}
    assert (await client.delete(f"{widgets}/blue", {"preconditions": wanted})).status == 200


async def test_secrets_take_text_and_need_no_version_to_be_replaced(client: "Client", secrets: str) -> None:
    body = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s"},
        "data": {"a": "YQ=="},
        "stringData": {"b": "b"},
    }
    created = await client.create(secrets, body)
    assert (created.body["data"], created.body["type"]) == ({"a": "YQ==", "b": "Yg=="}, "Opaque")
    assert "stringData" not in created.body
    assert "generation" not in created.body["metadata"]
    replaced = await client.put(f"{secrets}/s", body | {"stringData": {"b": "c"}})
    assert (replaced.status, replaced.body["data"]) == (200, {"a": "YQ==", "b": "Yw=="})
    stale = await client.merge(
        f"{secrets}/s", {"metadata": {"resourceVersion": created.version}, "data": {"d": "ZA=="}}
    )
    assert stale.status == 409


async def test_leases_are_taken_over_by_version(client: "Client", namespace: str) -> None:
    path = f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases"
    body = {
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": "shard"},
        "spec": {"holderIdentity": "a"},
    }
    held = (await client.create(path, body)).body
    renewed = await client.put(f"{path}/shard", held | {"spec": {"holderIdentity": "b"}})
    late = await client.put(f"{path}/shard", held | {"spec": {"holderIdentity": "c"}})
    assert (renewed.status, late.status) == (200, 409)


async def test_config_maps_and_events_are_served(client: "Client", namespace: str) -> None:
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"a": "b"}}
    assert (await client.create(f"/api/v1/namespaces/{namespace}/configmaps", config)).status == 201
    about = {"kind": "Widget", "namespace": namespace, "name": "blue", "apiVersion": "conformance.example.com/v1"}
    told = {"type": "Normal", "reason": "Tested", "action": "Test", "reportingController": "a.example.com/b"}
    event = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": "blue.1"},
        "eventTime": "2026-01-01T00:00:00.000000Z",
        "reportingInstance": "b-1",
        "regarding": about,
        "note": "said",
    } | told
    path = f"/apis/events.k8s.io/v1/namespaces/{namespace}/events"
    created = await client.create(path, event)
    assert created.status == 201, created
    series = {"count": 2, "lastObservedTime": "2026-01-01T00:00:01.000000Z"}
    assert (await client.merge(f"{path}/blue.1", {"series": series})).body["series"]["count"] == 2
    older = (await client.get(f"/api/v1/namespaces/{namespace}/events/blue.1")).body
    assert (older["involvedObject"]["name"], older["message"], older["reason"]) == ("blue", "said", "Tested")


async def test_the_audit_log_names_who_did_what_and_what_came_of_it(
    client: "Client", endpoint: Any, widgets: str, namespace: str, widget: Make
) -> None:
    await client.create(widgets, widget())
    await client.merge(f"{widgets}/blue/status", {"metadata": {"resourceVersion": "1"}, "status": {"phase": "x"}})
    events = await client.audited(endpoint.audit_log, namespace, "widgets", 2)
    assert [(event["verb"], event["responseStatus"]["code"]) for event in events] == [("create", 201), ("patch", 409)]
    reference = {"resource": "widgets", "namespace": namespace, "name": "blue", "apiGroup": "conformance.example.com"}
    reference |= {"apiVersion": "v1", "subresource": "status"}
    assert reference.items() <= events[1]["objectRef"].items()
    assert events[1]["stage"] == "ResponseComplete"
    assert events[1]["user"]["username"]


async def test_a_service_account_acts_in_its_own_name(
    client: "Client", bearer: Bearer, endpoint: Any, namespace: str
) -> None:
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts"
    await client.create(path, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}})
    wanted = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
    token = (await client.create(f"{path}/robot/token", wanted)).body["status"]["token"]
    secrets = f"/api/v1/namespaces/{namespace}/secrets/none"
    async with bearer(token) as robot:
        assert (await robot.get(secrets)).status == (404 if endpoint.emulated else 403)
    (event,) = await client.audited(endpoint.audit_log, namespace, "secrets", 1)
    assert event["user"]["username"] == f"system:serviceaccount:{namespace}:robot"
