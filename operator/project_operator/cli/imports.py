"""`project-operator import`: writes manifests that take over what a backend has already. It only ever reads."""

import asyncio
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from project_operator.api.names import IDENTITY_BACKEND_KIND
from project_operator.api.v1alpha1.clusteridentitybackend import ClusterIdentityBackendSpec
from project_operator.api.v1alpha1.project import DeletionPolicy, ManagementPolicy, Project
from project_operator.backends import registry
from project_operator.backends.base import RemoteProject, Role, UnsupportedField
from project_operator.cli import manifests, options
from project_operator.cli.manifests import Choice, Heritage, Manifest, Names, Refused, Target
from project_operator.cli.opening import opener
from project_operator.cli.output import Format, Table, as_json, as_yaml, show
from project_operator.cli.session import BackendObject, Session, Snapshot, cluster_id, snapshot, visit
from project_operator.cli.statuses import ExitStatus
from project_operator.errors import BackendError, ConfigurationError, KubeForbidden, KubeNotFound, PermissionDenied
from project_operator.kube.resources import NAMESPACES
from project_operator.reconcile.tenancy import Tenancy, objection
from project_operator.reconcile.view import Verdict
from project_operator.runtime.backend_kinds import BACKEND_RESOURCES, parse_backend
from project_operator.runtime.connections import Connection

AT_ONCE: Final = 4
"""Reads of single projects under way at one time."""
_KINDS: Final = tuple(resource.kind for resource in BACKEND_RESOURCES.values())


@dataclass(frozen=True, slots=True)
class Offer:
    """What a backend has."""

    backend: BackendObject
    projects: tuple[RemoteProject, ...]
    obstacles: Mapping[str, str]
    """Why not, by id; of those alone that cannot be imported."""
    heritage: Heritage | None


@dataclass(frozen=True, slots=True)
class Taken:
    """What was written, and what not."""

    manifests: tuple[Manifest, ...]
    refused: tuple[Refused, ...]


@click.command("import")
@options.of_cluster
@click.option("--backend", "backend_name", metavar="NAME", required=True, help="The backend object to list.")
@click.option(
    "--backend-kind", type=click.Choice(_KINDS), default=IDENTITY_BACKEND_KIND, show_default=True, help="Its kind."
)
@click.option(
    "-n", "--namespace", metavar="NAME", required=True, help="Namespace of the Projects, and of an IdentityBackend."
)
@click.option("--id", "ids", metavar="ID", multiple=True, help="Import the project with this id; repeatable.")
@click.option(
    "--name", "patterns", metavar="PATTERN", multiple=True, help="Import those called so, such as 'team-*'; repeatable."
)
@click.option(
    "--tag",
    "tags",
    metavar="NAME[=VALUE]",
    multiple=True,
    help="Import those with this tag; repeatable, for all of them.",
)
@click.option("--all", "everything", is_flag=True, help="Import every project that can be.")
@click.option(
    "--to", "folder", metavar="FOLDER", type=click.Path(path_type=Path), help="Write a file for each, not to stdout."
)
@click.option("--overwrite", is_flag=True, help="Write over files that are there.")
@click.option(
    "--management-policy",
    type=click.Choice(
        [str(ManagementPolicy.OBSERVE), str(ManagementPolicy.MANAGE), str(ManagementPolicy.REPORT_DRIFT)]
    ),
    default=str(ManagementPolicy.OBSERVE),
    show_default=True,
    help="Policy of the Projects. With Observe, applying them writes nothing in the backend; with another, the mark.",
)
@click.option(
    "--deletion-policy",
    type=click.Choice([str(one) for one in DeletionPolicy]),
    default=str(DeletionPolicy.ORPHAN),
    show_default=True,
    help="What becomes of a project when its Project is deleted.",
)
def import_(  # noqa: PLR0913 - the options, by name
    *,
    output: Format,
    kubeconfig: Path | None,
    context: str | None,
    backend_name: str,
    backend_kind: str,
    namespace: str,
    ids: tuple[str, ...],
    patterns: tuple[str, ...],
    tags: tuple[str, ...],
    everything: bool,
    folder: Path | None,
    overwrite: bool,
    management_policy: str,
    deletion_policy: str,
) -> ExitStatus:
    """Write manifests of Projects that take over what a backend has already. Nothing is changed anywhere.

    Without --id, --name, --tag or --all it lists what there is. The manifests name each project by its id and have
    every field that the backend shows, so that applying them changes nothing in it.
    """
    choice = Choice(ids, patterns, tags, everything)
    target = Target(
        namespace, backend_kind, backend_name, ManagementPolicy(management_policy), DeletionPolicy(deletion_policy)
    )
    said = options.given(kubeconfig=kubeconfig, context=context)
    if not choice.made:
        offer = asyncio.run(_offer(said, target))
        show(output, {"projects": [_shown(one, offer.obstacles) for one in offer.projects]}, _offered(offer))
        click.echo("choose with --id, --name, --tag or --all; see: project-operator import --help", err=True)
        return ExitStatus.DONE
    taken = asyncio.run(_take(said, target, choice))
    if folder is not None:
        _write(taken, folder, overwrite=overwrite)
        show(output, {"imported": _told(taken, folder)}, _table(taken, folder))
    else:
        sys.stdout.write(_together(taken, output))
        for one in taken.refused:
            click.echo(f"skipped {one.project_id} ({one.name}): {one.why}", err=True)
    known = {one.project_id for one in taken.manifests} | {one.project_id for one in taken.refused}
    unknown = sorted(set(ids) - known)
    if unknown:
        raise ConfigurationError(
            f"--id {', '.join(unknown)}: the backend shows no such project; list them without --id"
        )
    return ExitStatus.FAILED if any(one.project_id in ids for one in taken.refused) else ExitStatus.DONE


