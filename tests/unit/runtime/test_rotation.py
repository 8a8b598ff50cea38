"""Successors of credentials are kept before they are used, whatever ends in between: virtual time, an API server in
memory, and a server that forgets a token as soon as it has made the next.
"""

import asyncio
import base64
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Any

import pytest
from simulation.kube import SimulatedKube
from simulation.loop import run_virtually
from simulation.world import SimulatedClock

from project_operator.api import names
from project_operator.backends.keeping import Replacement
from project_operator.errors import (
    CredentialNotKept,
    CredentialsRejected,
    KubeConflict,
    KubeForbidden,
    KubeUnavailable,
    OutcomeUnknown,
    PermissionDenied,
)
from project_operator.kube.resources import IDENTITY_BACKENDS, SECRETS, Resource
from project_operator.reconcile.actions import Notice
from project_operator.runtime.clock import timestamp
from project_operator.runtime.rotated_place import RotatedPlace
from project_operator.runtime.rotation import PATIENCE, RotatedSecret, digest_of

SETTLE = 6.0
NAME = "default-rotated"
PLACE = RotatedPlace.of("ns", IDENTITY_BACKENDS, "default", "uid-1", "token")
EXPIRY = timestamp(5_000_000)


class Killed(BaseException):
    """SIGKILL: nothing of the process goes on."""


class TokenServer:
    """Knows one token; `rotate` makes the next and forgets the one before, unless a cache still has it."""

    def __init__(self, *, cached: bool = False) -> None:
        self.valid = "token-0"
        self.rotations = 0
        self._former: set[str] = set()
        self._cached = cached

    def accepts(self, token: str) -> bool:
        return token == self.valid or (self._cached and token in self._former)

    def rotate(self, token: str) -> str:
        if not self.accepts(token):
            raise CredentialsRejected("rotate token: the token is not accepted (HTTP 401)")
        self.rotations += 1
        self._former.add(self.valid)
        self.valid = f"token-{self.rotations}"
        return self.valid


