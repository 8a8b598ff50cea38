"""Reading many objects: selectors, chunks, views, and watches from a version on."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conformance.conftest import Client

Make = Callable[..., dict[str, Any]]

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
METADATA = "application/json;as=PartialObjectMetadata{};g=meta.k8s.io;v=v1,application/json"


def names(listing: Any) -> list[str]:
    return [item["metadata"]["name"] for item in listing["items"]]


@pytest.fixture
async def four(client: "Client", widgets: str, widget: Make) -> str:
    """The path of four widgets, a to d, of which all but d have a color."""
    for name, labels in (
        ("a", {"color": "red"}),
        ("b", {"color": "green"}),
        ("c", {"color": "blue", "x/y": ""}),
        ("d", {}),
    ):
        assert (await client.create(widgets, widget(name, metadata={"labels": labels}))).status == 201
    return widgets


@pytest.mark.parametrize(
    ("labels", "found"),
    [
        ("color=red", "a"),
        ("color==red", "a"),
        ("color!=red", "bcd"),
        ("color", "abc"),
        ("!color", "d"),
        ("color in (red, green)", "ab"),
        ("color notin (red,green),x/y", "c"),
        ("x/y=", "c"),
        ("color in (red,blue),color!=red", "c"),
        ("color=pink", ""),
    ],
)
async def test_labels_select(client: "Client", four: str, labels: str, found: str) -> None:
    assert names((await client.get(four, labelSelector=labels)).body) == list(found)


async def test_a_selector_that_cannot_be_read_is_a_bad_request(client: "Client", widgets: str) -> None:
    assert (await client.get(widgets, labelSelector="a=b=(")).status == 400


async def test_fields_select_by_name(client: "Client", four: str) -> None:
    assert names((await client.get(four, fieldSelector="metadata.name=b")).body) == ["b"]
    assert names((await client.get(four, fieldSelector="metadata.name!=b")).body) == ["a", "c", "d"]


async def test_a_list_is_of_its_kind_in_order_and_of_one_version(client: "Client", four: str) -> None:
    listing = (await client.get(four)).body
    assert (listing["kind"], listing["apiVersion"]) == ("WidgetList", "conformance.example.com/v1")
    assert names(listing) == ["a", "b", "c", "d"]
    assert listing["items"][0]["kind"] == "Widget"
    assert int(listing["metadata"]["resourceVersion"]) >= int(listing["items"][3]["metadata"]["resourceVersion"])


@pytest.mark.usefixtures("four")
async def test_a_list_of_all_namespaces_holds_each(client: "Client", namespace: str) -> None:
    everywhere = (await client.get("/apis/conformance.example.com/v1/widgets")).body
    here = [item["metadata"]["name"] for item in everywhere["items"] if item["metadata"]["namespace"] == namespace]
    assert here == ["a", "b", "c", "d"]


async def test_items_of_builtin_kinds_do_not_name_their_kind(client: "Client", secrets: str) -> None:
    await client.create(secrets, {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}})
    listing = (await client.get(secrets)).body
    assert (listing["kind"], listing["apiVersion"]) == ("SecretList", "v1")
    assert "kind" not in next(item for item in listing["items"] if item["metadata"]["name"] == "s")


async def test_chunks_show_one_moment(client: "Client", four: str, widget: Make) -> None:
    first = (await client.get(four, limit="2")).body
    assert (names(first), first["metadata"]["remainingItemCount"]) == (["a", "b"], 2)
    await client.create(four, widget("c1"))
    await client.delete(f"{four}/d")
    last = (await client.get(four, limit="2", **{"continue": first["metadata"]["continue"]})).body
    assert names(last) == ["c", "d"]
    assert not last["metadata"].get("continue")
    assert last["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


async def test_metadata_can_be_had_alone(client: "Client", four: str) -> None:
    listing = (await client.get(four, accept=METADATA.format("List"))).body
    assert (listing["kind"], listing["apiVersion"]) == ("PartialObjectMetadataList", "meta.k8s.io/v1")
    assert names(listing) == ["a", "b", "c", "d"]
    assert not {"spec", "status"} & listing["items"][0].keys()
    one = (await client.get(f"{four}/a", accept=METADATA.format(""))).body
    assert (one["kind"], one["metadata"]["name"], "spec" in one) == ("PartialObjectMetadata", "a", False)


async def test_tables_have_the_columns_of_the_definition(client: "Client", four: str) -> None:
    conditions = [{"type": "Synced", "status": "False"}, {"type": "Ready", "status": "True"}]
    await client.merge(f"{four}/a/status", {"status": {"conditions": conditions}})
    table = (await client.get(four, accept=TABLE)).body
    assert table["kind"] == "Table"
    assert [column["name"] for column in table["columnDefinitions"]] == ["Name", "Ready", "Size", "Age"]
    assert table["rows"][0]["cells"][:3] == ["a", "True", 2]
    assert table["rows"][1]["cells"][:3] == ["b", None, 2]
    assert table["rows"][0]["cells"][3].endswith("s")
    assert table["rows"][0]["object"]["metadata"]["name"] == "a"


async def test_a_watch_goes_on_from_a_version(client: "Client", four: str, widget: Make) -> None:
    since = (await client.get(four)).body["metadata"]["resourceVersion"]
    changed = await client.merge(f"{four}/a", {"spec": {"size": 3}})
    await client.create(four, widget("e"))
    async with client.watch(four, resourceVersion=since) as watch:
        kind, item = await watch.next()
        assert (kind, item["spec"]["size"], item["metadata"]["resourceVersion"]) == ("MODIFIED", 3, changed.version)
        assert await watch.some(1) == [("ADDED", "e")]
        await client.delete(f"{four}/b")
        kind, gone = await watch.next()
        assert (kind, gone["metadata"]["name"], "deletionTimestamp" in gone["metadata"]) == ("DELETED", "b", False)
        assert int(gone["metadata"]["resourceVersion"]) > int(changed.version)


async def test_a_watch_from_no_version_begins_with_what_is_there(client: "Client", four: str) -> None:
    async with client.watch(four) as watch:
        assert sorted(await watch.some(4)) == [("ADDED", name) for name in "abcd"]
        await client.merge(f"{four}/d", {"spec": {"size": 3}})
        assert await watch.some(1) == [("MODIFIED", "d")]


async def test_a_deletion_shows_the_object_as_it_was_stored_last(client: "Client", widgets: str, widget: Make) -> None:
    created = await client.create(widgets, widget(metadata={"finalizers": ["example.com/hold"]}))
    async with client.watch(widgets, resourceVersion=created.version) as watch:
        await client.delete(f"{widgets}/blue")
        await client.merge(f"{widgets}/blue", {"metadata": {"finalizers": None}})
        kind, marked = await watch.next()
        assert (kind, "deletionTimestamp" in marked["metadata"]) == ("MODIFIED", True)
        kind, gone = await watch.next()
        assert (kind, gone["metadata"]["finalizers"]) == ("DELETED", ["example.com/hold"])
        assert int(gone["metadata"]["resourceVersion"]) > int(marked["metadata"]["resourceVersion"])


async def test_a_selected_watch_sees_objects_come_and_go(client: "Client", four: str) -> None:
    listing = (await client.get(four, labelSelector="color=red")).body
    since = listing["metadata"]["resourceVersion"]
    async with client.watch(four, resourceVersion=since, labelSelector="color=red") as watch:
        await client.merge(f"{four}/b", {"spec": {"size": 3}})
        await client.merge(f"{four}/d", {"metadata": {"labels": {"color": "red"}}})
        await client.merge(f"{four}/a", {"metadata": {"labels": {"color": "pink"}}})
        assert await watch.some(2) == [("ADDED", "d"), ("DELETED", "a")]


async def test_a_watch_of_one_namespace_does_not_see_another(client: "Client", four: str, widget: Make) -> None:
    since = (await client.get(four)).body["metadata"]["resourceVersion"]
    async with client.watch(four, resourceVersion=since) as watch:
        elsewhere = await client.create(
            "/apis/conformance.example.com/v1/namespaces/default/widgets", widget("elsewhere")
        )
        assert elsewhere.status == 201
        await client.delete("/apis/conformance.example.com/v1/namespaces/default/widgets/elsewhere")
        await client.create(four, widget("here"))
        assert await watch.some(1) == [("ADDED", "here")]


async def test_a_watch_of_metadata_shows_metadata(client: "Client", four: str, widget: Make) -> None:
    since = (await client.get(four)).body["metadata"]["resourceVersion"]
    only = {"resourceVersion": since, "fieldSelector": "metadata.name=e"}
    async with client.watch(four, accept=METADATA.format(""), **only) as watch:
        await client.create(four, widget("e"))
        kind, item = await watch.next()
    assert (kind, item["kind"], item["metadata"].get("name")) == ("ADDED", "PartialObjectMetadata", "e"), str(item)
    assert "spec" not in item


async def test_a_watch_from_a_forgotten_version_is_told_so(client: "Client", widgets: str) -> None:
    async with client.watch(widgets, resourceVersion="1") as watch:
        assert watch.status == 200
        kind, status = await watch.next()
    assert (kind, status["kind"], status["code"], status["reason"]) == ("ERROR", "Status", 410, "Expired")
    assert status["message"].startswith("too old resource version: 1")


async def test_a_watch_ends_at_its_timeout(client: "Client", four: str) -> None:
    since = (await client.get(four)).body["metadata"]["resourceVersion"]
    async with client.watch(four, resourceVersion=since, timeoutSeconds="1") as watch:
        assert await watch.next() == ("END", None)


async def test_a_watch_can_list_first_and_says_when_that_is_done(client: "Client", four: str) -> None:
    query = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan", "allowWatchBookmarks": "true"}
    async with client.watch(four, **query) as watch:
        kind, first = await watch.next()
        if kind == "ERROR" and "RequestWatchProgress is disabled" in first["message"]:
            pytest.skip("the etcd of this control plane is too old for it")
        assert (kind, first["metadata"]["name"]) == ("ADDED", "a")
        assert sorted(await watch.some(3)) == [("ADDED", name) for name in "bcd"]
        kind, mark = await watch.next()
    assert (kind, mark["kind"]) == ("BOOKMARK", "Widget")
    assert mark["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert int(mark["metadata"]["resourceVersion"]) > 1
