"""What happens to one backend object: the real engine, virtual time, one promise a test."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from simulation.backend import Fault
from simulation.loop import run_virtually
from simulation.world import World

from project_operator.api.names import CREDENTIALS_LABEL, FINALIZER
from project_operator.backends.load import Load
from project_operator.errors import (
    BackendError,
    BackendUnavailable,
    ConnectionRefused,
    CredentialsRejected,
    KubeForbidden,
)
from project_operator.kube.resources import IDENTITY_BACKENDS, SECRETS, Resource

SECRET: dict[str, Any] = {
    "metadata": {"name": "token", "labels": {CREDENTIALS_LABEL: "true"}},
    "data": {"token": "dG9rZW4="},
}


def told(story: Callable[[World], Awaitable[None]]) -> None:
    async def tell() -> None:
        async with World() as world:
            await story(world)

    run_virtually(tell())


def status(world: World) -> dict[str, Any]:
    return dict((world.kube.look("default", IDENTITY_BACKENDS) or {}).get("status") or {})


def ready(world: World) -> dict[str, Any]:
    return next((dict(one) for one in status(world).get("conditions", []) if one["type"] == "Ready"), {})


async def reason(world: World, wanted: str, **within: float) -> str:
    """Wait for Ready's reason; its message."""
    await world.until(lambda: ready(world).get("reason") == wanted, **within)
    return str(ready(world)["message"])


def holds(world: World, name: str, resource: Resource) -> bool:
    return FINALIZER in ((world.kube.look(name, resource) or {})["metadata"].get("finalizers") or ())


def test_a_connected_backend_says_where_to_and_holds_what_it_needs() -> None:
    async def story(world: World) -> None:
        world.install()
        world.start()
        assert "organization demo" in await reason(world, "Succeeded")
        told_of = status(world)
        assert (told_of["organizationID"], told_of["principal"], told_of["secretRef"]) == (
            "org",
            "robot",
            {"name": "token"},
        )
        assert told_of["consistency"]["readLag"] == "2s"
        assert holds(world, "default", IDENTITY_BACKENDS)
        assert holds(world, "token", SECRETS)
        assert world.notices == []

    told(story)


def test_what_its_object_does_not_limit_is_limited_as_its_type_is() -> None:
    async def story(world: World) -> None:
        world.load = Load(requests_per_second=2, burst=3, max_in_flight=4)
        world.install(rateLimit={"burst": 1})
        world.start()
        await reason(world, "Succeeded")
        assert status(world)["rateLimit"] == {"requestsPerSecond": 2, "burst": 1, "maxInFlight": 4}
        await asyncio.sleep(5)
        begun = asyncio.get_running_loop().time()
        for _ in range(5):
            async with world.backend.admission:
                pass
        assert asyncio.get_running_loop().time() - begun == pytest.approx(2.0, abs=0.1), "after the first, two a second"

    told(story)


def test_a_settled_backend_object_is_never_written_again() -> None:
    async def story(world: World) -> None:
        world.install()
        world.start()
        await reason(world, "Succeeded")
        await asyncio.sleep(5.0)
        before = len(world.kube.writes)
        await asyncio.sleep(600.0)
        assert len(world.kube.writes) == before

    told(story)


def test_a_missing_secret_is_named_and_its_coming_is_enough() -> None:
    async def story(world: World) -> None:
        world.install()
        world.kube.delete("token", SECRETS)
        world.start()
        assert await reason(world, "SecretNotFound") == "Secret 'token' is not there"
        world.kube.make(SECRETS, SECRET)
        await reason(world, "Succeeded", within=5)
        assert [notice.reason for _, notice in world.notices] == ["SecretNotFound", "Succeeded"]

    told(story)


def test_a_secret_that_may_not_be_read_says_what_allows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(world: World) -> None:
        world.install()
        world.kube.delete("token", SECRETS)
        get = world.kube.get

        async def refuse_secrets(resource: Resource, namespace: str | None, name: str) -> dict[str, Any]:
            if resource == SECRETS:
                raise KubeForbidden("get secrets: 403", status=403)
            return await get(resource, namespace, name)

        monkeypatch.setattr(world.kube, "get", refuse_secrets)
        world.start()
        assert await reason(world, "SecretNotFound") == (
            "Secret 'token' may not be read by the operator; let the chart's value `secrets.namespaces` name 'ns' and"
            " every other namespace with credentials"
        )

    told(story)


