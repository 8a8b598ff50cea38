"""One visit to an API server: the settings that hold, the connection, and what is there when it is asked."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from project_operator.cli.stored import Raw, Stored
from project_operator.errors import ConfigurationError, KubeForbidden, KubeNotFound
from project_operator.kube.access import load_access
from project_operator.kube.api import KubeApi
from project_operator.kube.resources import (
    CLUSTER_IDENTITY_BACKENDS,
    IDENTITY_BACKENDS,
    NAMESPACES,
    PROJECTS,
    Resource,
)
from project_operator.settings import Settings, load_settings

NOT_SERVED: Final = (
    "the API server does not know our kinds; install them with: project-operator crds | "
    "kubectl apply --server-side -f -"
)
NAME_NAMESPACES: Final = (
    "name the namespaces that you may look into, with --namespace where the command has it, or with "
    "PROJECT_OPERATOR_NAMESPACES"
)


@dataclass(frozen=True, slots=True)
class Session:
    """A connection to an API server, and the operator's settings as this process has them."""

    api: KubeApi
    settings: Settings
    source: str
    """Where the way to the API server came from."""


@dataclass(frozen=True, slots=True)
class BackendObject(Stored):
    """An IdentityBackend or a ClusterIdentityBackend."""

    def __str__(self) -> str:
        return f"{self.resource.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Our objects, as one look showed them."""

    projects: tuple[Raw, ...] = ()
    backends: tuple[BackendObject, ...] = ()


@asynccontextmanager
async def visit(**overrides: Any) -> AsyncIterator[Session]:
    """A session with settings from the environment and ``overrides`` (see `settings.Settings`) before them.

    Raises:
        ConfigurationError: there is no way to the API server, or a setting does not fit.
    """
    settings = load_settings(overrides)
    access = load_access(settings.kubeconfig, settings.context)
    api = KubeApi(access)
    try:
        yield Session(api, settings, access.source)
    finally:
        await api.aclose()


async def snapshot(session: Session, namespaces: Iterable[str] = ()) -> Snapshot:
    """Every Project and every IdentityBackend: in ``namespaces``, else in those that the settings name, else in all.

    Not the ClusterIdentityBackends, which only those may list who have rights in the whole cluster (`shared_backends`).

    Raises:
        ConfigurationError: our kinds are not served.
        KubeError: they could not be listed.
    """
    places = tuple(namespaces) or session.settings.namespaces
    try:
        seen, own = await projects(session, places), await own_backends(session, places)
    except KubeForbidden as error:
        if places or error.status != HTTPStatus.FORBIDDEN:
            raise
        raise KubeForbidden(f"{error}; {NAME_NAMESPACES}", status=error.status) from error
    return Snapshot(seen, own)


async def projects(session: Session, namespaces: Sequence[str] = ()) -> tuple[Raw, ...]:
    """The Projects in ``namespaces``, else in all; raises as `snapshot` does."""
    return tuple(await _listed(session, PROJECTS, namespaces))


async def own_backends(session: Session, namespaces: Sequence[str] = ()) -> tuple[BackendObject, ...]:
    """The IdentityBackends in ``namespaces``, else in all; raises as `snapshot` does."""
    return tuple(BackendObject(IDENTITY_BACKENDS, raw) for raw in await _listed(session, IDENTITY_BACKENDS, namespaces))


async def shared_backends(session: Session) -> tuple[BackendObject, ...]:
    """The ClusterIdentityBackends, where the settings say that there are any; raises as `snapshot` does."""
    if not session.settings.cluster_backends:
        return ()
    raws = await _listed(session, CLUSTER_IDENTITY_BACKENDS, ())
    return tuple(BackendObject(CLUSTER_IDENTITY_BACKENDS, raw) for raw in raws)


async def _listed(session: Session, resource: Resource, namespaces: Sequence[str]) -> list[Raw]:
    places: Sequence[str | None] = tuple(dict.fromkeys(namespaces)) or (None,)
    try:
        return [one for namespace in places for one in await session.api.list(resource, namespace)]
    except KubeNotFound as error:
        raise ConfigurationError(NOT_SERVED) from error


async def cluster_id(session: Session) -> str:
    """What this cluster's marks are known by.

    Raises:
        ConfigurationError: it may not be read, and no setting says it.
    """
    if session.settings.cluster_id:
        return session.settings.cluster_id
    try:
        raw = await session.api.get(NAMESPACES, None, "kube-system")
    except KubeForbidden as error:
        raise ConfigurationError(
            f"the namespace kube-system cannot be read ({error}); get the right to, or give --cluster-id: what the "
            "operator has in PROJECT_OPERATOR_CLUSTER_ID, or else the uid of that namespace"
        ) from error
    return str(raw["metadata"]["uid"])