async def _offer(said: dict[str, Any], target: Target) -> Offer:
    async with visit(**said) as session:
        seen = await snapshot(session)
        backend = _backend(seen, target)
        async with opener(session) as connections:
            connection = _usable(await connections.open(backend), backend)
            return await _listed(session, seen, backend, connection, target)


async def _take(said: dict[str, Any], target: Target, choice: Choice) -> Taken:
    async with visit(**said) as session:
        seen = await snapshot(session)
        backend = _backend(seen, target)
        async with opener(session) as connections:
            connection = _usable(await connections.open(backend), backend)
            offer = await _listed(session, seen, backend, connection, target)
            chosen = [one for one in offer.projects if choice.means(one)]
            refused = [
                Refused(one.id, one.content.name, offer.obstacles[one.id]) for one in chosen if _is_in(one, offer)
            ]
            left = [one for one in chosen if not _is_in(one, offer)]
            whole = await _read_each(connection, left)
            objections = await _objections(session, backend, connection, target)
    given = Names(set(manifests.taken_names(seen.projects, target.namespace)), offer.heritage)
    made = [manifests.manifest(one, given.give(one), target, objections) for one in whole]
    return Taken(
        tuple(one for one in made if isinstance(one, Manifest)),
        (*refused, *(one for one in made if isinstance(one, Refused))),
    )


def _is_in(project: RemoteProject, offer: Offer) -> bool:
    return project.id in offer.obstacles


def _backend(seen: Snapshot, target: Target) -> BackendObject:
    for one in seen.backends:
        metadata = one.raw["metadata"]
        here = not one.resource.namespaced or metadata.get("namespace") == target.namespace
        if here and (one.resource.kind, metadata["name"]) == (target.backend_kind, target.backend_name):
            return one
    known = ", ".join(str(one) for one in seen.backends) or "none"
    raise ConfigurationError(
        f"there is no {target.backend_kind} '{target.backend_name}' for namespace '{target.namespace}'; there are: "
        f"{known}; give --backend, --backend-kind and --namespace"
    )


def _usable(opened: Connection | Verdict, backend: BackendObject) -> Connection:
    if isinstance(opened, Verdict):
        raise BackendError(f"{backend} cannot be used: {opened.message}. {opened.reason.remedy}")
    return opened


async def _listed(
    session: Session, seen: Snapshot, backend: BackendObject, connection: Connection, target: Target
) -> Offer:
    projects = await connection.backend.list_projects()
    if not projects:
        await connection.backend.verify_read_access()
    metadata = backend.raw["metadata"]

    def same_place(raw: Mapping[str, Any]) -> bool:
        there = (raw.get("status") or {}).get("endpointID")
        ref = (raw.get("spec") or {}).get("backendRef") or {}
        return bool(there == connection.endpoint_id if there else ref.get("name") == metadata["name"])

    named = manifests.named_ids(seen.projects, same_place)
    heritage = await _heritage(session, seen, target.namespace)
    found = {one.id: why for one in projects if (why := manifests.obstacle(one, named, heritage))}
    in_order = tuple(sorted(projects, key=lambda one: (one.content.name, one.id)))
    return Offer(backend, in_order, found, heritage)


