"""`project-operator plan`: the calls that the operator would make, by the operator itself, with its hands tied.

The whole engine works on a copy of what the API server has, with the manifests laid over it (`overlay`); what it would
write stays in the copy. Backends are read for real, and refuse every write before it is sent (`rehearsal`).
"""

import asyncio
import base64
import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import click

from project_operator.api import names
from project_operator.api.marks import Mark, cluster_digest
from project_operator.backends import registry
from project_operator.backends.base import PlannedCall
from project_operator.cli import documents, options, plans
from project_operator.cli.documents import Document
from project_operator.cli.opening import surround
from project_operator.cli.output import Format, Table, show
from project_operator.cli.overlay import Overlay, being_deleted, is_held, laid_over
from project_operator.cli.plans import Plan, Verdict
from project_operator.cli.rehearsal import without_writes
from project_operator.cli.session import Raw, Session, Snapshot, cluster_id, snapshot, visit
from project_operator.cli.statuses import ExitStatus
from project_operator.errors import ConfigurationError
from project_operator.kube.resources import (
    CLUSTER_IDENTITY_BACKENDS,
    IDENTITY_BACKENDS,
    NAMESPACES,
    PROJECTS,
    SECRETS,
    Resource,
)
from project_operator.observability.hooks import FanOut
from project_operator.reconcile.view import Cadence, Cluster
from project_operator.runtime.clock import SystemClock
from project_operator.runtime.engine import Engine
from project_operator.runtime.leadership import Alone

KINDS: Final[Mapping[str, Resource]] = {
    one.kind: one for one in (PROJECTS, IDENTITY_BACKENDS, CLUSTER_IDENTITY_BACKENDS, SECRETS)
}
QUIET_FOR: Final = 4.0
"""Seconds without any change after which what is still undecided is said to wait: longer than a backend object may be
missing before that is said."""
Name = tuple[str, str]


