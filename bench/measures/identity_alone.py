"""How fast the identity server is by itself: it must not be what limits the others."""

import json
import time
from typing import Final

import aiohttp

from bench.bare_client import Body
from bench.identity import PROJECTS, TOKEN
from bench.kube import each
from bench.recording import Templates
from bench.stage import IdentityServers

CREATIONS: Final = 3_000


async def rate(templates: Templates) -> float:
    """Creations per second that it answers with 32 in flight; the client that asks has its share of the machine."""
    body = Body(templates.creation, {word: getattr(templates, word) for word in ("name", "uid", "version", "id")})
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    with IdentityServers() as identity:
        async with aiohttp.ClientSession(identity.urls[0], headers=headers) as session:

            async def create(number: int) -> None:
                sent = body.of({"name": f"team-{number}", "uid": "", "version": "", "id": ""})
                async with session.post(PROJECTS, data=sent) as answer:
                    json.loads(await answer.read())

            begun = time.monotonic()
            await each(create, range(CREATIONS))
            return round(CREATIONS / (time.monotonic() - begun), 1)