class Process:
    """One operator with the user's Secret, which can die before or after any of its steps."""

    def __init__(
        self,
        kube: SimulatedKube,
        server: TokenServer,
        *,
        original: str = "token-0",
        dies_at: int = -1,
        settle: float = SETTLE,
    ) -> None:
        self.kube, self.server = kube, server
        self.token = original
        self.notices: list[Notice] = []
        self.story: list[str] = []
        self.steps = 0
        self._dies_at = dies_at
        self.keeper = RotatedSecret(
            PLACE,
            original.encode(),
            self,
            SimulatedClock(Random(7)),  # noqa: S311 - a simulation wants to be repeated
            settle=settle,
            seen={},
            tell=self.notices.append,
        )

    async def begin(self) -> "Process":
        if (kept := await self.keeper.load()) is not None:
            self.token = kept.decode()
        return self

    async def rotate(self) -> None:
        self.token = (await self.keeper.replace(self.ask)).value.decode()

    async def ask(self) -> Replacement:
        return Replacement((await self._step("ask", self._asked)).encode(), EXPIRY)

    async def _asked(self) -> str:
        return self.server.rotate(self.token)

    # The API server, as this process reaches it.

    async def get(self, resource: Resource, namespace: str | None, name: str) -> dict[str, Any]:
        return dict(await self._step("get", lambda: self.kube.get(resource, namespace, name)))

    async def create(self, resource: Resource, namespace: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        return dict(await self._step("create", lambda: self.kube.create(resource, namespace, body)))

    async def patch(
        self, resource: Resource, obj: Mapping[str, Any], changes: Mapping[str, Any], *, subresource: str = ""
    ) -> dict[str, Any]:
        return dict(await self._step("patch", lambda: self.kube.patch(resource, obj, changes, subresource=subresource)))

    async def list(self, *_: Any, **__: Any) -> list[dict[str, Any]]:
        raise AssertionError("nothing is listed")

    async def _step(self, name: str, does: Callable[[], Awaitable[Any]]) -> Any:
        self._live()
        result = await does()
        self.story.append(name)
        self._live()
        return result

    def _live(self) -> None:
        if self.steps == self._dies_at:
            raise Killed
        self.steps += 1


def kept(kube: SimulatedKube) -> str:
    """The token in our Secret, or ""."""
    raw = kube.look(NAME, SECRETS) or {}
    return base64.b64decode((raw.get("data") or {}).get("token", "")).decode()


def annotations(kube: SimulatedKube) -> dict[str, str]:
    return dict((kube.look(NAME, SECRETS) or {"metadata": {}})["metadata"].get("annotations") or {})


def told(story: Callable[[SimulatedKube, TokenServer], Awaitable[None]], server: TokenServer | None = None) -> None:
    async def tell() -> None:
        await story(SimulatedKube(), server or TokenServer())

    run_virtually(tell())


def test_our_secret_is_labelled_owned_and_held() -> None:
    async def story(kube: SimulatedKube, server: TokenServer) -> None:
        process = Process(kube, server)
        await process.rotate()
        assert process.story == ["create", "ask", "patch"], "reserve, ask, keep"
        assert (process.token, kept(kube)) == ("token-1", "token-1")
        metadata = (kube.look(NAME, SECRETS) or {})["metadata"]
        assert metadata["labels"] == {names.CREDENTIALS_LABEL: "true", names.MANAGED_BY: "project-operator"}
        (owner,) = metadata["ownerReferences"]
        assert (owner["kind"], owner["name"], owner["uid"]) == ("IdentityBackend", "default", "uid-1")
        assert metadata["finalizers"] == [names.FINALIZER]
        assert annotations(kube) == {
            names.REPLACES_ANNOTATION: digest_of(b"token-0"),
            names.EXPIRES_ANNOTATION: "1970-02-27T20:53:20Z",
        }
        assert process.keeper.expires_at == EXPIRY
        (notice,) = process.notices
        assert (notice.reason, notice.warning) == ("CredentialReplaced", False)

    told(story)


def test_what_is_kept_counts_until_the_users_value_changes() -> None:
    async def story(kube: SimulatedKube, server: TokenServer) -> None:
        await Process(kube, server).rotate()
        again = await Process(kube, server, original=" token-0\n").begin()
        assert (again.token, again.keeper.expires_at) == ("token-1", EXPIRY)
        await again.rotate()
        assert kept(kube) == "token-2"
        changed = await Process(kube, server, original="token-of-the-user").begin()
        assert (changed.token, changed.keeper.expires_at) == ("token-of-the-user", None)

    told(story)


@pytest.mark.parametrize("error", [KubeForbidden("create: 403"), KubeUnavailable("no answer"), KubeConflict("409")])
def test_nothing_is_asked_for_that_could_not_be_kept(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(kube: SimulatedKube, server: TokenServer) -> None:
        async def refuse(*_: Any) -> dict[str, Any]:
            raise error

        monkeypatch.setattr(kube, "create", refuse)
        process = Process(kube, server)
        for _ in range(3):
            with pytest.raises(CredentialNotKept, match="cannot be written"):
                await process.rotate()
        assert server.rotations == 0
        assert [notice.reason for notice in process.notices] == ["CredentialNotReplaced"], "said once"

    told(story)


FORGED = {
    "labels": {names.CREDENTIALS_LABEL: "true", names.MANAGED_BY: "project-operator"},
    "annotations": {names.REPLACES_ANNOTATION: digest_of(b"token-0")},
    "finalizers": [names.FINALIZER],
}
"""All that our own carries but its owner."""


@pytest.mark.parametrize(
    ("metadata", "words"),
    [
        ({}, "the Secret 'default-rotated' in namespace 'ns' is not of this IdentityBackend 'default'"),
        (FORGED, "is not of this IdentityBackend 'default', which would keep its new credential there; rename or"),
        (
            FORGED | {"ownerReferences": [dict(PLACE.owner) | {"uid": "uid-0"}]},
            "is that of IdentityBackend 'default' (uid uid-0), not of this IdentityBackend 'default'",
        ),
        (
            {"ownerReferences": [dict(PLACE.owner) | {"kind": "ClusterIdentityBackend", "uid": "uid-2"}]},
            "is that of ClusterIdentityBackend 'default' (uid uid-2), not of this IdentityBackend 'default'; give one",
        ),
        ({"ownerReferences": [{"kind": "Deployment", "name": "default", "uid": "uid-3"}]}, "rename or delete it"),
    ],
    ids=["plain", "forged labels", "former object of the name", "cluster backend of the name", "somebody's"],
)
def test_a_secret_of_somebody_elses_is_neither_used_nor_written(metadata: dict[str, Any], words: str) -> None:
    async def story(kube: SimulatedKube, server: TokenServer) -> None:
        theirs = kube.make(SECRETS, {"metadata": {"name": NAME} | metadata, "data": {"token": "eA=="}})
        process = await Process(kube, server).begin()
        assert process.token == "token-0"
        with pytest.raises(CredentialNotKept) as refused:
            await process.rotate()
        assert words in str(refused.value)
        assert words in process.notices[-1].note
        assert (kube.look(NAME, SECRETS), server.rotations) == (theirs, 0)

    told(story)


def test_an_api_server_that_is_away_when_it_matters_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    async def story(kube: SimulatedKube, server: TokenServer) -> None:
        process = Process(kube, server)
        patch, failures = kube.patch, [KubeUnavailable("away"), KubeConflict("changed"), KubeForbidden("403")] * 3

        async def fail(*args: Any, **kwargs: Any) -> dict[str, Any]:
            if failures:
                raise failures.pop()
            return await patch(*args, **kwargs)

        monkeypatch.setattr(kube, "patch", fail)
        rotating = asyncio.ensure_future(process.rotate())
        await asyncio.sleep(1.0)
        assert not rotating.done()
        assert (server.valid, process.token) == ("token-1", "token-0"), "made, and used by nobody"
        await rotating
        assert (kept(kube), server.rotations) == ("token-1", 1)

    told(story)


def test_a_lost_answer_to_the_keeping_is_found_out() -> None:
    async def story(kube: SimulatedKube, server: TokenServer) -> None:
        await Process(kube, server).rotate()
        kube.lose_answers.extend([NAME])
        process = await Process(kube, server).begin()
        with pytest.raises(CredentialNotKept):
            await process.rotate()  # that was the reserving
        assert process.keeper.unsettled is False
        await asyncio.sleep(SETTLE)
        await (await Process(kube, server).begin()).keeper.load()

        process = await Process(kube, server).begin()
        await asyncio.sleep(SETTLE + 1)
        original = process.ask

        async def ask() -> Replacement:
            kube.lose_answers.append(NAME)
            return await original()

        assert (await process.keeper.replace(ask)).value == b"token-2"
        assert (kept(kube), process.story.count("patch")) == ("token-2", 1), "what came through is not written again"

    told(story)


def test_a_secret_that_is_deleted_meanwhile_is_made_anew() -> None:
    async def story(kube: SimulatedKube, server: TokenServer) -> None:
        process = Process(kube, server)

        async def ask() -> Replacement:
            kube.strip_finalizers(NAME, SECRETS)
            kube.delete(NAME, SECRETS)
            return await process.ask()

        await process.keeper.replace(ask)
        assert kept(kube) == "token-1"
        assert names.REPLACING_ANNOTATION not in annotations(kube)

    told(story)


def test_another_process_that_took_over_is_not_overwritten() -> None:
    async def story(kube: SimulatedKube, server: TokenServer) -> None:
        process = Process(kube, server)

        async def ask() -> Replacement:
            kube.annotate(NAME, SECRETS, **{names.REPLACING_ANNOTATION: f"another {digest_of(b'token-0')} now"})
            return await process.ask()

        with pytest.raises(CredentialNotKept, match="somebody else wrote"):
            await process.keeper.replace(ask)
        assert kept(kube) == ""

    told(story)


def test_a_caller_that_goes_away_takes_nothing_along() -> None:
    async def story(kube: SimulatedKube, server: TokenServer) -> None:
        process = Process(kube, server)
        caller = asyncio.ensure_future(process.rotate())
        await asyncio.sleep(0.0015)
        caller.cancel()
        await process.keeper.aclose()
        assert kept(kube) == server.valid == "token-1"
        with pytest.raises(CredentialNotKept, match="being closed"):
            await process.rotate()

    told(story)


def test_an_ending_process_waits_and_then_says_what_is_lost(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def story(kube: SimulatedKube, server: TokenServer) -> None:
        async def away(*_: Any, **__: Any) -> dict[str, Any]:
            raise KubeUnavailable("away")

        process = Process(kube, server)
        monkeypatch.setattr(kube, "patch", away)
        rotating = asyncio.ensure_future(process.rotate())
        await asyncio.sleep(1.0)
        begun = asyncio.get_running_loop().time()
        await process.keeper.aclose()
        assert asyncio.get_running_loop().time() - begun == pytest.approx(PATIENCE)
        assert "could not be kept before the end" in caplog.text
        with pytest.raises(asyncio.CancelledError):
            await rotating

    told(story)


def test_a_clean_refusal_is_no_attempt() -> None:
    async def story(kube: SimulatedKube, server: TokenServer) -> None:
        process = Process(kube, server)

        async def refused() -> Replacement:
            raise PermissionDenied("rotate token: not allowed")

        with pytest.raises(PermissionDenied):
            await process.keeper.replace(refused)
        assert names.REPLACING_ANNOTATION not in annotations(kube)
        assert not process.keeper.unsettled
        await process.rotate()
        assert kept(kube) == "token-1"

    told(story)


async def lost_answer_that_takes_effect_late(process: Process, late: float) -> Replacement:
    def commit() -> None:
        process.server.rotate(process.token)

    asyncio.get_running_loop().call_later(late, commit)
    raise OutcomeUnknown("rotate token: no answer within 15 s")


@pytest.mark.parametrize(("settle", "alive"), [(SETTLE, True), (0.0, False)], ids=["ours", "broken"])
def test_after_a_lost_answer_the_next_attempt_waits_until_that_can_take_effect_no_more(
    settle: float,
    alive: bool,  # noqa: FBT001 - a column of the table
) -> None:
    """The second row is the broken twin: who does not wait keeps a token that the late request ends."""

    async def story(kube: SimulatedKube, server: TokenServer) -> None:
        process = Process(kube, server, settle=settle)
        with pytest.raises(OutcomeUnknown):
            await process.keeper.replace(lambda: lost_answer_that_takes_effect_late(process, SETTLE / 2))
        for _ in range(100):
            try:
                await process.rotate()
                break
            except CredentialNotKept as error:
                await asyncio.sleep(error.retry_after or 0.2)
        await asyncio.sleep(SETTLE)
        assert (kept(kube) == server.valid) is alive

    # A cache somewhere still takes the token that was rotated without an answer (N3.2-11).
    told(story, TokenServer(cached=True))


def test_a_successor_that_is_lost_is_said() -> None:
    async def story(kube: SimulatedKube, server: TokenServer) -> None:
        process = Process(kube, server)
        with pytest.raises(OutcomeUnknown):
            await process.keeper.replace(lambda: lost_answer_that_takes_effect_late(process, 0.1))
        assert process.keeper.unsettled
        await asyncio.sleep(SETTLE + 0.1)
        with pytest.raises(CredentialsRejected, match="its successor may be lost: make a new one") as raised:
            await process.rotate()
        assert len(str(raised.value)) <= 256
        assert process.notices[-1].warning
        said = len(process.notices)
        with pytest.raises(CredentialsRejected) as again:
            await process.rotate()
        assert str(again.value) == str(raised.value), "for as long as it is so"
        assert (process.keeper.unsettled, len(process.notices)) == (True, said)
        heir = await Process(kube, server).begin()
        assert heir.keeper.unsettled

    told(story)


def test_of_two_processes_one_asks() -> None:
    async def story(kube: SimulatedKube, server: TokenServer) -> None:
        await Process(kube, server).rotate()
        one, other = [await Process(kube, server).begin() for _ in range(2)]
        results = await asyncio.gather(one.rotate(), other.rotate(), return_exceptions=True)
        assert sorted(type(result).__name__ for result in results) == ["CredentialNotKept", "NoneType"]
        assert (server.rotations, kept(kube)) == (2, server.valid)

    told(story)


async def life_after_death(kube: SimulatedKube, server: TokenServer) -> Process:
    """A new process takes over, and rotates as soon as it may."""
    process = await Process(kube, server).begin()
    for _ in range(100):
        try:
            await process.rotate()
            break
        except CredentialNotKept:
            await asyncio.sleep(0.2)
        except CredentialsRejected:
            break
    return process


def steps_of_a_rotation(*, before: bool) -> int:
    counted = []

    async def story(kube: SimulatedKube, server: TokenServer) -> None:
        if before:
            await Process(kube, server).rotate()
        process = await Process(kube, server).begin()
        await process.rotate()
        counted.append(process.steps)

    told(story)
    return counted[0]


@pytest.mark.parametrize("cached", [False, True])
@pytest.mark.parametrize("before", [False, True], ids=["first", "again"])
def test_a_process_may_be_killed_at_any_point(before: bool, cached: bool) -> None:  # noqa: FBT001 - columns of the table
    """Killed before or after any step, the successor of it ends with a token that works and is kept; but for the one
    gap that nobody can close, between the server's work and ours, and there only without a cache that still takes the
    former token. In the gap it is said.
    """
    lost = []
    for point in range(steps_of_a_rotation(before=before) + 1):

        async def story(kube: SimulatedKube, server: TokenServer, point: int = point) -> None:
            if before:
                await Process(kube, server).rotate()
            victim = Process(kube, server, dies_at=point)
            with contextlib.suppress(Killed):
                await (await victim.begin()).rotate()
            heir = await life_after_death(kube, server)
            if heir.token == server.valid:
                assert kept(kube) == server.valid
            else:
                assert victim.story[-1] == "ask", "the gap is between asking and keeping"
                assert "may be lost" in heir.notices[-1].note
                lost.append(point)

        told(story, TokenServer(cached=cached))
    assert len(lost) == (0 if cached else 2), "after the server's work, and before our write"


def test_tokens_show_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def story(kube: SimulatedKube, server: TokenServer) -> None:
        process = Process(kube, server)
        with pytest.raises(OutcomeUnknown):
            await process.keeper.replace(lambda: lost_answer_that_takes_effect_late(process, 0.1))
        await life_after_death(kube, TokenServer())
        shown = caplog.text + repr((process.keeper, process.notices, Replacement(b"token-1"))) + str(annotations(kube))
        assert "token-0" not in shown
        assert "token-1" not in shown

    told(story)
