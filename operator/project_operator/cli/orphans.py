"""`project-operator orphans`: what carries our mark and has no Project, and what a Project names and is gone."""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from project_operator.api.marks import cluster_digest
from project_operator.backends.base import RemoteProject
from project_operator.cli import options, strays
from project_operator.cli.opening import Opener, opener
from project_operator.cli.output import Format, Table, show
from project_operator.cli.session import BackendObject, Raw, Session, cluster_id, snapshot, visit
from project_operator.cli.statuses import ExitStatus
from project_operator.cli.strays import Cluster, Stray
from project_operator.errors import BackendError, KubeError, KubeForbidden, ProjectNotFound
from project_operator.kube.resources import PROJECTS
from project_operator.reconcile.view import Verdict
from project_operator.runtime.connections import Connection


@dataclass(frozen=True, slots=True)
class Listed:
    """What a backend has."""

    backend: BackendObject
    opened: Connection
    projects: tuple[RemoteProject, ...]


@click.command
@options.of_cluster
@options.cluster_id
@click.option(
    "--also-context",
    "also",
    metavar="NAME",
    multiple=True,
    help="Another cluster that uses the same backends, by its context; repeatable.",
)
@click.option("--exit-code", is_flag=True, help="End with 3 where something is found.")
def orphans(
    *,
    output: Format,
    kubeconfig: Path | None,
    context: str | None,
    cluster_id: str | None,
    also: tuple[str, ...],
    exit_code: bool,
) -> ExitStatus:
    """Show what carries the operator's mark and has no Project, and what a Project names and is gone.

    Every backend object of the cluster is asked, and nothing is written. A mark says which cluster it is of; those of
    clusters that are not looked at cannot be judged, so name them all. Ids of clusters that live on beside this one and
    are none of its business stand in PROJECT_OPERATOR_OTHER_CLUSTERS.
    """
    said = options.given(kubeconfig=kubeconfig, context=context, cluster_id=cluster_id)
    found, failures = asyncio.run(_look(said, also))
    show(output, {"orphans": [_document(one) for one in found], "notAsked": failures}, _table(found))
    for name, why in failures.items():
        click.echo(f"{name} could not be asked: {why}", err=True)
    if failures:
        return ExitStatus.FAILED
    return ExitStatus.FOUND if found and exit_code else ExitStatus.DONE


async def _look(said: dict[str, Any], also: tuple[str, ...]) -> tuple[tuple[Stray, ...], dict[str, str]]:
    async with visit(**said) as session:
        seen = await snapshot(session)
        neighbours = frozenset(map(cluster_digest, session.settings.other_clusters))
        async with opener(session) as connections:
            # The backends first: what is made from now on is in neither, and what is there has its Project by then.
            lists = await asyncio.gather(*(_list(connections, backend) for backend in seen.backends))
            own = Cluster(said.get("context") or "this cluster", await cluster_id(session), await _projects(session))
            clusters = (own, *[await _other(said, context) for context in also])
            answers = await asyncio.gather(*(_judge(one, clusters, neighbours) for one in lists))
    failures = {str(one): answer for one, answer in zip(seen.backends, answers, strict=True) if isinstance(answer, str)}
    found = [stray for answer in answers if not isinstance(answer, str) for stray in answer]
    # Two backend objects may lead to one place.
    once = {(one.kind, one.project_id, one.owner): one for one in reversed(found)}
    return tuple(reversed(once.values())), failures


async def _other(said: dict[str, Any], context: str) -> Cluster:
    there = {name: value for name, value in said.items() if name == "kubeconfig"} | {"context": context}
    # What this cluster is called by a setting is not what another is called.
    async with visit(**there, cluster_id="") as session:
        return Cluster(context, await cluster_id(session), await _projects(session))


async def _projects(session: Session) -> tuple[Raw, ...]:
    """All of them, whichever namespaces the settings name: a project of one that is not seen would look left over."""
    try:
        return tuple(await session.api.list(PROJECTS))
    except KubeForbidden as error:
        raise KubeForbidden(
            f"{error}; ask as somebody who may list the Projects of all namespaces, or what belongs to those of others "
            "would be called left over"
        ) from error


async def _list(connections: Opener, backend: BackendObject) -> Listed | str:
    """What a backend has, or why it cannot be asked."""
    try:
        opened = await connections.open(backend)
        if isinstance(opened, Verdict):
            return f"{opened.reason}: {opened.message}"
        return Listed(backend, opened, await opened.backend.list_projects())
    except (BackendError, KubeError) as error:
        return str(error)


async def _judge(
    listed: Listed | str, clusters: tuple[Cluster, ...], neighbours: frozenset[str]
) -> tuple[Stray, ...] | str:
    if isinstance(listed, str):
        return listed
    try:
        found = strays.marked(str(listed.backend), listed.projects, clusters, neighbours)
        confirmed = [one for one in found if await _is_still_so(listed, one)]
        for cluster in clusters:
            confirmed += await _gone(listed, cluster)
    except BackendError as error:
        return str(error)
    return tuple(confirmed)


async def _is_still_so(listed: Listed, stray: Stray) -> bool:
    """Whether the project is there, with the mark that was listed: what ended meanwhile took its project along."""
    (before,) = [one for one in listed.projects if one.id == stray.project_id]
    try:
        now = await listed.opened.backend.get_project(stray.project_id)
    except ProjectNotFound:
        return False
    return not now.deleting and now.content.mark == before.content.mark


async def _gone(listed: Listed, cluster: Cluster) -> list[Stray]:
    """Only the vendor's word for the very id is absence, from a credential that reads something (promise I4)."""
    absent = strays.missing(cluster, listed.opened.endpoint_id, listed.projects)
    if absent and not listed.projects:
        await listed.opened.backend.verify_read_access()
    found = []
    for raw, project_id in absent:
        try:
            await listed.opened.backend.get_project(project_id)
        except ProjectNotFound:
            found.append(strays.gone(str(listed.backend), cluster, raw, project_id))
    return found


def _document(one: Stray) -> dict[str, str]:
    return {
        "kind": str(one.kind),
        "backend": one.backend,
        "projectID": one.project_id,
        "name": one.name,
        "owner": one.owner,
        "remedy": one.remedy,
    }


def _table(found: tuple[Stray, ...]) -> Table:
    rows = tuple((str(one.kind), one.project_id, one.name, one.owner, one.backend, one.remedy) for one in found)
    columns = ("WHAT", "PROJECT", "NAME", "OWNER", "BACKEND", "WHAT TO DO")
    return Table(columns, rows, "every mark has its Project, and every Project its project")
