"""Successors of credentials are kept before they are used: virtual time, an API server in memory, and a server that
forgets a token as soon as it has made the next.
"""

import asyncio
from typing import Any

import pytest
from rotating_process import EXPIRY, NAME, PLACE, REFUSED, SETTLE, Process, TokenServer, annotations, kept, told
from simulation.kube import SimulatedKube

from project_operator.api import names
from project_operator.backends.keeping import Replacement
from project_operator.errors import (
    CredentialNotKept,
    KubeConflict,
    KubeForbidden,
    KubeUnavailable,
)
from project_operator.kube.resources import SECRETS
from project_operator.runtime.rotation import digest_of


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
        assert process.keeper.explained(REFUSED) == REFUSED
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
