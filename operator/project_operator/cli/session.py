"""One visit to an API server: the settings that hold, the connection, and what is there when it is asked."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

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

Raw = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Session:
    """A connection to an API server, and the operator's settings as this process has them."""

    api: KubeApi
    settings: Settings
    source: str
    """Where the way to the API server came from."""


@dataclass(frozen=True, slots=True)
class BackendObject:
    """An IdentityBackend or a ClusterIdentityBackend as the API server has it."""

    resource: Resource
    raw: Raw

    @property
    def name(self) -> str:
        """As people call it: with its namespace, if it has one."""
        metadata = self.raw["metadata"]
        return "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))

    @property
    def uid(self) -> str:
        """Its uid."""
        return str(self.raw["metadata"]["uid"])

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


async def snapshot(session: Session) -> Snapshot:
    """Every Project and every backend object, in the namespaces that the settings name.

    Raises:
        ConfigurationError: our kinds are not served.
        KubeError: they could not be listed.
    """
    namespaces: Sequence[str | None] = session.settings.namespaces or (None,)
    try:
        projects = [one for namespace in namespaces for one in await session.api.list(PROJECTS, namespace)]
        own = [one for namespace in namespaces for one in await session.api.list(IDENTITY_BACKENDS, namespace)]
    except KubeNotFound as error:
        raise ConfigurationError(
            "the API server does not know our kinds; install them with: project-operator crds | "
            "kubectl apply --server-side -f -"
        ) from error
    shared = await session.api.list(CLUSTER_IDENTITY_BACKENDS) if session.settings.cluster_backends else []
    return Snapshot(
        projects=tuple(projects),
        backends=(
            *(BackendObject(IDENTITY_BACKENDS, raw) for raw in own),
            *(BackendObject(CLUSTER_IDENTITY_BACKENDS, raw) for raw in shared),
        ),
    )


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
            f"the namespace kube-system cannot be read ({error}); get the right to, or give --cluster-id"
        ) from error
    return str(raw["metadata"]["uid"])
