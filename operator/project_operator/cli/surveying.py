"""Goes round clusters for `orphans`: what their backend objects are shown, and which Projects there are."""

import asyncio
from collections.abc import Container, Iterable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Final

from project_operator.api.durations import parse_duration
from project_operator.api.names import ACCEPT_ABSENCE_ANNOTATION
from project_operator.backends.base import Backend
from project_operator.backends.otc.sightings import BELIEVED_FOR
from project_operator.cli.opening import Opener, opener
from project_operator.cli.session import (
    BackendObject,
    Session,
    cluster_id,
    own_backends,
    shared_backends,
    visit,
)
from project_operator.cli.strays import Cluster, Listing
from project_operator.errors import BackendError, ConfigurationError, KubeError, KubeForbidden
from project_operator.kube.resources import PROJECTS
from project_operator.reconcile.view import Verdict
from project_operator.runtime.backend_kinds import parse_backend
from project_operator.settings import Settings, load_settings

AT_ONCE: Final = 8
"""Backend objects that are listed at one time."""
HERE: Final = "this cluster"
_EVERYWHERE: Final[Mapping[str, Any]] = {"namespaces": (), "cluster_backends": True}
"""Whatever the operator looks after: a mark may be of any Project."""
_MAY_LIST: Final = (
    "ask as somebody who may list Projects and backend objects in all namespaces, or what belongs to those of others "
    "would be called left over"
)


@dataclass(frozen=True, slots=True)
class NotAsked:
    """A backend object, or some Projects, of which nothing can be said."""

    subject: str
    why: str
    failed: bool = True
    """Whether it was to be asked."""


@dataclass(frozen=True, slots=True)
class Site:
    """A cluster while it is being visited."""

    name: str
    session: Session
    connections: Opener
    backends: tuple[BackendObject, ...]

    def called(self, backend: BackendObject) -> str:
        """A backend object as people call it among those of several clusters."""
        return str(backend) if self.name == HERE else f"{backend}, {self.name}"


@dataclass(frozen=True, slots=True)
class Listed:
    """What a backend object was shown, and the backend to ask more of."""

    listing: Listing
    backend: Backend


async def arrive(stack: AsyncExitStack, said: Mapping[str, Any], other: tuple[str, str] | None = None) -> Site:
    """Begin to visit the cluster that ``said`` leads to, or of ``other``: a context of the same kubeconfig, and the id
    of that cluster, "" where it is kube-system's uid. It ends with ``stack``.

    Raises:
        ConfigurationError: there is no way to it.
        KubeError: it did not answer.
    """
    overrides = dict(said)
    if other is not None:
        # What this cluster is called by a setting is not what another is called.
        overrides = {name: value for name, value in said.items() if name == "kubeconfig"}
        overrides |= {"context": other[0], "cluster_id": other[1]}
    session = await stack.enter_async_context(visit(**overrides, **_EVERYWHERE))
    connections = await stack.enter_async_context(opener(session))
    name = other[0] if other is not None else HERE
    try:
        return Site(name, session, connections, (*await own_backends(session), *await _shared(session)))
    except KubeForbidden as error:
        raise KubeForbidden(f"{name}: {error.__cause__ or error}; {_MAY_LIST}") from error


async def _shared(session: Session) -> tuple[BackendObject, ...]:
    """None where this kind alone is not served."""
    try:
        return await shared_backends(session)
    except ConfigurationError:
        return ()


def left_out(site: Site, said: Mapping[str, Any]) -> dict[str, NotAsked]:
    """The backend objects of this cluster that the operator's settings leave out, by uid, and which these say so."""
    settings: Settings = load_settings(said)
    return {
        one.uid: NotAsked(site.called(one), why, failed=False)
        for one in site.backends
        if (why := _objection(one, settings))
    }


def _objection(backend: BackendObject, settings: Settings) -> str:
    if not backend.resource.namespaced:
        return "" if settings.cluster_backends else "PROJECT_OPERATOR_CLUSTER_BACKENDS says that there are none"
    watched = settings.namespaces
    if not watched or backend.raw["metadata"].get("namespace") in watched:
        return ""
    return "its namespace is none of PROJECT_OPERATOR_NAMESPACES"


async def listings(sites: Iterable[Site], without: Container[str]) -> tuple[list[Listed], list[NotAsked]]:
    """What every backend object is shown, of this cluster but those ``without`` (their uids); and those that cannot be
    asked.
    """
    room = asyncio.Semaphore(AT_ONCE)

    async def ask(site: Site, backend: BackendObject) -> Listed | NotAsked:
        async with room:
            return await _list(site, backend)

    to_ask = [(site, one) for site in sites for one in site.backends if not (site.name == HERE and one.uid in without)]
    answers = await asyncio.gather(*(ask(*one) for one in to_ask))
    return (
        [one for one in answers if isinstance(one, Listed)],
        [one for one in answers if isinstance(one, NotAsked)],
    )


async def _list(site: Site, backend: BackendObject) -> Listed | NotAsked:
    called = site.called(backend)
    try:
        opened = await site.connections.open(backend)
        if isinstance(opened, Verdict):
            return NotAsked(called, f"{opened.reason}: {opened.message}")
        projects = await opened.backend.list_projects()
    except (BackendError, KubeError) as error:
        return NotAsked(called, str(error))
    listing = Listing(
        backend=called,
        cluster=site.name,
        uid=backend.uid,
        endpoint_id=opened.endpoint_id,
        projects=projects,
        lag=_lag(backend),
        accepted=_accepted(backend),
    )
    return Listed(listing, opened.backend)


def _lag(backend: BackendObject) -> float:
    """Seconds after which a read shows a write, of an object that was opened."""
    spec = parse_backend(backend.resource.plural, backend.raw).spec
    lag = parse_duration(spec.consistency.read_lag).total_seconds()
    # There a not-found proves nothing for longer than that, whatever the object says (T8-7).
    return max(lag, BELIEVED_FOR) if spec.open_telekom_cloud is not None else lag


def _accepted(backend: BackendObject) -> int:
    said = (backend.raw["metadata"].get("annotations") or {}).get(ACCEPT_ABSENCE_ANNOTATION, "")
    return int(said) if said.isdecimal() else 0


async def clusters(sites: Iterable[Site]) -> tuple[Cluster, ...]:
    """The Projects of each, all of them, whichever namespaces the settings name: a project of one that is not seen
    would look left over.

    Raises:
        KubeError: they could not be listed.
    """
    return tuple([await _cluster(site) for site in sites])


async def _cluster(site: Site) -> Cluster:
    try:
        projects = await site.session.api.list(PROJECTS)
        return Cluster(site.name, await cluster_id(site.session), tuple(projects))
    except KubeForbidden as error:
        raise KubeForbidden(f"{site.name}: {error}; {_MAY_LIST}") from error