async def _heritage(session: Session, seen: Snapshot, namespace: str) -> Heritage | None:
    """None where it cannot be told which Projects are gone, or what marks were made with."""
    watched = session.settings.namespaces
    if watched and namespace not in watched:
        return None
    try:
        raw = await session.api.get(NAMESPACES, None, namespace)
        cluster = await cluster_id(session)
    except (KubeNotFound, KubeForbidden, ConfigurationError):
        return None
    here = [one["metadata"] for one in seen.projects if one["metadata"].get("namespace") == namespace]
    return Heritage(
        cluster_id=cluster,
        namespace=namespace,
        namespace_uid=str(raw["metadata"]["uid"]),
        living=frozenset(str(one["uid"]) for one in here),
        taken=frozenset(str(one["name"]) for one in here),
    )


async def _read_each(connection: Connection, chosen: list[RemoteProject]) -> list[RemoteProject]:
    """Each as a read of it alone shows it: a listing may leave out the state, and never has role assignments."""
    group_ids = await _groups(connection) if connection.capabilities.roles and chosen else frozenset()
    room = asyncio.Semaphore(AT_ONCE)
    with _progress() as progress:
        task = progress.add_task("reading projects", total=len(chosen))

        async def read(project: RemoteProject) -> RemoteProject:
            async with room:
                whole = await connection.backend.get_project(project.id, group_ids=group_ids)
            progress.advance(task)
            return whole

        return list(await asyncio.gather(*map(read, chosen)))


async def _groups(connection: Connection) -> frozenset[str]:
    """The groups whose roles are looked for; where the credential may not read groups, roles stay as they are."""
    try:
        return frozenset(group.id for group in await connection.backend.list_groups())
    except PermissionDenied as error:
        click.echo(f"roles of groups are left out, and so left as they are: {error}", err=True)
        return frozenset()


def _progress() -> Progress:
    """A bar on stderr, where somebody looks on; it leaves nothing behind."""
    err = Console(file=sys.stderr)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=err,
        transient=True,
        disable=not err.is_terminal,
    )


async def _objections(
    session: Session, backend: BackendObject, connection: Connection, target: Target
) -> manifests.Objections:
    """What the vendor cannot hold, and what the owner of a shared backend object does not allow."""
    parsed = parse_backend(backend.resource.plural, backend.raw)
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


def _write(taken: Taken, folder: Path, *, overwrite: bool) -> None:
    files = {folder / f"{one.name}.yaml": one for one in taken.manifests}
    if not overwrite and (there := [str(path) for path in files if path.exists()]):
        raise ConfigurationError(f"{', '.join(there)} would be overwritten; give --overwrite, or another folder")
    folder.mkdir(parents=True, exist_ok=True)
    for path, one in files.items():
        path.write_text(_text(one), encoding="utf-8")


def _text(one: Manifest) -> str:
    """The manifest with its notes before it."""
    return "".join(f"# {' '.join(note.split())}\n" for note in one.notes) + as_yaml(one.document)


def _together(taken: Taken, format_: Format) -> str:
    if format_ is Format.JSON:
        items = [one.document for one in taken.manifests]
        return as_json({"apiVersion": "v1", "kind": "List", "items": items})
    return "---\n".join(map(_text, taken.manifests))


def _told(taken: Taken, folder: Path) -> list[dict[str, str]]:
    written = [
        {
            "outcome": "written",
            "projectID": one.project_id,
            "name": str(one.document["spec"]["name"]),
            "file": str(folder / f"{one.name}.yaml"),
            "note": "; ".join(one.notes),
        }
        for one in taken.manifests
    ]
    skipped = [
        {"outcome": "skipped", "projectID": one.project_id, "name": one.name, "file": "", "note": one.why}
        for one in taken.refused
    ]
    return [*written, *skipped]


def _table(taken: Taken, folder: Path) -> Table:
    rows = tuple(tuple(one.values()) for one in _told(taken, folder))
    summary = f"\napply them with: kubectl apply -f {folder}" if taken.manifests else ""
    return Table(
        ("OUTCOME", "PROJECT", "NAME", "FILE", "NOTE"), rows, "the backend shows no project like that", summary
    )


def _shown(project: RemoteProject, obstacles: Mapping[str, str]) -> dict[str, Any]:
    content = project.content
    return {
        "id": project.id,
        "name": content.name,
        "provisioningStatus": str(project.provisioning_status),
        "tags": [{"name": tag.name, "value": tag.value} for tag in content.tags],
        "obstacle": obstacles.get(project.id, ""),
    }


def _offered(offer: Offer) -> Table:
    rows = tuple(
        (
            one.id,
            one.content.name,
            str(one.provisioning_status),
            ", ".join(f"{tag.name}={tag.value}" for tag in one.content.tags),
            offer.obstacles.get(one.id, ""),
        )
        for one in offer.projects
    )
    return Table(("PROJECT", "NAME", "STATE", "TAGS", "WHY NOT"), rows, f"{offer.backend} shows no project")