def test_a_secret_without_the_label_is_not_used() -> None:
    async def story(world: World) -> None:
        world.install()
        world.kube.delete("token", SECRETS)
        world.kube.make(SECRETS, SECRET | {"metadata": {"name": "token"}})
        world.start()
        assert CREDENTIALS_LABEL in await reason(world, "SecretNotLabelled")
        assert world.backend.count("connect") == 0
        assert not holds(world, "token", SECRETS)

    told(story)


def test_a_secret_that_is_not_base64_is_said() -> None:
    async def story(world: World) -> None:
        world.install()
        world.kube.replace_secret("token", "not base64!")
        world.start()
        assert "not base64" in await reason(world, "SecretInvalid")

    told(story)


@pytest.mark.parametrize(
    ("error", "told_as", "words"),
    [
        (ConnectionRefused("no such", field="spec.nscale.organization"), "OrganizationNotFound", "`spec.nscale.org"),
        (ConnectionRefused("no token", field="spec.nscale.auth.secretRef"), "SecretInvalid", "no token"),
        (ConnectionRefused("loopback", field="spec.nscale.url"), "EndpointInvalid", "`spec.nscale.url`: loopback"),
        (CredentialsRejected("401"), "CredentialsRejected", "401"),
        (BackendUnavailable("no route"), "BackendUnavailable", "no route"),
    ],
)
def test_a_failed_connection_is_explained_and_tried_again(error: BackendError, told_as: str, words: str) -> None:
    async def story(world: World) -> None:
        world.backend.faults.append(Fault("connect", error=error))
        world.install()
        world.start()
        assert words in await reason(world, told_as)
        assert status(world)["lastError"]["message"] == ready(world)["message"]
        await reason(world, "Succeeded", within=60)
        assert [(notice.reason, notice.warning) for _, notice in world.notices] == [
            (told_as, True),
            ("Succeeded", False),
        ]

    told(story)


def test_another_secret_is_held_instead_of_the_former_one() -> None:
    async def story(world: World) -> None:
        world.install()
        world.start()
        await reason(world, "Succeeded")
        world.kube.make(SECRETS, SECRET | {"metadata": SECRET["metadata"] | {"name": "other"}})
        world.kube.edit(
            "default", IDENTITY_BACKENDS, nscale={"auth": {"serviceAccountToken": {"secretRef": {"name": "other"}}}}
        )
        await world.until(lambda: status(world).get("secretRef") == {"name": "other"})
        await world.until(lambda: not holds(world, "token", SECRETS))
        assert holds(world, "other", SECRETS)
        assert world.backend.count("connect") == 2

    told(story)


def test_a_secret_that_another_backend_object_needs_is_kept() -> None:
    async def story(world: World) -> None:
        world.install()
        body = (world.kube.look("default", IDENTITY_BACKENDS) or {})["spec"]
        world.kube.make(IDENTITY_BACKENDS, {"metadata": {"name": "second"}, "spec": body})
        world.start()
        await reason(world, "Succeeded")
        await world.until(lambda: holds(world, "second", IDENTITY_BACKENDS))
        world.kube.delete("default", IDENTITY_BACKENDS)
        await world.until(lambda: world.kube.look("default", IDENTITY_BACKENDS) is None)
        assert holds(world, "token", SECRETS)
        world.kube.delete("second", IDENTITY_BACKENDS)
        await world.until(lambda: world.kube.look("second", IDENTITY_BACKENDS) is None)
        assert not holds(world, "token", SECRETS)

    told(story)


def test_a_spec_that_does_not_parse_stalls_and_a_good_one_heals() -> None:
    async def story(world: World) -> None:
        world.install(interval="soon")
        world.start()
        assert "interval" in await reason(world, "InvalidSpec")
        world.kube.edit("default", IDENTITY_BACKENDS, interval="20s")
        await reason(world, "Succeeded")

    told(story)


def test_a_lost_answer_of_the_api_server_only_delays() -> None:
    async def story(world: World) -> None:
        world.install()
        world.kube.lose_answers.extend(["default", "token", "default"])
        world.start()
        await reason(world, "Succeeded")
        await world.until(lambda: holds(world, "token", SECRETS))

    told(story)


def test_an_object_in_use_stays_and_says_for_whom() -> None:
    async def story(world: World) -> None:
        world.install()
        world.start()
        world.apply()
        await world.ready()
        world.kube.delete("default", IDENTITY_BACKENDS)
        assert "1 Projects still use" in await reason(world, "InUse")
        world.kube.delete("web")
        await world.until(lambda: world.kube.look("default", IDENTITY_BACKENDS) is None)
        assert world.backend.truth == {}

    told(story)
