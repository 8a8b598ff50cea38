"""(h): the real Keystone, whose own access log says what it was asked for each project."""

import asyncio
import re
import sys
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from keystone import Domain, make_domain

from bench import manifests
from bench.meter import Meter
from bench.record import OPERATOR, Phase
from bench.stage import Stage
from project_operator.sandbox.controlplane.report import Report
from project_operator.sandbox.identity.keystone.embedded import AnsweredRequest, EmbeddedKeystone

KEYSTONE: Final = "Keystone"
_CALLER: Final = "project-operator/"
_ID: Final = re.compile(r"[0-9a-f]{32}")


def _member(domain: Domain) -> manifests.Object:
    auth = {"password": {"secretRef": {"name": manifests.SECRET}}}
    return {"keystone": {"url": domain.url, "domain": {"id": domain.id}, "auth": auth}}


def _shape(one: AnsweredRequest) -> str:
    """What was asked, whichever project it was about."""
    return f"{one.method} {_ID.sub('{id}', one.path)}"


async def created(folder: Path, count: int, warm_up: int) -> Phase:
    """So many projects in a domain of their own; a Keystone creates some 46 a second."""
    with ExitStack() as stack:
        server = await asyncio.to_thread(stack.enter_context, EmbeddedKeystone(report=Report(sys.stderr)))
        domain = make_domain(server)
        async with Stage(folder, warm_up=warm_up) as stage:
            manager = domain.manager
            credential = manifests.secret({"username": manager.name, "password": manager.password})
            await stage.kube.ask("POST", manifests.SECRETS, credential)
            await stage.kube.ask("POST", manifests.BACKENDS, manifests.backend(manifests.DEFAULT, _member(domain)))
            await stage.apply(count)
            stage.traffic.restart()
            asked, begun = len(server.requests()), time.monotonic()
            operator = stage.start_operator()
            meter = Meter(stage.plane.pids | {KEYSTONE: server.process.pid})
            meter.add(OPERATOR, operator.pid)
            await stage.sight.until(lambda: stage.sight.count_ready() >= count, "the Projects to be Ready")
            seconds = time.monotonic() - begun
            calls = Counter(_shape(one) for one in server.requests(_CALLER, after=asked))
            return Phase(
                KEYSTONE,
                count,
                round(seconds, 3),
                meter.cpu_seconds(),
                meter.resident_bytes(OPERATOR),
                dict(stage.traffic.requests()),
                dict(calls),
            )
