"""`project-operator plan`: the calls that the operator would make, by the operator itself, with its hands tied.

The whole engine works on a copy of what the API server has, with the manifests laid over it (`stage`, `overlay`); what
it would write stays in the copy. Backends are read for real, and refuse every write before it is sent (`rehearsal`).
"""

import asyncio
import sys
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import click

from project_operator.api.marks import cluster_digest
from project_operator.backends import registry
from project_operator.cli import documents, options, plans, stage
from project_operator.cli.asked import say
from project_operator.cli.opening import surround
from project_operator.cli.output import Format, Table, show
from project_operator.cli.overlay import Overlay
from project_operator.cli.plans import Plan, Verdict
from project_operator.cli.rehearsal import without_writes
from project_operator.cli.session import Session, Snapshot, cluster_id, shared_backends, snapshot, visit
from project_operator.cli.stage import Name, Stage, Wishes
from project_operator.cli.statuses import ExitStatus
from project_operator.cli.stored import Raw
from project_operator.errors import ConfigurationError, KubeForbidden, KubeNotFound
from project_operator.kube.resources import CLUSTER_IDENTITY_BACKENDS, NAMESPACES, PROJECTS
from project_operator.kube.sink import identity_of
from project_operator.observability.hooks import FanOut
from project_operator.reconcile.view import Cadence, Cluster
from project_operator.runtime.clock import SystemClock
from project_operator.runtime.engine import Engine
from project_operator.runtime.leadership import Alone

QUIET_FOR: Final = 4.0
"""Seconds without any change after which what is still undecided is said to wait: longer than a backend object may be
missing before that is said."""


@click.command
@options.of_cluster
@options.namespaces
@options.cluster_id
@click.option(
    "-f",
    "--filename",
    "paths",
    metavar="PATH",
    type=click.Path(path_type=Path, allow_dash=True),
    multiple=True,
    help="Manifests to plan for: a file, a folder, or - for standard input; repeatable. Without it: every Project.",
)
@click.option("--delete", is_flag=True, help="What would happen if these Projects were deleted.")
@click.option("--exit-code", is_flag=True, help="End with 3 where calls would be made.")
@click.option(
    "--timeout", type=click.FloatRange(1, 600), default=60, show_default=True, help="Seconds to think at most."
)
def plan(  # noqa: PLR0913 - the options, by name
    *,
    output: Format,
    kubeconfig: Path | None,
    context: str | None,
    namespaces: tuple[str, ...],
    cluster_id: str | None,
    paths: tuple[Path, ...],
    delete: bool,
    exit_code: bool,
    timeout: float,
) -> ExitStatus:
    """Show the calls that would be made to the backends for Projects. Nothing is written anywhere.

    It is the operator itself that thinks: with what the API server and the backends have at this moment, and with the
    manifests as if they were applied (Projects, and the backend objects and Secrets that they need). It stops before
    the first write of each Project. Manifests without a namespace belong to the first --namespace, or to default.

    The API server is not asked whether it would take the manifests: what its admission, or the rules on fields that
    must not change, would refuse is not part of the plan; kubectl apply --dry-run=server shows that. With --namespace
    nothing else is looked at, so Projects elsewhere that name the same project are not seen.
    """
    given = documents.read(paths, stage.KINDS)
    if paths and not any(one.resource == PROJECTS for one in given):
        raise ConfigurationError(f"{', '.join(map(str, paths))}: there is no Project in it; give manifests of Projects")
    wanted = stage.wishes(given, namespaces[0] if namespaces else "default") if paths else None
    said = options.given(kubeconfig=kubeconfig, context=context, cluster_id=cluster_id)
    made = asyncio.run(_plan(said, wanted, namespaces, delete=delete, patience=timeout))
    show(output, {"plans": [_document(one) for one in made]}, _table(made))
    if any(one.verdict in {Verdict.BLOCKED, Verdict.WAITING} for one in made):
        return ExitStatus.FOUND
    return ExitStatus.FOUND if exit_code and any(one.calls for one in made) else ExitStatus.DONE


async def _plan(
    said: dict[str, Any], wanted: Wishes | None, namespaces: tuple[str, ...], *, delete: bool, patience: float
) -> tuple[Plan, ...]:
    wishes = wanted or Wishes()
    async with visit(**said) as session:
        seen = await snapshot(session, (*namespaces, *wishes.namespaces) if namespaces else ())
        if wanted is None:
            await _make_sure_of(session, namespaces, seen)
        meant = wishes.projects if wanted is not None else seen.projects
        labelled: list[Raw] = []
        if wishes.shared or stage.uses_shared(meant, session.settings.default_backend_kind):
            seen, labelled = await _with_shared(session, seen, meant)
        changed = asyncio.Event()
        set_ = Stage(Overlay(session.api, changed.set))
        everything = set_.set(seen, wishes, map(stage.name_of, meant), delete=delete)
        ran_out = None
        if set_.subjects:
            engine = await _engine(session, set_)
            for resource, raw in (*((NAMESPACES, raw) for raw in labelled), *everything):
                engine.observe(resource, None, raw)
            engine.sweep(
                PROJECTS, {identity_of(raw) for resource, raw in everything if resource == PROJECTS}, sys.maxsize
            )
            engine.start()
            try:
                async with asyncio.timeout(patience):
                    await _until_decided(set_, changed)
            except TimeoutError:
                ran_out = patience
            finally:
                await engine.stop(0)
    made = (set_.plan(name, delete=delete) for name in set_.subjects)
    told = [plans.in_words(one, ran_out=ran_out, refusals=set_.world.refusals) for one in made]
    return tuple(sorted((*told, *wishes.refused), key=lambda one: one.name))


