"""Namespaces: what they are born with, and how they end."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.sandbox.conformance.conftest import Client

Make = Callable[..., dict[str, Any]]


async def test_the_first_namespaces_are_there(client: "Client") -> None:
    for name in ("default", "kube-system"):
        namespace = (await client.get(f"/api/v1/namespaces/{name}")).body
        assert len(namespace["metadata"]["uid"]) == 36


async def test_a_namespace_is_active_labelled_and_finalized(client: "Client", namespace: str) -> None:
    body = (await client.get(f"/api/v1/namespaces/{namespace}")).body
    assert (body["status"], body["spec"]) == ({"phase": "Active"}, {"finalizers": ["kubernetes"]})
    assert body["metadata"]["labels"] == {"kubernetes.io/metadata.name": namespace}
    labelled = await client.merge(f"/api/v1/namespaces/{namespace}", {"metadata": {"labels": {"a": "b"}}, "spec": None})
    assert (labelled.status, labelled.body["spec"]) == (200, {"finalizers": ["kubernetes"]})


async def test_a_deleted_namespace_waits_for_what_is_in_it(
    client: "Client", namespace: str, widgets: str, secrets: str, widget: Make
) -> None:
    await client.create(widgets, widget(metadata={"finalizers": ["example.com/hold"]}))
    await client.create(secrets, {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}})
    deleted = await client.delete(f"/api/v1/namespaces/{namespace}")
    assert (deleted.status, deleted.body["status"]["phase"]) == (200, "Terminating")
    await client.until(f"{secrets}/s", 404)
    held = await client.until(f"{widgets}/blue", 200)
    refused = await client.create(widgets, widget("late"))
    assert (refused.status, refused.body["reason"]) == (403, "Forbidden")
    assert refused.body["message"] == (
        f'widgets.conformance.example.com "late" is forbidden: unable to create new content in namespace {namespace} '
        "because it is being terminated"
    )
    written = await client.merge(f"{widgets}/blue/status", {"status": {"phase": "leaving"}})
    assert (written.status, held.status) == (200, 200)
    while "deletionTimestamp" not in (held := await client.until(f"{widgets}/blue", 200)).body["metadata"]:
        pass
    released = await client.merge(f"{widgets}/blue", {"metadata": {"finalizers": None}})
    assert released.status == 200
    await client.until(f"/api/v1/namespaces/{namespace}", 404)


async def test_an_empty_namespace_ends_by_itself(client: "Client", namespace: str) -> None:
    assert (await client.delete(f"/api/v1/namespaces/{namespace}")).status == 200
    await client.until(f"/api/v1/namespaces/{namespace}", 404)
