"""The least that has to be sent for a Project to be created and shown Ready, sent as fast as one process can.

aiohttp, `AT_ONCE` in flight, connections kept, no logic: the bodies are the operator's own, with another Project's
words put in, and of an answer only what the next request needs is looked at. What has to wait for an answer waits (the
guard of a write is the resourceVersion of the one before, the id is in the backend's answer), nothing else. Events are
written behind, at the operator's pace. It polls nothing, knows of no watch, and cannot be stopped half way: it could
not be an operator, it is the limit of the machine.
"""

import argparse
import asyncio
import json
import re
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Final

import aiohttp

from bench.identity import PROJECTS as REMOTE_PROJECTS
from bench.identity import TOKEN
from bench.kube import AT_ONCE, MERGE_PATCH, METADATA
from bench.manifests import NAMESPACE, PROJECTS
from bench.recording import Templates
from project_operator.kube.access import load_access
from project_operator.kube.events import Pace

USER_AGENT: Final = "bare-client"
EVENTS: Final = f"/apis/events.k8s.io/v1/namespaces/{NAMESPACE}/events?fieldManager={USER_AGENT}"
_VERSION: Final = re.compile(rb'"resourceVersion":"(\d+)"')
_ID: Final = re.compile(rb'"id": ?"([^"]+)"')
_WORDS: Final = ("name", "uid", "version", "id")
_PATCH: Final = {"Content-Type": MERGE_PATCH}
_POST: Final = {"Content-Type": "application/json"}


class Body:
    """A template, cut where its words were."""

    def __init__(self, text: str, words: dict[str, str]) -> None:
        self._parts = re.split("|".join(f"({re.escape(words[word])})" for word in _WORDS), text)
        self._known = {words[word]: word for word in _WORDS}

    def of(self, mine: dict[str, str]) -> bytes:
        """With the words of ``mine`` instead."""
        return "".join(
            mine[self._known[part]] if part in self._known else part for part in self._parts if part is not None
        ).encode()


class BareClient:
    """Creates whatever Projects there are."""

    def __init__(self, kube: aiohttp.ClientSession, identity: aiohttp.ClientSession, templates: Templates) -> None:
        self._kube = kube
        self._identity = identity
        told = asdict(templates)
        words = {word: told[word] for word in _WORDS}
        self._finalizer, self._creation, self._accepted, self._ready, self._event = (
            Body(told[name], words) for name in ("finalizer", "creation", "accepted", "ready", "event")
        )
        self._created: list[dict[str, str]] = []

    async def run(self) -> int:
        """Create them all; how many."""
        async with self._kube.get(PROJECTS, headers={"Accept": METADATA}) as answer:
            items = (await answer.json(content_type=None))["items"]
        left = iter([item["metadata"] for item in items])

        async def work() -> None:
            for metadata in left:
                await self._create(metadata["name"], metadata["uid"], metadata["resourceVersion"])

        events = asyncio.create_task(self._tell())
        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
        events.cancel()
        return len(items)

    async def _create(self, name: str, uid: str, version: str) -> None:
        mine = {"name": name, "uid": uid, "version": version, "id": ""}
        place = f"{PROJECTS}/{name}"
        written = await self._send(self._kube, "PATCH", place, self._finalizer.of(mine), _PATCH)
        created = await self._send(self._identity, "POST", REMOTE_PROJECTS, self._creation.of(mine), _POST)
        mine["version"], mine["id"] = _found(_VERSION, written), _found(_ID, created)
        written = await self._send(self._kube, "PATCH", f"{place}/status", self._accepted.of(mine), _PATCH)
        mine["version"] = _found(_VERSION, written)
        await self._send(self._kube, "PATCH", f"{place}/status", self._ready.of(mine), _PATCH)
        self._created.append(mine)

    async def _tell(self) -> None:
        """Events, in the pace that the operator keeps."""
        pace = Pace()
        tokens = float(pace.burst)
        while True:
            while self._created and tokens >= 1:
                tokens -= 1
                await self._send(self._kube, "POST", EVENTS, self._event.of(self._created.pop()), _POST)
            await asyncio.sleep(1 / pace.rate)
            tokens = min(tokens + 1, pace.burst)

    @staticmethod
    async def _send(
        session: aiohttp.ClientSession, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> bytes:
        async with session.request(method, path, data=body, headers=headers) as answer:
            content = await answer.read()
            if not answer.ok:
                raise RuntimeError(f"{method} {path}: {answer.status} {content[:300]!r}")
            return content


def _found(pattern: re.Pattern[bytes], content: bytes) -> str:
    match = pattern.search(content)
    if match is None:
        raise RuntimeError(f"no {pattern.pattern!r} in {content[:300]!r}")
    return match[1].decode()


async def create_all(kubeconfig: Path, identity: str, templates: Templates) -> int:
    """Create all Projects of the bench's namespace; how many there were."""
    access = load_access(kubeconfig)
    connector = aiohttp.TCPConnector(limit=0, ssl=access.ssl_context or True)
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    agent = {"User-Agent": f"{USER_AGENT}/1", "Accept": "application/json"}
    async with (
        aiohttp.ClientSession(access.server, connector=connector, headers=agent) as kube,
        aiohttp.ClientSession(identity, connector=aiohttp.TCPConnector(limit=0), headers=agent | bearer) as remote,
    ):
        return await BareClient(kube, remote, templates).run()


def main() -> None:
    parser = argparse.ArgumentParser(description="Create all Projects as fast as can be; templates on standard input.")
    parser.add_argument("kubeconfig", type=Path)
    parser.add_argument("identity")
    chosen = parser.parse_args()
    print(asyncio.run(create_all(chosen.kubeconfig, chosen.identity, Templates(**json.load(sys.stdin)))))


if __name__ == "__main__":
    main()
