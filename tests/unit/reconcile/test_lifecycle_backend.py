"""Stories of the way to the backend: missing, changed, down, not allowed.

The real engine, virtual time, one promise a test.
"""

import asyncio

from simulation.backend import Fault
from simulation.stories import calls, gone, reason, told
from simulation.world import World

from project_operator.api.names import (
    BACKEND_ANNOTATION,
    FINALIZER,
)
from project_operator.backends.base import (
    UnsupportedField,
)
from project_operator.errors import (
    BackendUnavailable,
    CredentialsRejected,
)
from project_operator.kube.resources import IDENTITY_BACKENDS, PROJECTS, SECRETS


@told()
async def test_a_missing_backend_is_said_after_a_moment_and_heals(world: World) -> None:
    world.kube.delete("default", IDENTITY_BACKENDS)
    await world.until(lambda: world.kube.look("default", IDENTITY_BACKENDS) is None)
    world.apply()
    assert "default backend" in await reason(world, "BackendNotFound")
    world.kube.make(
        IDENTITY_BACKENDS,
        {
            "metadata": {"name": "default"},
            "spec": {
                "nscale": {"url": "https://identity", "auth": {"serviceAccountToken": {"secretRef": {"name": "token"}}}}
            },
        },
    )
    await world.ready()


@told()
async def test_another_backend_object_of_the_name_is_not_the_same(world: World) -> None:
    world.apply(backendRef={"name": "default"})
    await world.ready()
    body = (world.kube.look("default", IDENTITY_BACKENDS) or {})["spec"]
    world.kube.strip_finalizers("default", IDENTITY_BACKENDS)
    await world.crash()
    world.kube.delete("default", IDENTITY_BACKENDS)
    world.kube.make(IDENTITY_BACKENDS, {"metadata": {"name": "default"}, "spec": body})
    world.start()
    await reason(world, "BackendChanged")
    world.kube.delete("web")
    await world.until(lambda: "Orphan" in world.condition()["message"])
    await asyncio.sleep(30)
    assert world.kube.look("web") is not None
    world.kube.edit("web", deletionPolicy="Orphan")
    await gone(world)
    assert calls(world, "update", "delete") == 0


@told()
async def test_a_record_of_intent_without_its_backend_is_not_guessed_at(world: World) -> None:
    world.backend.faults.append(Fault("create"))
    world.apply()
    await reason(world, "OutcomeUnknown")
    world.kube.annotate("web", **{BACKEND_ANNOTATION: None})
    await reason(world, "BackendChanged")
    assert world.backend.count("create") == 1


@told()
async def test_an_outage_writes_nothing_on_what_was_settled(world: World) -> None:
    world.apply()
    await world.ready()
    for _ in range(40):
        world.backend.faults.append(Fault("list", error=BackendUnavailable("away")))
    writes = [write for write in world.kube.writes if write[1] == "web"]
    await asyncio.sleep(300)
    assert [write for write in world.kube.writes if write[1] == "web"] == writes
    assert world.is_ready()


@told()
async def test_a_rejected_credential_is_said_on_the_backend_and_a_new_secret_heals(world: World) -> None:
    world.backend.faults.append(Fault("list", error=CredentialsRejected("token expired")))
    backend = IDENTITY_BACKENDS

    def ready() -> str:
        conditions = (world.kube.look("default", backend) or {})["status"]["conditions"]
        return next(str(one["reason"]) for one in conditions if one["type"] == "Ready")

    await world.until(lambda: ready() == "CredentialsRejected")
    world.kube.replace_secret("token", "bmV3")
    await world.until(lambda: ready() == "Succeeded")
    assert world.backend.count("connect") == 2


@told()
async def test_a_backend_object_in_use_cannot_go_before_its_projects(world: World) -> None:
    world.apply()
    await world.ready()
    world.kube.delete("default", IDENTITY_BACKENDS)
    world.kube.delete("token", SECRETS)
    await asyncio.sleep(60)
    assert world.kube.look("default", IDENTITY_BACKENDS) is not None
    assert world.kube.look("token", SECRETS) is not None
    world.kube.delete("web")
    await gone(world)
    await world.until(lambda: world.kube.look("default", IDENTITY_BACKENDS) is None)
    await world.until(lambda: world.kube.look("token", SECRETS) is None)
    assert world.backend.living() == []


@told()
async def test_a_field_that_the_backend_cannot_hold_is_refused_before_any_call(world: World) -> None:
    world.unsupported = lambda _spec, name: (
        (UnsupportedField("spec.name", "at most 3 characters"),) if len(name) > 3 else ()
    )
    world.apply("long-name")
    assert "`spec.name`: at most 3 characters" in await reason(world, "Unsupported", "long-name")
    assert world.backend.count("create") == 0


@told()
async def test_a_spec_that_cannot_be_understood_stalls_and_holds_its_deletion(world: World) -> None:
    world.kube.make(PROJECTS, {"metadata": {"name": "web", "finalizers": [FINALIZER]}, "spec": {"groups": "x"}})
    await reason(world, "InvalidSpec")
    world.kube.delete("web")
    await world.until(lambda: "the deletion waits" in world.condition().get("message", ""))
    assert calls(world, "create", "update", "delete") == 0
