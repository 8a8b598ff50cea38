"""The watch layer on a real API server: kinds that come and go, restarts, rights."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from watching import QUICK, Layer, Start, layers, until

from project_operator.kube.access import load_access
from project_operator.kube.api import KubeApi
from project_operator.kube.resources import SECRETS, Resource
from project_operator.sandbox.controlplane.plane import ControlPlane

pytestmark = pytest.mark.api
NAMESPACE = "watch-layer"
WIDGETS = Resource("watch-layer.example.org", "v1", "widgets", "Widget")
DEFINITION = f"""
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: widgets.{WIDGETS.group}}}
spec:
  group: {WIDGETS.group}
  scope: Namespaced
  names: {{plural: widgets, singular: widget, kind: Widget}}
  versions:
    - name: v1
      served: true
      storage: true
      schema: {{openAPIV3Schema: {{type: object, x-kubernetes-preserve-unknown-fields: true}}}}
"""


@pytest.fixture(scope="module")
def plane(control_plane: ControlPlane) -> Iterator[ControlPlane]:
    control_plane.kubectl("create", "namespace", NAMESPACE)
    yield control_plane
    control_plane.kubectl("delete", "crd", f"widgets.{WIDGETS.group}", "--ignore-not-found")
    control_plane.kubectl("delete", "namespace", NAMESPACE, "--wait=false")


def define(plane: ControlPlane) -> None:
    plane.kubectl("apply", "-f", "-", stdin=DEFINITION)
    plane.wait_established(f"widgets.{WIDGETS.group}")


def undefine(plane: ControlPlane) -> None:
    plane.kubectl("delete", "crd", f"widgets.{WIDGETS.group}", "--ignore-not-found")


@pytest.fixture(autouse=True)
async def _closed() -> AsyncIterator[None]:
    """No connection outlives its test: one over TLS is closed when the API server has agreed, so that is waited for."""
    selector = asyncio.get_running_loop()._selector  # type: ignore[attr-defined]  # asyncio shows it to nobody
    before = len(selector.get_map())
    yield
    await until(lambda: len(selector.get_map()) <= before, "the connections to be closed")


@pytest.fixture
async def api(plane: ControlPlane) -> AsyncIterator[KubeApi]:
    api = KubeApi(load_access(plane.kubeconfig))
    yield api
    await api.aclose()


@pytest.fixture
async def start(plane: ControlPlane) -> AsyncIterator[Start]:
    async with layers(load_access(plane.kubeconfig)) as start:
        yield start


async def widget(api: KubeApi, name: str) -> dict[str, Any]:
    body = {"apiVersion": WIDGETS.api_version, "kind": WIDGETS.kind, "metadata": {"name": name}}
    return await api.create(WIDGETS, NAMESPACE, body)


async def seen(layer: Layer, name: str) -> None:
    await until(lambda: layer.sink.named(name), lambda: f"{name} among {layer.sink.events}")


async def test_crd_late(plane: ControlPlane, api: KubeApi, start: Start) -> None:
    undefine(plane)
    layer = start(WIDGETS)
    await layer.says("waiting for its CustomResourceDefinition", "widgets")

    await asyncio.to_thread(define, plane)
    await layer.becomes_ready("widgets")
    await widget(api, "late")
    await seen(layer, "late")


async def test_crd_deleted_and_created_again(plane: ControlPlane, api: KubeApi, start: Start) -> None:
    define(plane)
    await widget(api, "before")
    layer = start(WIDGETS)
    await layer.becomes_ready("widgets")

    await asyncio.to_thread(undefine, plane)
    await layer.says("waiting for its CustomResourceDefinition", "widgets")
    assert layer.sink.gone == ["widgets"]

    await asyncio.to_thread(define, plane)
    await layer.becomes_ready("widgets")
    await widget(api, "after")
    await seen(layer, "after")


async def test_crd_deleted_and_created_again_at_once(plane: ControlPlane, api: KubeApi, start: Start) -> None:
    define(plane)
    await widget(api, "old")
    layer = start(WIDGETS)
    await layer.becomes_ready("widgets")

    def again() -> None:
        undefine(plane)
        define(plane)

    await asyncio.to_thread(again)
    await widget(api, "new")
    await seen(layer, "new")
    await until(lambda: layer.sink.sweeps[-1] == ("widgets", {"new"}), lambda: f"the last of {layer.sink.sweeps}")


async def test_only_labelled_secrets(plane: ControlPlane, start: Start) -> None:
    layer = start(SECRETS, namespaces=[NAMESPACE])
    await layer.becomes_ready("secrets")
    for name in ("plain", "labelled"):
        plane.kubectl("create", "secret", "generic", name, "-n", NAMESPACE)
    plane.kubectl("label", "secret", "labelled", "identity.project-operator.dev/credentials=true", "-n", NAMESPACE)

    await seen(layer, "labelled")
    assert not layer.sink.named("plain")


# A server that is killed within the TLS handshake leaves asyncio's transport to the garbage collector, whoever
# connects.
@pytest.mark.filterwarnings("ignore:Exception ignored in.*_SelectorTransport:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.needs_real
async def test_an_api_server_that_restarts(
    plane: ControlPlane,
    api: KubeApi,
    start: Start,
    given_cluster: bool,  # noqa: FBT001 - a fixture
) -> None:
    if given_cluster:
        pytest.skip("kills the API server, so it needs a control plane of its own")
    define(plane)
    await widget(api, "stays")
    await widget(api, "goes")
    layer = start(WIDGETS)
    await layer.becomes_ready("widgets")

    await asyncio.to_thread(plane.kill_apiserver)
    await layer.says("no answer from the API server", "widgets")
    await asyncio.to_thread(plane.start_apiserver)
    plane.kubectl("delete", "widget", "goes", "-n", NAMESPACE)
    await widget(api, "comes")

    await seen(layer, "comes")
    await until(
        lambda: ("widgets", "DELETED", "goes") in layer.sink.events or "goes" not in layer.sink.sweeps[-1][1],
        lambda: f"goes gone from {layer.sink.events} or {layer.sink.sweeps}",
    )
    await layer.becomes_ready("widgets")


@pytest.mark.needs_real
async def test_rights_that_come_late(plane: ControlPlane, api: KubeApi, start: Start) -> None:
    define(plane)
    await widget(api, "hidden")
    plane.kubectl("create", "serviceaccount", "watcher", "-n", NAMESPACE)
    access = load_access(plane.service_account_kubeconfig(NAMESPACE, "watcher"))
    layer = start(WIDGETS, access=access, rhythm=QUICK)
    await layer.says('cannot list resource "widgets" in API group', "widgets")

    grant = ("--verb=list,watch", f"--resource=widgets.{WIDGETS.group}")
    plane.kubectl("create", "clusterrole", NAMESPACE, *grant)
    plane.kubectl(
        "create", "clusterrolebinding", NAMESPACE, f"--clusterrole={NAMESPACE}", f"--serviceaccount={NAMESPACE}:watcher"
    )
    await layer.becomes_ready("widgets")
    assert layer.sink.named("hidden")