async def _make_sure_of(session: Session, namespaces: Iterable[str], seen: Snapshot) -> None:
    """Raises `ConfigurationError` for a namespace that shows no Project, and does not exist."""
    showing = {namespace for namespace, _ in map(stage.name_of, seen.projects)}
    for namespace in namespaces:
        if namespace in showing:
            continue
        try:
            await session.api.get(NAMESPACES, None, namespace)
        except KubeNotFound as error:
            raise ConfigurationError(f"--namespace {namespace}: there is no such namespace") from error
        except KubeForbidden:
            say(f"namespace {namespace} shows no Project, and whether it exists may not be read")


async def _with_shared(session: Session, seen: Snapshot, meant: Sequence[Raw]) -> tuple[Snapshot, list[Raw]]:
    """The same with the ClusterIdentityBackends, and the labels of namespaces, which they select by; as far as these
    may be read.
    """
    try:
        shared = await shared_backends(session)
    except KubeForbidden as error:
        say(f"{CLUSTER_IDENTITY_BACKENDS.kind} objects are not seen, so what uses one waits: {error}")
        return seen, []
    labelled: list[Raw]
    try:
        labelled = list(await session.api.list(NAMESPACES))
    except KubeForbidden:
        labelled = [
            raw
            for namespace in sorted({namespace for namespace, _ in map(stage.name_of, meant)})
            if (raw := await _namespace(session, namespace)) is not None
        ]
    return Snapshot(seen.projects, (*seen.backends, *shared)), labelled


async def _namespace(session: Session, name: str) -> Raw | None:
    try:
        return await session.api.get(NAMESPACES, None, name)
    except KubeNotFound:
        return None
    except KubeForbidden as error:
        say(f"the labels of namespace {name} are not seen, so what uses a ClusterIdentityBackend there waits: {error}")
        return None


async def _engine(session: Session, set_: Stage) -> Engine:
    settings, clock = session.settings, SystemClock()
    return Engine(
        kube=set_.world,
        registry=without_writes(registry.shipped(), set_.tell),
        surround=await surround(session),
        clock=clock,
        cluster=Cluster(
            await cluster_id(session),
            restores=settings.restore,
            neighbours=frozenset(map(cluster_digest, settings.other_clusters)),
        ),
        default_backend=settings.default_backend,
        default_backend_kind=settings.default_backend_kind,
        send_validity=settings.send_validity,
        cadence=Cadence(fast=settings.poll_fastest, slow=settings.poll_slowest, resync=settings.resync_interval),
        publish=lambda _raw, _notice: None,
        hooks=FanOut(),
        workers=settings.workers,
        leadership=Alone(clock),
    )


async def _until_decided(set_: Stage, changed: asyncio.Event) -> None:
    """Return when every subject is decided, or waits for something else and nothing has changed for a while."""
    left: deque[Name] = deque()
    while True:
        changed.clear()
        while left and set_.is_decided(left[0]):
            left.popleft()
        if not left:
            left.extend(name for name in set_.subjects if not set_.is_decided(name))
        if not left:
            return
        try:
            async with asyncio.timeout(QUIET_FOR):
                await changed.wait()
        except TimeoutError:
            if set_.world.refusals or not any(map(set_.is_at_work, left)):
                return


def _document(one: Plan) -> dict[str, Any]:
    return {
        "project": one.name,
        "new": one.new,
        "verdict": str(one.verdict),
        "reason": one.reason,
        "message": one.message,
        "calls": [{"verb": call.verb, "target": call.target, "summary": call.summary} for call in one.calls],
        "drift": [dict(entry) for entry in one.drift],
    }


def _table(made: tuple[Plan, ...]) -> Table:
    rows: list[tuple[str, ...]] = []
    for one in made:
        if one.calls:
            rows += [(one.name, call.verb, call.target, call.summary) for call in one.calls]
        else:
            rows.append((one.name, str(one.verdict), "", f"{one.reason}: {one.message}" if one.reason else one.message))
    calls = sum(len(one.calls) for one in made)
    summary = f"{calls} calls for {sum(bool(one.calls) for one in made)} of {len(made)} Projects; nothing was sent"
    return Table(("PROJECT", "CALL", "TARGET", "WHAT FOR"), tuple(rows), "there is no Project to plan for", summary)
