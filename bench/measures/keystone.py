"""(h): the real Keystone, whose own access log says what it was asked for each project."""

import asyncio
import re
import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from keystone import make_domain

from bench import manifests
from bench.measures import vendors
from bench.record import Phase
from project_operator.sandbox.controlplane.report import Report
from project_operator.sandbox.identity.keystone.embedded import AnsweredRequest, EmbeddedKeystone

KEYSTONE: Final = "Keystone"
_CALLER: Final = "project-operator/"
_ID: Final = re.compile(r"[0-9a-f]{32}")


def _shape(one: AnsweredRequest) -> str:
    """What was asked, whichever project it was about."""
    return f"{one.method} {_ID.sub('{id}', one.path)}"


async def created(folder: Path, count: int, warm_up: int) -> Phase:
    """So many projects in a domain of their own."""
    with ExitStack() as stack:
        server = await asyncio.to_thread(stack.enter_context, EmbeddedKeystone(report=Report(sys.stderr)))
        domain = make_domain(server)
        auth = {"password": {"secretRef": {"name": manifests.SECRET}}}
        place = vendors.Place(
            KEYSTONE,
            {"keystone": {"url": domain.url, "domain": {"id": domain.id}, "auth": auth}},
            {"username": domain.manager.name, "password": domain.manager.password},
            lambda: Counter(_shape(one) for one in server.requests(_CALLER)),
            {KEYSTONE: server.process.pid},
        )
        return await vendors.created(place, folder, count, warm_up)