@dataclass(slots=True)
class Stage:
    """What the operator is shown, and what it did."""

    world: Overlay
    subjects: dict[Name, Raw] = field(default_factory=dict)
    """The Projects to plan for, as they were put there."""
    new: set[Name] = field(default_factory=set)
    """Those that the API server does not have yet."""
    told: dict[Name, list[PlannedCall]] = field(default_factory=dict)
    """The writes that were about to be sent."""

    def tell(self, marks: Iterable[str], project_id: str, calls: tuple[PlannedCall, ...]) -> None:
        """See `rehearsal.Tell`."""
        uids = {mark.uid for token in marks if (mark := Mark.parse(token)) is not None}
        for name, raw in self.subjects.items():
            if raw["metadata"]["uid"] in uids or (project_id and (raw.get("status") or {}).get("id") == project_id):
                self.told.setdefault(name, []).extend(calls)

    def decided(self, name: Name) -> bool:
        """Whether nothing more is to be expected about one."""
        raw = self.world.find(PROJECTS, *name)
        return raw is None or name in self.told or plans.is_decided(raw)


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
    """
    given = documents.read(paths)
    if paths and not any(one.kind == PROJECTS.kind for one in given):
        raise ConfigurationError(f"{', '.join(map(str, paths))}: there is no Project in it; give manifests of Projects")
    said = options.given(kubeconfig=kubeconfig, context=context, cluster_id=cluster_id)
    made = asyncio.run(_plan(said, given, namespaces, delete=delete, patience=timeout))
    show(output, {"plans": [_document(one) for one in made]}, _table(made))
    if any(one.verdict in {Verdict.BLOCKED, Verdict.WAITING} for one in made):
        return ExitStatus.FOUND
    return ExitStatus.FOUND if exit_code and any(one.calls for one in made) else ExitStatus.DONE


async def _plan(
    said: dict[str, Any], given: tuple[Document, ...], namespaces: tuple[str, ...], *, delete: bool, patience: float
) -> tuple[Plan, ...]:
    async with visit(**said) as session:
        seen = await snapshot(session)
        changed = asyncio.Event()
        stage = Stage(Overlay(session.api, changed.set))
        everything = _set(stage, seen, given, namespaces, delete=delete)
        if not stage.subjects:
            return ()
        engine = await _engine(session, stage)
        for raw in await _namespaces(session):
            engine.observe(NAMESPACES, None, raw)
        for resource, raw in everything:
            engine.observe(resource, None, raw)
        engine.start()
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await _until_decided(stage, changed)
        finally:
            await engine.stop(0)
    return tuple(_told(stage, name, delete=delete) for name in sorted(stage.subjects))


def _set(
    stage: Stage, seen: Snapshot, given: tuple[Document, ...], namespaces: tuple[str, ...], *, delete: bool
) -> list[tuple[Resource, Raw]]:
    """Put everything on the stage: what is there, and what the manifests make of it. Projects that nobody asked for
    are there, so that parents, rivals and the credibility of listings are judged as they will be, and are suspended.
    """
    live = {(PROJECTS.plural, *_name(raw)): raw for raw in seen.projects}
    live |= {(one.resource.plural, *_name(one.raw)): one.raw for one in seen.backends}
    wanted: dict[tuple[str, str, str], Raw] = {}
    for document in given:
        resource = KINDS.get(document.kind)
        if resource is None or not str(document.raw.get("apiVersion") or "").startswith((names.GROUP, "v1")):
            continue
        raw = _as_applied(document.raw, resource, namespaces)
        place = (resource.plural, *_name(raw))
        wanted[place] = laid_over(live.get(place), raw)
    put: list[tuple[Resource, Raw]] = []
    for place, raw in (live | wanted).items():
        resource = next(one for one in KINDS.values() if one.plural == place[0])
        if resource != PROJECTS:
            put.append((resource, stage.world.put(resource, raw)))
            continue
        name = (place[1], place[2])
        asked = place in wanted if given else not namespaces or name[0] in namespaces
        put.append((PROJECTS, _put_project(stage, name, raw, new=place not in live, asked=asked, delete=delete)))
    return put


def _put_project(stage: Stage, name: Name, raw: Raw, *, new: bool, asked: bool, delete: bool) -> Raw:
    idle = {**raw, "spec": {**(raw.get("spec") or {}), "suspend": True}}
    if not asked:
        return stage.world.put(PROJECTS, idle)
    if not delete and "deletionTimestamp" not in raw["metadata"]:
        shown = plans.rehearsed_as(raw)
    else:
        # Without the operator's finalizer it goes without the operator.
        shown = being_deleted(raw) if is_held(raw) else idle
    put = stage.world.put(PROJECTS, shown)
    stage.subjects[name] = put
    if new:
        stage.new.add(name)
    return put


def _as_applied(raw: Raw, resource: Resource, namespaces: tuple[str, ...]) -> Raw:
    """In the namespace that kubectl would put it in."""
    metadata = dict(raw["metadata"])
    if resource.namespaced:
        metadata.setdefault("namespace", namespaces[0] if namespaces else "default")
    if resource == SECRETS:
        from_text = {key: _encoded(value) for key, value in (raw.get("stringData") or {}).items()}
        raw = {**raw, "data": {**(raw.get("data") or {}), **from_text}}
    return {**raw, "metadata": metadata}


def _encoded(value: Any) -> str:
    return base64.b64encode(str(value).encode()).decode("ascii")


async def _namespaces(session: Session) -> list[Raw]:
    """Their labels, which a shared backend object selects by."""
    return list(await session.api.list(NAMESPACES)) if session.settings.cluster_backends else []


async def _engine(session: Session, stage: Stage) -> Engine:
    settings, clock = session.settings, SystemClock()
    return Engine(
        kube=stage.world,
        registry=without_writes(registry.shipped(), stage.tell),
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


async def _until_decided(stage: Stage, changed: asyncio.Event) -> None:
    """Return when every subject is decided, or nothing has changed for a while."""
    while True:
        changed.clear()
        if all(stage.decided(name) for name in stage.subjects):
            return
        try:
            async with asyncio.timeout(QUIET_FOR):
                await changed.wait()
        except TimeoutError:
            return


def _told(stage: Stage, name: Name, *, delete: bool) -> Plan:
    raw = stage.subjects[name]
    last = stage.world.find(PROJECTS, *name)
    if delete or "deletionTimestamp" in raw["metadata"]:
        return plans.deletion_of(raw, last if is_held(raw) else None, stage.told.get(name, ()))
    return plans.plan_of(last or raw, new=name in stage.new)


def _name(raw: Raw) -> Name:
    return raw["metadata"].get("namespace") or "", raw["metadata"]["name"]


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
    summary = f"\n{calls} calls for {sum(bool(one.calls) for one in made)} of {len(made)} Projects; nothing was sent"
    return Table(("PROJECT", "CALL", "TARGET", "WHAT FOR"), tuple(rows), "there is no Project to plan for", summary)
