"""What `plan` asks of the API server before it thinks, and how long it does."""

import asyncio
from typing import Any, cast

import pytest
from shown_cluster import ShownCluster, named

from project_operator.cli import plan
from project_operator.cli.overlay import Overlay
from project_operator.cli.session import Snapshot
from project_operator.cli.stage import Stage, Wishes
from project_operator.errors import ConfigurationError
from project_operator.kube.api import KubeApi
from project_operator.kube.resources import CLUSTER_IDENTITY_BACKENDS, NAMESPACES, PROJECTS

TENANT = (named("a", "demo"),)


async def test_a_namespace_that_does_not_exist_is_no_empty_one(capsys: pytest.CaptureFixture[str]) -> None:
    api = ShownCluster((NAMESPACES, named("empty")), forbidden=["get namespaces hidden"])
    seen = Snapshot(TENANT)
    await plan._make_sure_of(api.session(), ("demo", "empty"), seen)
    assert capsys.readouterr().err == ""
    with pytest.raises(ConfigurationError, match=r"^--namespace typo: there is no such namespace$"):
        await plan._make_sure_of(api.session(), ("demo", "typo"), seen)
    await plan._make_sure_of(api.session(), ("hidden",), seen)
    assert "namespace hidden shows no Project, and whether it exists" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("forbidden", "backends", "labelled", "said"),
    [
        ([], ["shared"], ["demo", "other"], ""),
        (["list namespaces"], ["shared"], ["demo"], ""),
        (["list namespaces", "get namespaces demo"], ["shared"], [], "the labels of namespace demo are not seen"),
        (["list clusteridentitybackends"], [], [], "ClusterIdentityBackend objects are not seen, so what uses one"),
    ],
)
async def test_what_is_of_the_whole_cluster_is_seen_as_far_as_may_be(
    forbidden: list[str], backends: list[str], labelled: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    objects = [(NAMESPACES, named("demo")), (NAMESPACES, named("other")), (CLUSTER_IDENTITY_BACKENDS, named("shared"))]
    api = ShownCluster(*objects, forbidden=forbidden)
    seen, found = await plan._with_shared(api.session(), Snapshot(TENANT), TENANT)
    assert seen.projects == TENANT
    assert [one.name for one in seen.backends] == backends
    assert [raw["metadata"]["name"] for raw in found] == labelled
    err = capsys.readouterr().err
    assert (said in err) if said else (err == "")


def on_stage(**status: Any) -> tuple[Stage, asyncio.Event]:
    changed = asyncio.Event()
    set_ = Stage(Overlay(cast("KubeApi", None), changed.set))
    set_.set(Snapshot(TENANT), Wishes(), [("demo", "a")], delete=False)
    raw = set_.world.find(PROJECTS, "demo", "a")
    assert raw is not None
    raw["status"] = status
    return set_, changed


def ready(status: str, reason: str) -> dict[str, Any]:
    return {"conditions": [{"type": "Ready", "status": status, "reason": reason, "observedGeneration": 1}]}


async def test_quiet_ends_it_where_something_else_has_to_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "QUIET_FOR", 0.01)
    await plan._until_decided(*on_stage(**ready("False", "GroupNotFound")))
    set_, changed = on_stage(**ready("False", "Progressing"))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await plan._until_decided(set_, changed)
    # What may not be read will not come, however long it is waited for.
    set_.world.refusals["get x: 403"] = None
    await plan._until_decided(set_, changed)


async def test_it_ends_when_all_is_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan, "QUIET_FOR", 60.0)
    set_, changed = on_stage()
    task = asyncio.create_task(plan._until_decided(set_, changed))
    await asyncio.sleep(0)
    raw = set_.world.find(PROJECTS, "demo", "a")
    assert raw is not None
    raw["status"] = ready("True", "Succeeded")
    changed.set()
    await task
