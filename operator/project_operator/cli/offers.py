"""What a backend has, as far as it may be imported, and what is taken of it. It only ever reads."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from project_operator.api.v1alpha1.clusteridentitybackend import ClusterIdentityBackendSpec
from project_operator.api.v1alpha1.project import Project
from project_operator.backends import registry
from project_operator.backends.base import RemoteProject, Role, UnsupportedField
from project_operator.cli import manifests
from project_operator.cli.asked import say
from project_operator.cli.claims import Claims, claims, taken_names
from project_operator.cli.manifests import Choice, Heritage, Manifest, Names, Objections, Refused, Target
from project_operator.cli.opening import Opens
from project_operator.cli.progress import bar
from project_operator.cli.session import (
    BackendObject,
    Session,
    cluster_id,
    own_backends,
    projects,
    shared_backends,
)
from project_operator.cli.stored import Raw
from project_operator.errors import (
    BackendError,
    ConfigurationError,
    KubeForbidden,
    KubeNotFound,
    PermissionDenied,
    ProjectNotFound,
)
from project_operator.kube.resources import NAMESPACES
from project_operator.reconcile.tenancy import Tenancy, objection
from project_operator.reconcile.view import Verdict
from project_operator.runtime.backend_kinds import BACKEND_RESOURCES, backend_place, parse_backend
from project_operator.runtime.connections import Connection

AT_ONCE: Final = 4
"""Reads of single projects under way at one time."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a backend has."""

    backend: BackendObject
    connection: Connection
    projects: tuple[RemoteProject, ...]
    claims: Claims
    heritage: Heritage | None
    taken_names: AbstractSet[str]
    """Of Projects in the namespace of the target."""

    @property
    def obstacles(self) -> Mapping[str, str]:
        """Why not, by id; of those alone that cannot be imported."""
        found = ((one.id, manifests.obstacle(one, self.claims, self.heritage)) for one in self.projects)
        return {project_id: why for project_id, why in found if why}


@dataclass(frozen=True, slots=True)
class Taken:
    """What manifests were made of, and what not."""

    backend: str
    manifests: tuple[Manifest, ...] = ()
    refused: tuple[Refused, ...] = ()


async def look(session: Session, connections: Opens, target: Target) -> Offer:
    """What the backend of ``target`` has.

    Raises:
        ConfigurationError: there is no such backend object, or our kinds are not served.
        BackendError: the backend cannot be used.
        KubeError: what has to be known may not be read.
    """
    backend = await _backend(session, target)
    opened = await connections.open(backend)
    if isinstance(opened, Verdict):
        raise BackendError(f"{backend} cannot be used: {opened.message}. {opened.reason.remedy}")
    listed = await opened.backend.list_projects()
    if not listed:
        await opened.backend.verify_read_access()
    # The Projects after that: whatever carries a mark by now has its Project among them.
    known = await _projects(session, target.namespace)
    settings = session.settings
    place = backend_place(target.backend_kind, target.backend_name, target.namespace)
    default = (settings.default_backend_kind, settings.default_backend)
    return Offer(
        backend=backend,
        connection=opened,
        projects=tuple(sorted(listed, key=lambda one: (one.content.name, one.id))),
        claims=claims(known, opened.endpoint_id, place, default),
        heritage=await _heritage(session, known, target.namespace),
        taken_names=taken_names(known, target.namespace),
    )


async def take(session: Session, connections: Opens, target: Target, choice: Choice) -> Taken:
    """Manifests of what ``choice`` means; raises as `look` does."""
    offer = await look(session, connections, target)
    obstacles = offer.obstacles
    chosen = [one for one in offer.projects if choice.means(one)]
    refused = [Refused(one.id, one.content.name, obstacles[one.id]) for one in chosen if one.id in obstacles]
    whole = await _read_each(offer, [one for one in chosen if one.id not in obstacles])
    objections = await _objections(session, offer, target)
    given = Names(set(offer.taken_names), offer.heritage)
    made = [
        one if isinstance(one, Refused) else manifests.manifest(one, given.give(one), target, objections)
        for one in whole
    ]
    return Taken(
        str(offer.backend),
        tuple(one for one in made if isinstance(one, Manifest)),
        (*refused, *(one for one in made if isinstance(one, Refused))),
    )


async def _backend(session: Session, target: Target) -> BackendObject:
    resource = next(one for one in BACKEND_RESOURCES.values() if one.kind == target.backend_kind)
    namespace = target.namespace if resource.namespaced else None
    try:
        return BackendObject(resource, await session.api.get(resource, namespace, target.backend_name))
    except KubeNotFound as error:
        known = ", ".join(map(str, await _backends(session, target.namespace))) or "none"
        raise ConfigurationError(
            f"there is no {target.backend_kind} '{target.backend_name}' for namespace '{target.namespace}'; there are: "
            f"{known}; give --backend, --backend-kind and --namespace"
        ) from error


