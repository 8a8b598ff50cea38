"""The watch layer shows what there is and what changes, and waits for kinds that are not there."""

import asyncio
import json
from dataclasses import replace

from aiohttp import web
from watching import QUICK, Cluster, Handler, Start, lists_all, until

from project_operator.kube.resources import IDENTITY_BACKENDS, PROJECTS, SECRETS
from project_operator.observability.hooks import WatchEnded


def secret(name: str, label: str | None) -> dict[str, object]:
    labels = {} if label is None else {"identity.project-operator.dev/credentials": label}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "namespace": "default", "labels": labels}}


def listing_held(cluster: Cluster) -> tuple[asyncio.Event, asyncio.Event]:
    """The listing of all waits from now on: set when one does, and to be set that it goes on."""
    held, release = asyncio.Event(), asyncio.Event()

    async def hold(request: web.Request, _: Handler) -> None:
        if lists_all(request):
            held.set()
            await release.wait()

    cluster.faults.append(hold)
    return held, release


async def test_what_exists_is_listed_and_then_every_change_follows(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    await cluster.project("alpha")
    layer = start()
    await layer.becomes_ready()
    assert layer.sink.events == [("projects", None, "alpha")]
    assert layer.sink.sweeps == [("projects", {"alpha"})]

    beta = await cluster.project("beta")
    await cluster.api.patch(PROJECTS, beta, {"spec": {"description": "x"}})
    await cluster.delete(PROJECTS, "default", "beta")

    await until(lambda: layer.sink.saw("DELETED", "beta"), "the deletion of beta")
    assert layer.sink.events[1:] == [
        ("projects", "ADDED", "beta"),
        ("projects", "MODIFIED", "beta"),
        ("projects", "DELETED", "beta"),
    ]


async def test_it_is_not_ready_before_everything_has_been_observed(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    await cluster.project("alpha")
    held, release = listing_held(cluster)
    layer = start()
    await held.wait()
    assert layer.checks == {"watch projects": "not everything there is has been seen yet"}

    release.set()
    await layer.becomes_ready()
    assert layer.sink.saw(None, "alpha")


async def test_what_is_new_does_not_wait_for_the_listing_of_what_was(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    await cluster.project("alpha")
    held, release = listing_held(cluster)
    layer = start()
    await held.wait()
    await cluster.project("beta")
    await until(lambda: layer.sink.saw("ADDED", "beta"), "beta, while alpha is not listed")
    assert not layer.ready()

    release.set()
    await layer.becomes_ready()
    assert layer.sink.saw(None, "alpha")


async def test_what_is_known_from_the_answer_to_a_write_is_not_shown_again(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    alpha = await cluster.project("alpha")
    layer = start(rhythm=replace(QUICK, sweep=600))
    await layer.becomes_ready()
    written = json.loads(json.dumps(alpha))
    written["metadata"]["resourceVersion"] = str(int(alpha["metadata"]["resourceVersion"]) + 1000)
    layer.sink.raw.append(written)

    await cluster.api.patch(PROJECTS, alpha, {"spec": {"description": "x"}})
    await cluster.project("beta")
    await until(lambda: layer.sink.saw("ADDED", "beta"), "beta, which comes after")

    assert not layer.sink.saw("MODIFIED", "alpha")


async def test_kopf_is_shown_no_listing(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    for name in ("alpha", "beta", "gamma"):
        await cluster.project(name)
    layer = start(rhythm=replace(QUICK, sweep=600))
    await layer.becomes_ready()

    assert sorted(layer.sink.events) == [("projects", None, name) for name in ("alpha", "beta", "gamma")]
    assert [dict(request.query) for request in cluster.asked("projects", limit="1")] == [{"limit": "1"}]


async def test_nothing_is_written(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    await cluster.project("alpha")
    cluster.requests.clear()
    layer = start()
    await layer.becomes_ready()
    layer.stop.set()
    await layer.task

    assert {request.method for request in cluster.requests} == {"GET"}


async def test_of_secrets_only_the_labelled_are_asked_for(cluster: Cluster, start: Start) -> None:
    for name, label in (("plain", None), ("no", "false"), ("yes", "true")):
        await cluster.api.create(SECRETS, "default", secret(name, label))
    layer = start(SECRETS)
    await layer.becomes_ready("secrets")
    cluster.requests.clear()
    plain = await cluster.api.get(SECRETS, "default", "plain")
    labels = {"identity.project-operator.dev/credentials": "true"}
    await cluster.api.patch(SECRETS, plain, {"metadata": {"labels": labels}})
    await until(lambda: layer.sink.named("plain"), "the Secret that was labelled")

    assert layer.sink.events == [("secrets", None, "yes"), ("secrets", "ADDED", "plain")]
    assert layer.sink.sweeps[0] == ("secrets", {"yes"})
    await until(lambda: bool(cluster.asked("secrets")), "the next sweep")
    selector = "identity.project-operator.dev/credentials=true"
    assert cluster.watches["secrets"].query["labelSelector"] == selector
    assert cluster.asked("secrets") == cluster.asked("secrets", labelSelector=selector)


async def test_a_secret_that_loses_its_label_is_gone(cluster: Cluster, start: Start) -> None:
    created = await cluster.api.create(SECRETS, "default", secret("yes", "true"))
    layer = start(SECRETS)
    await layer.becomes_ready("secrets")

    await cluster.api.patch(SECRETS, created, {"metadata": {"labels": None}})

    await until(lambda: layer.sink.saw("DELETED", "yes", "secrets"), "the Secret to go")


async def test_given_namespaces_are_watched_and_no_others(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    await cluster.project("alpha", "default")
    await cluster.project("beta", "kube-system")
    cluster.requests.clear()
    layer = start(namespaces=["default"])
    await layer.becomes_ready()
    await cluster.project("gamma", "kube-system")
    await cluster.project("delta", "default")
    await until(lambda: layer.sink.named("delta"), "delta")

    assert not layer.sink.named("beta")
    assert not layer.sink.named("gamma")
    paths = {request.path for request in cluster.asked("projects") if request.method == "GET"}
    assert paths == {"/apis/identity.project-operator.dev/v1alpha1/namespaces/default/projects"}


async def test_crd_late(cluster: Cluster, start: Start) -> None:
    layer = start()
    await layer.says("waiting for its CustomResourceDefinition (kubectl apply --server-side -k crds/)")
    assert layer.sink.gone == []

    await cluster.define()
    await layer.becomes_ready()
    await cluster.project("alpha")

    await until(lambda: layer.sink.saw("ADDED", "alpha"), "alpha")


async def test_crd_deleted_and_created_again(cluster: Cluster, start: Start) -> None:
    await cluster.define()
    await cluster.project("alpha")
    layer = start()
    await layer.becomes_ready()

    await cluster.undefine()
    await layer.says("waiting for its CustomResourceDefinition")
    assert layer.sink.gone == ["projects"]
    assert WatchEnded("projects", "definition_gone") in layer.hooks.seen
    assert not layer.task.done()

    await cluster.define()
    await layer.becomes_ready()
    await cluster.project("beta")
    await until(lambda: layer.sink.named("beta"), "beta")
    assert layer.sink.gone == ["projects"]


async def test_a_vanished_kind_leaves_the_watch_of_the_other_alone(cluster: Cluster, start: Start) -> None:
    await cluster.define(PROJECTS)
    await cluster.define(IDENTITY_BACKENDS)
    layer = start(PROJECTS, IDENTITY_BACKENDS)
    await layer.becomes_ready("projects")
    await layer.becomes_ready("identitybackends")
    watching = cluster.watches["projects"]

    await cluster.undefine(IDENTITY_BACKENDS)
    await layer.says("waiting for its CustomResourceDefinition", "identitybackends")
    await cluster.project("alpha")
    await until(lambda: layer.sink.saw("ADDED", "alpha"), "alpha")

    assert cluster.watches["projects"] is watching
    assert layer.ready("projects")
