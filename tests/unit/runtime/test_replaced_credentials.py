"""What a backend object and its Secrets show of a credential that is replaced or expires: the real engine, virtual
time.
"""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from simulation.backend import Fault, SimulatedBackend
from simulation.loop import run_virtually
from simulation.world import World

from project_operator.api.names import CREDENTIALS_LABEL, FINALIZER
from project_operator.backends.base import ConnectionFacts
from project_operator.backends.keeping import Replacement
from project_operator.errors import CredentialNotKept, CredentialsRejected, OutcomeUnknown
from project_operator.kube.resources import CLUSTER_IDENTITY_BACKENDS, IDENTITY_BACKENDS, SECRETS
from project_operator.runtime.clock import timestamp

ROTATED = "default-rotated"
DAY = 86400.0


class Expiring(SimulatedBackend):
    """A backend that tells until when the credential is good."""

    expires_in: float = 30 * DAY
    renews = False
    hindrance = ""

    async def connect(self) -> ConnectionFacts:
        facts = await super().connect()
        if self.hindrance:
            return replace(facts, not_renewed=self.hindrance, principal_in_doubt=True)
        expires_at = timestamp(1000.0 + self.expires_in)
        return replace(facts, credential_expires_at=expires_at, credential_renews=self.renews)


def told(story: Callable[[World], Awaitable[None]], *, expires_in: float | None = None, renews: bool = False) -> None:
    async def tell() -> None:
        async with World() as world:
            if expires_in is not None:
                world.backend = Expiring(world.random)
                world.backend.expires_in, world.backend.renews = expires_in, renews
            await story(world)

    run_virtually(tell())


def status(world: World) -> dict[str, Any]:
    return dict((world.kube.look("default", IDENTITY_BACKENDS) or {}).get("status") or {})


def ready(world: World) -> dict[str, Any]:
    return next((dict(one) for one in status(world).get("conditions", []) if one["type"] == "Ready"), {})


def holds(world: World, name: str) -> bool:
    found = world.kube.look(name, SECRETS)
    return found is not None and FINALIZER in (found["metadata"].get("finalizers") or ())


async def connected(world: World) -> None:
    await world.until(lambda: ready(world).get("reason") == "Succeeded")


async def begin(world: World, *, replaces: str = "") -> None:
    """With a connection; ``replaces``: key of the Secret whose value the backend replaces."""
    world.replaces = replaces
    world.install()
    world.start()
    await connected(world)


async def rotate(world: World, token: bytes = b"successor", days: float = 90.0) -> None:
    async def ask() -> Replacement:
        return Replacement(token, timestamp(1000.0 + days * DAY))

    await world.opened[-1][1].replace(ask)


def test_a_replaced_credential_is_kept_told_of_and_used_by_the_next_process() -> None:
    async def story(world: World) -> None:
        await begin(world, replaces="token")
        before = status(world)["credentialExpiresAt"]
        await rotate(world)
        await world.until(lambda: status(world)["credentialExpiresAt"] != before)
        assert [notice.reason for _, notice in world.notices] == ["CredentialReplaced"]
        assert len(world.opened) == 1, "the connection goes on"
        await world.crash()
        world.start()
        await world.until(lambda: len(world.opened) == 2)
        assert world.opened[-1][0] == {"token": b"successor"}
        mine = world.kube.look("token", SECRETS) or {}
        assert base64.b64decode(mine["data"]["token"]) == b"token", "the user's is not written"

    told(story, expires_in=30 * DAY, renews=True)


def test_the_users_next_value_counts_again() -> None:
    async def story(world: World) -> None:
        await begin(world, replaces="token")
        await rotate(world)
        world.kube.replace_secret("token", base64.b64encode(b"by hand").decode())
        await world.until(lambda: len(world.opened) == 2)
        assert world.opened[-1][0] == {"token": b"by hand"}

    told(story)


def test_a_backend_that_replaces_nothing_has_no_second_secret_looked_for() -> None:
    async def story(world: World) -> None:
        await begin(world)
        world.kube.make(SECRETS, {"metadata": {"name": ROTATED}, "data": {"token": "eA=="}})
        assert world.opened[-1][0] == {"token": b"token"}

    told(story)


def test_our_secret_is_let_go_with_the_backend_object_and_a_namesake_is_not_touched() -> None:
    async def story(world: World) -> None:
        await begin(world, replaces="token")
        await rotate(world)
        assert holds(world, ROTATED)
        world.kube.make(SECRETS, {"metadata": {"name": "other-rotated", "finalizers": [FINALIZER]}, "data": {}})
        world.kube.delete("default", IDENTITY_BACKENDS)
        await world.until(lambda: world.kube.look("default", IDENTITY_BACKENDS) is None)
        assert not holds(world, ROTATED)
        assert not holds(world, "token")
        assert holds(world, "other-rotated")

    told(story)


def test_two_backend_objects_of_one_name_do_not_share_a_secret() -> None:
    async def story(world: World) -> None:
        await begin(world, replaces="token")
        await rotate(world)
        world.install_for_all("default", secretNamespace="ns")
        await world.until(lambda: len(world.opened) == 2)
        assert world.opened[-1][0] == {"token": b"token"}, "not what the other one keeps"
        with pytest.raises(CredentialNotKept, match="is that of IdentityBackend 'default'"):
            await rotate(world, b"stolen")
        kept = world.kube.look(ROTATED, SECRETS)
        world.kube.delete("default", CLUSTER_IDENTITY_BACKENDS)
        await world.until(lambda: world.kube.look("default", CLUSTER_IDENTITY_BACKENDS) is None)
        assert world.kube.look(ROTATED, SECRETS) == kept

    told(story)


