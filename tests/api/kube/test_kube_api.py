"""Our calls on a real API server: what its answers are, and what becomes of the objects."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from waiting import WITHIN

from project_operator.api import names
from project_operator.api.events import EventReason
from project_operator.errors import KubeConflict, KubeError, KubeForbidden, KubeInvalid, KubeNotFound
from project_operator.kube.access import load_access
from project_operator.kube.api import KubeApi
from project_operator.kube.events import EventWriter
from project_operator.kube.merge import merge_patch
from project_operator.kube.resources import IDENTITY_BACKENDS, NAMESPACES, PROJECTS, SECRETS, Resource
from project_operator.sandbox.controlplane.plane import ControlPlane

pytestmark = pytest.mark.api
NAMESPACE = "kube-api"
START = "2026-11-22T00:00:00Z"
Object = dict[str, Any]


@pytest.fixture(scope="module")
def namespace(served: ControlPlane) -> Iterator[str]:
    served.kubectl("create", "namespace", NAMESPACE)
    yield NAMESPACE
    served.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


@pytest.fixture
async def api(served: ControlPlane, namespace: str) -> AsyncIterator[KubeApi]:  # noqa: ARG001 - it must be there
    api = KubeApi(load_access(served.kubeconfig))
    yield api
    await api.aclose()


async def project(api: KubeApi, **labels: str) -> Object:
    body = {
        "apiVersion": PROJECTS.api_version,
        "kind": "Project",
        "metadata": {"generateName": "p-", "labels": labels},
        "spec": {"description": "first"},
    }
    return await api.create(PROJECTS, NAMESPACE, body)


async def live(api: KubeApi, obj: Object, resource: Resource = PROJECTS) -> Object:
    return await api.get(resource, obj["metadata"]["namespace"], obj["metadata"]["name"])


async def test_what_is_patched_is_what_comes_back(api: KubeApi) -> None:
    created = await project(api)
    patched = await api.patch(PROJECTS, created, {"metadata": {"finalizers": [names.FINALIZER]}})
    reported = await api.patch(PROJECTS, patched, {"status": {"id": "p-1"}}, subresource="status")
    released = await api.patch(PROJECTS, reported, {"metadata": {"finalizers": []}})

    assert patched["metadata"]["finalizers"] == [names.FINALIZER]
    assert reported["status"]["id"] == "p-1"
    assert "finalizers" not in released["metadata"]
    assert released == await live(api, created)


async def test_our_writes_carry_our_name(api: KubeApi) -> None:
    patched = await api.patch(PROJECTS, await project(api), {"metadata": {"annotations": {"a": "b"}}})

    assert {entry["manager"] for entry in patched["metadata"]["managedFields"]} == {names.FIELD_MANAGER}


@pytest.mark.parametrize("subresource", ["", "status"])
async def test_a_state_that_is_past_changes_nothing(api: KubeApi, subresource: str) -> None:
    past = await project(api)
    present = await api.patch(PROJECTS, past, {"spec": {"description": "second"}})

    with pytest.raises(KubeConflict, match="the object has been modified"):
        await api.patch(PROJECTS, past, {"spec": {"description": "x"}, "status": {"id": "x"}}, subresource=subresource)
    assert await live(api, past) == present


@pytest.mark.parametrize("subresource", ["", "status"])
async def test_another_object_of_the_same_name_is_not_touched(
    api: KubeApi, served: ControlPlane, subresource: str
) -> None:
    first = await project(api)
    name = first["metadata"]["name"]
    served.kubectl("delete", "project", name, "-n", NAMESPACE)
    body = {"apiVersion": first["apiVersion"], "kind": "Project", "metadata": {"name": name}, "spec": {}}
    second = await api.create(PROJECTS, NAMESPACE, body)

    with pytest.raises(KubeConflict):
        await api.patch(PROJECTS, first, {"status": {"id": "x"}}, subresource=subresource)
    assert await live(api, first) == second


async def test_a_wrong_uid_is_a_conflict_even_where_the_version_fits(api: KubeApi) -> None:
    present = await project(api)
    other = {**present, "metadata": {**present["metadata"], "uid": "00000000-0000-0000-0000-000000000000"}}

    with pytest.raises(KubeConflict, match="field is immutable"):
        await api.patch(PROJECTS, other, {"metadata": {"annotations": {"a": "b"}}})
    assert await live(api, present) == present


async def test_a_wrong_uid_is_noticed_in_the_status_too(api: KubeApi) -> None:
    """The API server does not look at the uid there; the version is what guards, and the answer is checked."""
    present = await project(api)
    other = {**present, "metadata": {**present["metadata"], "uid": "00000000-0000-0000-0000-000000000000"}}

    with pytest.raises(KubeConflict, match="another object of this name"):
        await api.patch(PROJECTS, other, {"status": {"id": "x"}}, subresource="status")


@pytest.mark.parametrize("subresource", ["", "status"])
async def test_what_is_gone_is_not_found(api: KubeApi, served: ControlPlane, subresource: str) -> None:
    gone = await project(api)
    served.kubectl("delete", "project", gone["metadata"]["name"], "-n", NAMESPACE)

    with pytest.raises(KubeNotFound):
        await api.patch(PROJECTS, gone, {"status": {"id": "x"}}, subresource=subresource)


async def test_of_many_who_write_over_one_state_one_succeeds(api: KubeApi) -> None:
    present = await project(api)

    async def write(number: int) -> str | None:
        try:
            await api.patch(PROJECTS, present, {"metadata": {"annotations": {"winner": str(number)}}})
        except KubeConflict:
            return None
        return str(number)

    winners = [winner for winner in await asyncio.gather(*map(write, range(20))) if winner is not None]

    assert len(winners) == 1
    assert (await live(api, present))["metadata"]["annotations"] == {"winner": winners[0]}


async def test_a_patch_without_a_difference_is_no_new_version(api: KubeApi) -> None:
    # The first write after the creation also stores the defaults of the status.
    present = await api.patch(PROJECTS, await project(api), {})

    patched = await api.patch(PROJECTS, present, merge_patch(present, present))

    assert patched["metadata"]["resourceVersion"] == present["metadata"]["resourceVersion"]


async def test_a_difference_arrives_as_it_was_meant(api: KubeApi) -> None:
    ready = {"type": "Ready", "status": "True", "reason": "Succeeded", "message": "", "lastTransitionTime": START}
    first = await api.patch(PROJECTS, await project(api), {"status": {"id": "p-1"}}, subresource="status")
    old = {**first["status"], "observed": {"name": "a", "tags": [{"name": "x", "value": "y"}]}, "conditions": [ready]}
    new = {
        **first["status"],
        "observed": {"name": "b"},
        "goneIDs": ["p-0"],
        "conditions": [{**ready, "status": "False"}],
    }

    for status in (old, new):
        first = await api.patch(PROJECTS, first, {"status": merge_patch(first["status"], status)}, subresource="status")
        assert first["status"] == status


@pytest.mark.needs_real
async def test_what_the_schema_refuses_is_a_defect_of_ours(api: KubeApi) -> None:
    with pytest.raises(KubeInvalid, match=r"spec\.deletionPolicy: Unsupported value"):
        await api.patch(PROJECTS, await project(api), {"spec": {"deletionPolicy": "Never"}})


async def test_a_name_that_is_taken_is_a_conflict(api: KubeApi) -> None:
    taken = await project(api)
    body = {key: taken[key] for key in ("apiVersion", "kind", "spec")} | {
        "metadata": {"name": taken["metadata"]["name"]}
    }

    with pytest.raises(KubeConflict, match="already exists"):
        await api.create(PROJECTS, NAMESPACE, body)


async def test_a_listing_in_pages_is_whole(api: KubeApi) -> None:
    made = {(await project(api, paged="yes"))["metadata"]["uid"] for _ in range(7)}

    listed = await api.list(PROJECTS, NAMESPACE, label_selector="paged=yes", limit=3)
    bare = await api.list(PROJECTS, NAMESPACE, label_selector="paged=yes", limit=3, metadata_only=True)

    assert [item["metadata"]["uid"] for item in listed] == [item["metadata"]["uid"] for item in bare]
    assert {item["metadata"]["uid"] for item in bare} == made
    assert all("spec" in item for item in listed)
    assert not any("spec" in item for item in bare)


async def test_kinds_that_are_not_there(api: KubeApi) -> None:
    unknown = Resource(names.GROUP, names.VERSION, "clusters", "Cluster")

    assert await api.serves(PROJECTS)
    assert await api.serves(IDENTITY_BACKENDS)
    assert await api.serves(SECRETS)
    assert not await api.serves(unknown)
    assert not await api.serves(Resource("nobody.example.org", "v1", "things", "Thing"))
    with pytest.raises(KubeNotFound):
        await api.list(unknown)


async def test_the_uid_of_a_namespace_can_be_read(api: KubeApi) -> None:
    assert (await api.get(NAMESPACES, None, "kube-system"))["metadata"]["uid"]


async def test_an_event_shows_in_kubectl_and_repeats_in_its_series(api: KubeApi, served: ControlPlane) -> None:
    about = await project(api)
    results: list[str] = []
    writer = EventWriter(api, on_result=results.append)
    writing = asyncio.create_task(writer.run())

    async def written(number: int) -> None:
        async with asyncio.timeout(WITHIN):
            while len(results) < number:  # noqa: ASYNC110 - the results are a list
                await asyncio.sleep(0.01)

    try:
        writer.publish(about, EventReason.NAME_TAKEN, "Create", "another project has the name " + "ü" * 600)
        await written(1)
        writer.publish(about, EventReason.NAME_TAKEN, "Create", "another project has the name " + "ü" * 600)
        await written(2)
    finally:
        writing.cancel()
        with suppress(asyncio.CancelledError):
            await writing

    assert results == ["written", "written"]
    name = about["metadata"]["name"]
    shown = served.kubectl("get", "events.v1.events.k8s.io", "-n", NAMESPACE, "-o", "json").stdout
    (event,) = [item for item in json.loads(shown)["items"] if item["regarding"]["name"] == name]
    assert event["series"]["count"] == 2
    assert event["reportingController"] == names.EVENT_REPORTER
    assert event["note"].startswith("another project has the name ü")
    assert "NameTaken" in served.kubectl("events", "--for", f"project/{name}", "-n", NAMESPACE).stdout


@pytest.mark.needs_real
async def test_a_right_that_is_missing_is_named(served: ControlPlane, namespace: str) -> None:
    served.kubectl("create", "serviceaccount", "nobody", "-n", namespace)
    nobody = KubeApi(load_access(served.service_account_kubeconfig(namespace, "nobody")))
    try:
        assert await nobody.serves(PROJECTS)
        with pytest.raises(KubeForbidden, match='cannot list resource "projects" in API group'):
            await nobody.list(PROJECTS)
        with pytest.raises(KubeForbidden):
            await nobody.create(SECRETS, namespace, {"metadata": {"name": "x"}, "stringData": {"a": "b"}})
    finally:
        await nobody.aclose()


async def test_a_token_file_is_followed_when_it_is_replaced(
    served: ControlPlane, namespace: str, tmp_path: Path
) -> None:
    served.kubectl("create", "serviceaccount", "replaced", "-n", namespace)
    token = served.kubectl("create", "token", "replaced", "-n", namespace).stdout
    document = yaml.safe_load(served.kubeconfig.read_text())
    for user in document["users"]:
        user["user"] = {"tokenFile": "token"}
    (tmp_path / "config").write_text(yaml.safe_dump(document))
    (tmp_path / "token").write_text("not-a-token")
    api = KubeApi(load_access(tmp_path / "config"))
    try:
        with pytest.raises(KubeForbidden, match="401"):
            await api.serves(PROJECTS)
        (tmp_path / "token").write_text(token)
        assert await api.serves(PROJECTS)
    finally:
        await api.aclose()


async def test_a_status_written_by_two_is_never_lost_unnoticed(api: KubeApi) -> None:
    """Each of two writers adds to a list by read, change and guarded write, again after each conflict."""
    target = await project(api)

    async def add(value: str) -> None:
        while True:
            present = await live(api, target)
            gone = [*present.get("status", {}).get("goneIDs", []), value]
            with suppress(KubeConflict):
                await api.patch(PROJECTS, present, {"status": {"goneIDs": gone}}, subresource="status")
                return

    await asyncio.gather(*(add(f"p-{number}") for number in range(10)))

    assert set((await live(api, target))["status"]["goneIDs"]) == {f"p-{number}" for number in range(10)}


async def test_every_failure_is_one_of_our_classes(api: KubeApi) -> None:
    with pytest.raises(KubeError):
        await api.create(PROJECTS, "no-such-namespace", {"apiVersion": "v1", "kind": "Nonsense"})
