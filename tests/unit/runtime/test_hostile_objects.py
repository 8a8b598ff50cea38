"""What comes off the watch is what anybody with the right to write it wrote, under an older schema or none: nothing of
it ends a worker, and the Projects of others go on.
"""

import asyncio
import base64
import logging
from typing import Any, Final

import pytest
from hostile import WRITABLE, hostile_object, spoilt_document
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from simulation.loop import run_virtually
from simulation.world import World

from project_operator.api.conditions import ConditionType
from project_operator.api.names import (
    BACKEND_ANNOTATION,
    CREDENTIALS_LABEL,
    FINALIZER,
    RECONCILE_ANNOTATION,
    REPEAT_CREATION_ANNOTATION,
)
from project_operator.kube.resources import IDENTITY_BACKENDS, PROJECTS, SECRETS

SPEC: Final[dict[str, Any]] = {
    "backendRef": {"kind": "IdentityBackend", "name": "default"},
    "name": "shop",
    "description": "a shop",
    "tags": [{"name": "team", "value": "red"}],
    "groups": [{"id": "g1", "roles": [{"name": "reader"}]}, {"name": "staff"}],
    "import": {"id": "p9"},
    "parentRef": {"name": "above"},
    "managementPolicy": "Manage",
    "missingPolicy": "Recreate",
    "deletionPolicy": "Delete",
    "deletionProtection": False,
    "suspend": False,
}
STATUS: Final[dict[str, Any]] = {
    "observedGeneration": 1,
    "id": "p9",
    "backendRef": {"kind": "IdentityBackend", "name": "default", "uid": "u"},
    "endpointID": "e",
    "operation": {"type": "Update", "state": "Pending", "startTime": "2026-01-01T00:00:00Z"},
    "attempt": "t",
    "observed": {"name": "shop", "tags": [{"name": "a", "value": "b"}], "raw": {"a": "b"}},
    "applied": {"name": "shop", "tags": [], "groupIDs": ["g1"], "generation": 1},
    "condemned": ["p8"],
    "goneIDs": ["p7"],
    "conditions": [
        {"type": "Ready", "status": "True", "reason": "Succeeded", "lastTransitionTime": "2026-01-01T00:00:00Z"}
    ],
    "drift": [{"field": "name", "since": "2026-01-01T00:00:00Z"}],
}
BACKEND: Final[dict[str, Any]] = {
    "nscale": {"url": "https://identity", "auth": {"serviceAccountToken": {"secretRef": {"name": "token"}}}},
    "timeout": "2s",
    "interval": "20s",
    "consistency": {"readLag": "1s", "inFlightBound": "2s"},
    "rateLimit": {"requestsPerSecond": 5, "burst": 5, "maxInFlight": 2},
    "capabilities": {"create": True},
    "deletionPolicy": "Orphan",
}
ANNOTATIONS: Final = (BACKEND_ANNOTATION, RECONCILE_ANNOTATION, REPEAT_CREATION_ANNOTATION, "example.com/any")
SECRET_VALUES: Final = st.sampled_from(
    ["", *(base64.b64encode(raw).decode() for raw in (b"\xff\xfe\x00", *(text.encode() for text in WRITABLE)))]
)


@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(
    spec=hostile_object(SPEC),
    status=hostile_object(STATUS),
    annotations=st.dictionaries(st.sampled_from(ANNOTATIONS), st.sampled_from(WRITABLE), max_size=2),
    held=st.booleans(),
    deleted=st.booleans(),
)
def test_a_project_that_nobody_should_write_harms_nobody(
    spec: Any, status: Any, annotations: dict[str, str], *, held: bool, deleted: bool
) -> None:
    async def story() -> None:
        async with World(3) as world:
            world.install()
            world.start()
            metadata: dict[str, Any] = {"name": "hostile", "namespace": "ns", "annotations": annotations}
            if held:
                metadata["finalizers"] = [FINALIZER]
            world.kube.make(PROJECTS, {"metadata": metadata, "spec": spec, "status": status})
            world.apply()
            if deleted:
                world.kube.delete("hostile")
            await world.ready("web")
            await asyncio.sleep(3)
            alive(world)

    without_defects(story)


