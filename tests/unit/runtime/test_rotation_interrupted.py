"""Whatever ends between two steps of a rotation, the successor is not lost, or that it is lost is said."""

import asyncio
import contextlib
import logging
from typing import Any

import pytest
from rotating_process import REFUSED, SETTLE, Killed, Process, TokenServer, annotations, kept, told
from simulation.kube import SimulatedKube

from project_operator.api import names
from project_operator.backends.keeping import Replacement
from project_operator.errors import (
    CredentialNotKept,
    CredentialsRejected,
    KubeUnavailable,
    OutcomeUnknown,
    PermissionDenied,
)
from project_operator.runtime.rotation import PATIENCE, lost


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
        assert process.keeper.explained(REFUSED) == REFUSED
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
        assert process.keeper.explained(REFUSED) == lost(REFUSED)
        await asyncio.sleep(SETTLE + 0.1)
        with pytest.raises(CredentialsRejected, match="its successor may be lost: make a new one") as raised:
            await process.rotate()
        assert len(str(raised.value)) <= 256
        assert process.notices[-1].warning
        said = len(process.notices)
        with pytest.raises(CredentialsRejected) as again:
            await process.rotate()
        assert str(again.value) == str(raised.value), "for as long as it is so"
        assert len(process.notices) == said
        assert process.keeper.explained(str(again.value)) == str(again.value), "it says so already"
        heir = await Process(kube, server).begin()
        assert heir.keeper.explained(REFUSED) == lost(REFUSED)

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
