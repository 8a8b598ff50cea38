"""The backend on the real Keystone behind a proxy that takes its time: all requests of a call have one deadline."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import httpx
import pytest
from calling import LOOPBACK
from candidates import Purpose
from keystone import Domain
from middlebox import Middlebox
from passing_time import pass_time
from scripted_server import Received, ScriptedServer

from project_operator.backends.base import ProjectContent
from project_operator.backends.keystone_v3.backend import KeystoneBackend
from project_operator.backends.keystone_v3.credentials import Credential, DomainScope, Password, Reference
from project_operator.backends.openstack import KeystoneConfig, open_backend
from project_operator.backends.vendor import Surroundings
from project_operator.errors import BackendUnavailable, OutcomeUnknown

Pause = Callable[[Received], float]
LOCKED = {"keystone.immutable": "true"}

pytestmark = pytest.mark.whole


def unchecked() -> None:
    pass


@dataclass
class SlowProxy(Middlebox):
    """Passes each request on after a while, which passes at once."""

    pause: Pause = field(default=lambda _: 0.0)

    async def _pass_on(self, request: Received) -> httpx.Response:
        pass_time(self.pause(request))
        await asyncio.sleep(0)
        return await super()._pass_on(request)


@asynccontextmanager
async def slow(
    domain: Domain, *, credential: Credential | None = None, manage_domains: bool = False
) -> AsyncIterator[tuple[KeystoneBackend, SlowProxy]]:
    """A connection through a proxy that is quick until it is told otherwise."""
    home = Reference(domain.id)
    manager = Password(domain.manager.name, home, domain.manager.password, DomainScope(home))
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        box = SlowProxy(domain.url.removesuffix("/v3"), client, lambda _: Purpose.READ, lambda _: None)
        box.server = ScriptedServer(box.handle)
        async with box.server:
            config = KeystoneConfig(
                url=box.url,
                domain=home,
                credential=credential or manager,
                manage_domains=manage_domains,
                timeout=30.0,
            )
            backend = open_backend(config, Surroundings(LOOPBACK))
            try:
                await backend.connect()
                box.passed.clear()
                yield backend, box
                await box.settle()
            finally:
                await backend.aclose()


def impatient(backend: KeystoneBackend, seconds: float) -> None:
    """From now on it has so many seconds for a request."""
    backend._client._transport._timeout = seconds


async def test_a_list_of_many_pages_has_four_times_that_of_a_request(paged: Domain) -> None:
    """Each page is in time, all of them are not: the rest is not asked for."""
    for number in range(26):
        paged.admin.make_project(f"p{number}", paged.id)
    async with slow(paged) as (backend, box):
        impatient(backend, 30.0)
        box.pause = lambda _: 25.0
        with pytest.raises(BackendUnavailable, match="no answer within"):
            await backend.list_projects()
        assert len(box.passed) < 6, "there are six pages"


async def test_a_change_that_takes_too_long_leaves_the_project_locked(domain: Domain) -> None:
    """What puts the lock on again has time of its own."""
    async with slow(domain) as (backend, box):
        project = await backend.create_project(ProjectContent("a", particulars=LOCKED), before_send=unchecked)
        impatient(backend, 20.0)
        pauses = iter([12.0, 12.0])
        box.passed.clear()
        box.pause = lambda _: next(pauses, 0.0)
        with pytest.raises(OutcomeUnknown, match="no answer within 20 s"):
            await backend.update_project(
                project, replace(project.content, name="b", particulars=LOCKED), before_send=unchecked
            )
        assert [one.method for one in box.passed] == ["PATCH"] * 3
        await box.settle()
        found = domain.admin.project(project.id)
        assert found is not None
        assert found.immutable
        domain.admin.edit_project(project.id, options={"immutable": False})


async def test_a_domain_that_takes_too_long_to_look_through_is_enabled_again(domain: Domain, cloud: Password) -> None:
    async with slow(domain, credential=cloud, manage_domains=True) as (backend, box):
        content = ProjectContent(f"slow-{domain.name}", particulars={"keystone.isDomain": "true"})
        made = await backend.create_project(content, before_send=unchecked)
        try:
            box.passed.clear()
            impatient(backend, 10.0)
            box.pause = lambda request: (
                20.0 if request.method == "GET" and any(one.method == "PATCH" for one in box.passed) else 0.0
            )
            with pytest.raises(BackendUnavailable, match="no answer within"):
                await backend.delete_project(made.id, before_send=unchecked)
            assert [one.method for one in box.passed] == ["GET"] * 6 + ["PATCH", "GET", "PATCH"]
            found = domain.admin.project(made.id)
            assert found is not None
            assert found.enabled
        finally:
            domain.admin.remove_domain(made.id)