@settings(max_examples=20, suppress_health_check=list(HealthCheck))
@given(spec=hostile_object(BACKEND), value=SECRET_VALUES)
def test_a_backend_object_or_secret_that_nobody_should_write_harms_nobody(spec: Any, value: Any) -> None:
    async def story() -> None:
        async with World(3) as world:
            world.install()
            world.start()
            labels = {CREDENTIALS_LABEL: "true"}
            secret = {"metadata": {"name": "hostile", "namespace": "ns", "labels": labels}, "data": {"token": value}}
            world.kube.make(SECRETS, secret)
            world.kube.make(IDENTITY_BACKENDS, {"metadata": {"name": "hostile", "namespace": "ns"}, "spec": spec})
            named = BACKEND | {"nscale": with_secret("hostile")}
            world.kube.make(IDENTITY_BACKENDS, {"metadata": {"name": "second", "namespace": "ns"}, "spec": named})
            world.apply("theirs", backendRef={"name": "hostile"})
            world.apply("others", backendRef={"name": "second"})
            world.apply()
            await world.ready("web")
            await asyncio.sleep(3)
            alive(world)

    without_defects(story)


SHAPES: Final[dict[str, tuple[Any, str]]] = {
    "spec": ("web", "spec: must be an object"),
    "spec.parentRef": ({"parentRef": "above"}, "spec.parentRef: must be an object"),
    "spec.parentRef.name": ({"parentRef": {"name": ["above"]}}, "spec.parentRef.name: must be a valid string"),
    "spec.backendRef": ({"backendRef": "default"}, "spec.backendRef: must be an object"),
    "spec.backendRef.name": ({"backendRef": {"name": 7}}, "spec.backendRef.name: must be a valid string"),
    "spec.keystone": ({"keystone": ["d1"]}, "spec.keystone: must be an object"),
    "spec.tags": ({"tags": {"team": "red"}}, "spec.tags: must be a list"),
    "spec.import": ({"import": "p9"}, "spec.import: must be an object"),
    "spec.suspend": ({"suspend": {}}, "spec.suspend: must be a valid boolean"),
}
"""Specs as an older schema may have let them in; what is said about each."""


def test_a_spec_of_another_shape_is_refused_by_its_field_and_disturbs_nobody() -> None:
    async def story() -> None:
        async with World(3) as world:
            world.install()
            world.start()
            names = {f"odd-{number}": spec for number, (spec, _) in enumerate(SHAPES.values())}
            for name, spec in names.items():
                world.kube.make(PROJECTS, {"metadata": {"name": name}, "spec": spec})
            world.apply()
            await world.ready("web")
            await world.until(lambda: all(world.reason(name) == "InvalidSpec" for name in names))
            told = [world.condition(name)["message"] for name in names]
            assert told == [message for _, message in SHAPES.values()]
            for name in names:
                world.kube.delete(name)
            await world.until(lambda: not any(world.kube.look(name) for name in names))
            assert len(world.backend.created) == 1
            alive(world)

    without_defects(story)


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(spec=spoilt_document(SPEC), status=spoilt_document(STATUS), backend=spoilt_document(BACKEND))
def test_an_object_of_any_shape_harms_nobody(spec: Any, status: Any, backend: Any) -> None:
    async def story() -> None:
        async with World(3) as world:
            world.install()
            world.kube.make(PROJECTS, {"metadata": {"name": "odd"}, "spec": spec, "status": status})
            odd = {"metadata": {"name": "odd", "namespace": "ns"}, "spec": backend, "status": status}
            world.kube.make(IDENTITY_BACKENDS, odd)
            world.start()
            assert world.engine is not None
            world.engine.census()
            world.apply()
            await world.ready("web")
            world.kube.delete("odd")
            await asyncio.sleep(3)
            world.engine.census()
            alive(world)

    without_defects(story)


def with_secret(name: str) -> dict[str, Any]:
    return {"url": "https://identity", "auth": {"serviceAccountToken": {"secretRef": {"name": name}}}}


def alive(world: World) -> None:
    """Every part of the operator runs, and what was tried is told where it can be."""
    assert world.engine is not None
    assert [task.get_name() for task in world.engine.tasks() if task.done()] == []
    for raw in world.kube.all():
        ready = [one for one in (raw.get("status") or {}).get("conditions") or [] if one["type"] == ConditionType.READY]
        assert all(one["message"].isprintable() for one in ready)


class Defects(logging.Handler):
    """Keeps what was logged with a traceback."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info:
            self.found.append(record.getMessage())


def without_defects(story: Any) -> None:
    """Nothing is logged with a traceback: that would be a defect of ours."""
    handler = Defects()
    root = logging.getLogger("project_operator")
    root.addHandler(handler)
    try:
        run_virtually(story())
    finally:
        root.removeHandler(handler)
    assert handler.found == []


def test_a_defect_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(_raw: Any) -> Any:
        raise ValueError("this was not expected")

    monkeypatch.setattr("project_operator.runtime.gathering.parse_project", careless)

    async def story() -> None:
        async with World(3) as world:
            world.install()
            world.start()
            world.apply()
            await asyncio.sleep(2)

    with pytest.raises(AssertionError, match="defect"):
        without_defects(story)
