"""`project-operator orphans`: what carries our mark and has no Project, and what a Project names and is gone."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from project_operator.api.marks import cluster_digest
from project_operator.cli import absences, options, strays, surveying
from project_operator.cli.confirming import Reading
from project_operator.cli.output import Format, Table, show
from project_operator.cli.statuses import ExitStatus
from project_operator.cli.strays import Known, Stray
from project_operator.cli.surveying import NotAsked, Site
from project_operator.errors import KubeError


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of a look."""

    found: tuple[Stray, ...]
    not_asked: tuple[NotAsked, ...]
    asked: int
    """How many backend objects."""


def _clusters(_ctx: click.Context, _option: click.Parameter, said: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Contexts, each once, and the ids of their clusters, "" where they go by kube-system's uid."""
    named: dict[str, str] = {}
    for one in said:
        name, equals, cluster_id = one.rpartition("=") if "=" in one else (one, "", "")
        if not name or (equals and not cluster_id):
            raise click.BadParameter(f"'{one}' is neither NAME nor NAME=CLUSTERID")
        named[name] = cluster_id
    return tuple(named.items())


@click.command
@options.of_cluster
@options.cluster_id
@click.option(
    "--also-context",
    "also",
    metavar="NAME[=CLUSTERID]",
    multiple=True,
    callback=_clusters,
    help="Another cluster that uses the same backends, by its context, and its release's clusterID; repeatable.",
)
@click.option("--exit-code", is_flag=True, help="End with 3 where something is found.")
def orphans(
    *,
    output: Format,
    kubeconfig: Path | None,
    context: str | None,
    cluster_id: str | None,
    also: tuple[tuple[str, str], ...],
    exit_code: bool,
) -> ExitStatus:
    """Show what carries the operator's mark and has no Project, and what a Project names and is gone.

    Every backend object of the clusters that are looked at is asked, and nothing is written. Give --cluster-id where
    the release has a clusterID: a mark says which cluster it is of, and those of others cannot be judged, so name them
    all. Ids of clusters that live on beside this one and are none of its business stand in
    PROJECT_OPERATOR_OTHER_CLUSTERS.

    A project counts as gone where the backend object that its Project was made with has said so twice, the second time
    after readLag; and not where many have vanished at once. What could not be asked is listed (notAsked).
    """
    said = options.given(kubeconfig=kubeconfig, context=context, cluster_id=cluster_id)
    looked = asyncio.run(_look(said, also))
    not_asked = {one.subject: one.why for one in looked.not_asked}
    show(output, {"orphans": [_document(one) for one in looked.found], "notAsked": not_asked}, _table(looked))
    for name, why in not_asked.items():
        click.echo(f"not asked or not judged: {name}: {why}", err=True)
    if any(one.failed for one in looked.not_asked):
        return ExitStatus.FAILED
    return ExitStatus.FOUND if looked.found and exit_code else ExitStatus.DONE


async def _look(said: Mapping[str, Any], also: Sequence[tuple[str, str]]) -> Looked:
    async with AsyncExitStack() as stack:
        here = await surveying.arrive(stack, said)
        sites = (here, *[await _arrive(stack, said, other) for other in also])
        neighbours = frozenset(map(cluster_digest, here.session.settings.other_clusters))
        omitted = surveying.left_out(here, said)
        # The backends first: what is made from now on is in neither, and what is there has its Project by then.
        listed, failed = await surveying.listings(sites, omitted)
        clusters = await surveying.clusters(sites)
        seen_at = asyncio.get_running_loop().time()
        listings = {one.listing.backend: one.listing for one in listed}
        known = Known.of(clusters, listings.values(), neighbours)
        reading = Reading({one.listing.backend: one.backend for one in listed}, _say)
        found = await reading.still_so(strays.marked(listings.values(), known), listings, known)
        lacking = absences.lacking(listings.values(), clusters)
        gone = await reading.gone(lacking.unshown, lacking.unproven, after=seen_at)
        if gone:
            gone = absences.still_named(gone, await surveying.clusters(sites))
    not_told = {(site.name, one.uid) for site in sites for one in site.backends} - {
        (one.cluster, one.uid) for one in listings.values()
    }
    unjudged = absences.unjudged(clusters, listings.values(), not_told)
    told = {**dict(lacking.disbelieved), **reading.failures, **unjudged}
    return Looked(
        (*found, *lacking.hidden, *(one.gone for one in gone)),
        (*omitted.values(), *failed, *(NotAsked(subject, why) for subject, why in told.items())),
        len(listings),
    )


async def _arrive(stack: AsyncExitStack, said: Mapping[str, Any], other: tuple[str, str]) -> Site:
    try:
        return await surveying.arrive(stack, said, other)
    except KubeError as error:
        raise type(error)(f"--also-context {other[0]}: {error}", status=error.status) from error


def _say(text: str) -> None:
    click.echo(text, err=True)


def _document(one: Stray) -> dict[str, str]:
    return {
        "kind": str(one.kind),
        "backend": one.backend,
        "projectID": one.project_id,
        "name": one.name,
        "owner": one.owner,
        "remedy": one.remedy,
    }


def _table(looked: Looked) -> Table:
    rows = tuple((str(one.kind), one.project_id, one.name, one.owner, one.backend, one.remedy) for one in looked.found)
    columns = ("WHAT", "PROJECT", "NAME", "OWNER", "BACKEND", "WHAT TO DO")
    if looked.not_asked:
        left = f"{len(looked.not_asked)} could not be asked or judged; stderr names them"
        return Table(columns, rows, f"nothing was found at what was asked; {left}", f"\nthis is not all: {left}")
    if not looked.asked:
        return Table(columns, rows, "there is no backend object to ask")
    return Table(columns, rows, "every mark has its Project, and every Project its project")
