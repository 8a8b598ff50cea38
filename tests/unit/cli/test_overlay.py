"""Manifests laid over an API server: nothing that is written reaches it."""

from typing import Any, cast

import pytest

from project_operator.api.names import FINALIZER, REPLACING_ANNOTATION
from project_operator.cli.overlay import Overlay, being_deleted, laid_over
from project_operator.errors import KubeConflict, KubeForbidden, KubeNotFound
from project_operator.kube.api import KubeApi
from project_operator.kube.resources import IDENTITY_BACKENDS, NAMESPACES, PROJECTS, SECRETS, Resource


class Server:
    """Has a Secret, and takes reads alone."""

    def __init__(self) -> None:
        self.reads: list[str] = []

    async def get(self, resource: Resource, _namespace: str | None, name: str) -> dict[str, Any]:
        self.reads.append(f"{resource.plural}/{name}")
        if name != "there":
            raise KubeNotFound("no", status=404)
        return {"metadata": {"name": name, "namespace": "ns", "uid": "u", "resourceVersion": "5"}, "data": {}}


@pytest.fixture
def written() -> list[int]:
    return []


@pytest.fixture
def world(written: list[int]) -> Overlay:
    return Overlay(cast("KubeApi", Server()), lambda: written.append(1))


def project(**metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": "a", "namespace": "ns", **metadata}, "spec": {}}


async def test_what_is_written_stays_here_and_is_guarded(world: Overlay, written: list[int]) -> None:
    first = world.put(PROJECTS, project())
    assert first["metadata"]["uid"]
    after = await world.patch(PROJECTS, first, {"status": {"id": "1", "none": None}}, subresource="status")
    assert after["status"] == {"id": "1"}
    assert written == [1]
    assert (await world.get(PROJECTS, "ns", "a"))["status"] == {"id": "1"}
    with pytest.raises(KubeConflict):
        await world.patch(PROJECTS, first, {"metadata": {"finalizers": ["x"]}})
    assert (await world.patch(PROJECTS, after, {"spec": {"name": "never"}}))["spec"] == {}


async def test_the_last_finalizer_takes_a_deleted_object_along(world: Overlay) -> None:
    raw = world.put(PROJECTS, being_deleted(project(finalizers=[FINALIZER], generation=1)))
    await world.patch(PROJECTS, raw, {"metadata": {"finalizers": []}})
    with pytest.raises(KubeNotFound):
        await world.get(PROJECTS, "ns", "a")
    assert await world.list(PROJECTS) == []


async def test_no_credential_is_replaced(world: Overlay) -> None:
    secret = await world.get(SECRETS, "ns", "there")
    held = await world.patch(SECRETS, secret, {"metadata": {"finalizers": [FINALIZER]}})
    assert held["metadata"]["finalizers"] == [FINALIZER]
    for changes in ({"data": {"token": "x"}}, {"metadata": {"annotations": {REPLACING_ANNOTATION: "x"}}}):
        with pytest.raises(KubeForbidden):
            await world.patch(SECRETS, held, changes)
    with pytest.raises(KubeForbidden):
        await world.create(SECRETS, "ns", {})


async def test_a_namespace_that_is_not_there_is_taken_for_one_that_will_be(world: Overlay) -> None:
    first = await world.get(NAMESPACES, None, "next")
    assert first == await world.get(NAMESPACES, None, "next")
    with pytest.raises(KubeNotFound):
        await world.get(IDENTITY_BACKENDS, "ns", "nothing")


def test_a_manifest_over_what_is_there() -> None:
    live = project(uid="u", resourceVersion="7", generation=3, labels={"a": "1"}) | {"status": {"id": "1"}}
    manifest = {"metadata": {"name": "a", "labels": {"b": "2"}}, "spec": {"name": "new"}, "status": {"id": "forged"}}
    after = laid_over(live, manifest)
    assert after["metadata"]["labels"] == {"a": "1", "b": "2"}
    assert (after["metadata"]["generation"], after["spec"], after["status"]) == (4, {"name": "new"}, {"id": "1"})
    assert laid_over(live, {"metadata": {}, "spec": {}})["metadata"]["generation"] == 3
    assert laid_over(None, manifest)["status"] == {}