async def _backends(session: Session, namespace: str) -> Sequence[BackendObject]:
    own = await own_backends(session, (namespace,))
    try:
        return (*own, *await shared_backends(session))
    except KubeForbidden:
        return own


async def _projects(session: Session, namespace: str) -> tuple[Raw, ...]:
    """Those of all namespaces, whoever asks: what one of them names is not to be imported once more."""
    watched = session.settings.namespaces
    try:
        return await projects(session, (*watched, namespace) if watched else ())
    except KubeForbidden as error:
        say(f"Projects of other namespaces are not seen, so what one of them names is not told apart: {error}")
        return await projects(session, (namespace,))


async def _heritage(session: Session, known: Iterable[Raw], namespace: str) -> Heritage | None:
    """None where it cannot be told which Projects are gone, or what marks were made with."""
    watched = session.settings.namespaces
    if watched and namespace not in watched:
        return None
    try:
        raw = await session.api.get(NAMESPACES, None, namespace)
        cluster = await cluster_id(session)
    except (KubeNotFound, KubeForbidden, ConfigurationError):
        return None
    here = [one["metadata"] for one in known if one["metadata"].get("namespace") == namespace]
    return Heritage(
        cluster_id=cluster,
        namespace=namespace,
        namespace_uid=str(raw["metadata"]["uid"]),
        living=frozenset(str(one["uid"]) for one in here),
        taken=frozenset(str(one["name"]) for one in here),
    )


async def _read_each(offer: Offer, chosen: list[RemoteProject]) -> list[RemoteProject | Refused]:
    """Each as a read of it alone shows it: a listing may leave out the state, and never has role assignments. What
    cannot be read does not keep the others from it.
    """
    connection = offer.connection
    group_ids = await _groups(connection) if connection.capabilities.roles and chosen else frozenset()
    room = asyncio.Semaphore(AT_ONCE)

    async def read(listed: RemoteProject) -> RemoteProject | Refused:
        async with room:
            found = await _read(offer, listed, group_ids)
        advance()
        return found

    with bar("reading projects", len(chosen)) as advance:
        return list(await asyncio.gather(*map(read, chosen)))


async def _read(offer: Offer, listed: RemoteProject, group_ids: frozenset[str]) -> RemoteProject | Refused:
    project_id, name = listed.id, listed.content.name
    try:
        whole = await offer.connection.backend.get_project(project_id, group_ids=group_ids)
    except ProjectNotFound:
        return Refused(project_id, name, "it was there a moment ago, and is gone")
    except BackendError as error:
        return Refused(project_id, name, f"it could not be read: {error}", failed=True)
    why = manifests.obstacle_since(listed, whole, offer.claims, offer.heritage)
    return Refused(project_id, name, why) if why else whole


async def _groups(connection: Connection) -> frozenset[str]:
    """The groups whose roles are looked for; where the credential may not read groups, roles stay as they are."""
    try:
        return frozenset(group.id for group in await connection.backend.list_groups())
    except PermissionDenied as error:
        say(f"roles of groups are left out, and so left as they are: {error}")
        return frozenset()


async def _objections(session: Session, offer: Offer, target: Target) -> Objections:
    """What the vendor cannot hold, and what the owner of a shared backend object does not allow."""
    connection = offer.connection
    parsed = parse_backend(offer.backend.resource.plural, offer.backend.raw)
    vendor = registry.shipped().vendor_of(parsed.spec)
    organization = connection.facts.organization_id
    rules: Tenancy | None = None
    roles: tuple[Role, ...] = ()
    if isinstance(parsed.spec, ClusterIdentityBackendSpec):
        labels = await _labels(session, target.namespace)
        rules = Tenancy.of(parsed.spec, name=target.backend_name, namespace=target.namespace, labels=labels)
        if connection.capabilities.roles:
            roles = await connection.backend.list_roles()

    def against(project: Project) -> Iterable[UnsupportedField]:
        yield from vendor.unsupported(project.spec, name=project.remote_name, deletion_policy=target.deletion_policy)
        yield from vendor.unsupported_here(project.spec, parsed.spec, organization)
        if rules is None:
            return
        policy = str(target.deletion_policy)
        found = objection(rules, project, deletion_policy=policy, own_domain=organization, roles=roles)
        if found is not None:
            yield UnsupportedField(found.field, f"is not permitted: {found.rule}")

    return against


async def _labels(session: Session, namespace: str) -> Mapping[str, str] | None:
    try:
        raw = await session.api.get(NAMESPACES, None, namespace)
    except (KubeNotFound, KubeForbidden):
        return None
    return raw["metadata"].get("labels") or {}