@pytest.mark.parametrize("operation", ["connect", "list"])
def test_what_an_attempt_left_unsettled_is_said_where_the_credential_is_refused(operation: str) -> None:
    """Before the next process is connected, or when the attempt takes effect late."""

    async def story(world: World) -> None:
        await begin(world, replaces="token")

        async def ask() -> Replacement:
            raise OutcomeUnknown("rotate token: no answer within 15 s")

        with pytest.raises(OutcomeUnknown):
            await world.opened[-1][1].replace(ask)
        await world.crash()
        world.backend.faults.append(Fault(operation, error=CredentialsRejected(f"{operation}: 401")))
        world.start()
        await world.until(lambda: ready(world).get("reason") == "CredentialsRejected")
        assert ready(world)["message"].startswith(f"{operation}: 401")
        assert "its successor may be lost: make a new one" in ready(world)["message"]

    told(story)


def test_a_new_connection_finds_what_the_former_one_asked_for() -> None:
    async def story(world: World) -> None:
        await begin(world, replaces="token")
        answer = asyncio.Event()

        async def ask() -> Replacement:
            await answer.wait()
            return Replacement(b"successor")

        replacing = asyncio.ensure_future(world.opened[-1][1].replace(ask))
        await asyncio.sleep(0.1)
        world.kube.edit("default", IDENTITY_BACKENDS, interval="21s")
        asyncio.get_running_loop().call_later(3.0, answer.set)
        await world.until(lambda: len(world.opened) == 2)
        assert replacing.done()
        assert world.opened[-1][0] == {"token": b"successor"}

    told(story)


@pytest.mark.parametrize(
    ("days", "renews", "warnings"), [(30, False, 0), (13, False, 1), (1.1, False, 2), (0.5, False, 3), (0.5, True, 0)]
)
def test_people_are_warned_in_time_and_seldom(days: float, renews: bool, warnings: int) -> None:  # noqa: FBT001 - a column
    """As many as stages have passed is one now; each further stage is one more."""

    async def story(world: World) -> None:
        await begin(world)
        await asyncio.sleep(600.0)
        warned = [notice for _, notice in world.notices if notice.reason == "CredentialExpires"]
        assert len(warned) == min(warnings, 1)
        assert all(notice.warning and "nothing replaces it" in notice.note for notice in warned)
        if days == 1.1:
            await asyncio.sleep(timedelta(days=0.1).total_seconds())
            warned = [notice for _, notice in world.notices if notice.reason == "CredentialExpires"]
            assert len(warned) == 2

    told(story, expires_in=days * DAY, renews=renews)


def test_a_credential_that_does_not_replace_itself_though_it_is_to_is_told_of_once_until_it_does() -> None:
    async def story(world: World) -> None:
        assert isinstance(world.backend, Expiring)
        world.backend.hindrance = "`rotation` waits: asked in vain"
        await begin(world)
        await asyncio.sleep(600.0)
        assert "credentialExpiresAt" not in status(world)
        told_of = [notice for _, notice in world.notices if notice.reason == "CredentialNotReplaced"]
        assert [(notice.warning, notice.note) for notice in told_of] == [(True, "`rotation` waits: asked in vain")]
        world.backend.hindrance = ""
        await world.until(lambda: "credentialExpiresAt" in status(world))
        assert len(world.opened) == 1, "the connection goes on"
        assert [notice.reason for _, notice in world.notices] == ["CredentialNotReplaced"]

    told(story, expires_in=30 * DAY, renews=True)


def test_the_secret_of_a_certificate_is_held_followed_and_let_go() -> None:
    async def story(world: World) -> None:
        world.install()
        for name in ("tls", "tls-2"):
            metadata = {"name": name, "labels": {CREDENTIALS_LABEL: "true"}}
            world.kube.make(SECRETS, {"metadata": metadata, "data": {"tls.crt": "eA==", "token": "eQ=="}})
        auth = {"serviceAccountToken": {"secretRef": {"name": "token"}}}
        nscale = {"url": "https://identity"}
        world.kube.edit(
            "default",
            IDENTITY_BACKENDS,
            nscale=nscale | {"auth": auth | {"clientCertificate": {"secretRef": {"name": "tls"}}}},
        )
        world.start()
        await connected(world)
        assert world.opened[-1][0] == {"token": b"token", "tls/tls.crt": b"x", "tls/token": b"y"}
        await world.until(lambda: status(world).get("certificateSecretRef") == {"name": "tls"})
        assert holds(world, "tls")
        world.kube.edit(
            "default", IDENTITY_BACKENDS, nscale={"auth": {"clientCertificate": {"secretRef": {"name": "tls-2"}}}}
        )
        await world.until(lambda: not holds(world, "tls") and holds(world, "tls-2"))
        world.kube.edit("default", IDENTITY_BACKENDS, nscale={"auth": {"clientCertificate": None}})
        await world.until(lambda: not holds(world, "tls-2"))
        await world.until(lambda: "certificateSecretRef" not in status(world))
        assert holds(world, "token")

    told(story)


def test_a_certificates_secret_that_is_missing_is_named() -> None:
    async def story(world: World) -> None:
        world.install()
        world.kube.edit(
            "default", IDENTITY_BACKENDS, nscale={"auth": {"clientCertificate": {"secretRef": {"name": "tls"}}}}
        )
        world.start()
        await world.until(lambda: ready(world).get("reason") == "SecretNotFound")
        assert "Secret 'tls'" in ready(world)["message"]

    told(story)
