"""`project-operator release`: takes the operator's finalizers off, so that its objects can go without it.

No backend is asked anything. What a Project stands for stays as it is, its mark included, which is what a later import
by id, or an operator that comes back, goes by.
"""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click

from project_operator.api.names import FINALIZER, LEASE_LABEL
from project_operator.cli import options, replicas
from project_operator.cli.held import RUNS, Held, Released, changes, held, put_on_again
from project_operator.cli.output import Format, Table, show
from project_operator.cli.progress import Advance, bar
from project_operator.cli.replicas import Look
from project_operator.cli.session import Session, visit
from project_operator.cli.statuses import ExitStatus
from project_operator.cli.stored import Raw
from project_operator.errors import (
    ConfigurationError,
    KubeConflict,
    KubeError,
    KubeForbidden,
    KubeInvalid,
    KubeNotFound,
)
from project_operator.kube.resources import (
    CLUSTER_IDENTITY_BACKENDS,
    IDENTITY_BACKENDS,
    LEASES,
    PROJECTS,
    SECRETS,
    Resource,
)
from project_operator.runtime.stored import text

ATTEMPTS: Final = 5
"""How often an object that somebody else writes to meanwhile is read again."""
AT_ONCE: Final = 8
"""Objects that are let go at one time."""
SETTLE: Final = 3.0
"""Seconds after the last patch, in which an operator that runs puts its finalizers on again: it hears of each patch at
once.
"""
_BETWEEN: Final = 0.5
_WAY_OUT: Final = (
    "Where the admission policies refuse it, take them away first: they go with `helm uninstall`, or "
    "kubectl delete -k deploy/policies"
)


@click.command
@options.of_cluster
@options.namespaces
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only show what would be released.")
def release(
    *,
    output: Format,
    kubeconfig: Path | None,
    context: str | None,
    namespaces: tuple[str, ...],
    yes: bool,
    dry_run: bool,
) -> ExitStatus:
    """Take the operator's finalizers off, for uninstalling. No project in any backend is touched.

    Projects, backend objects and Secrets stay; but those whose deletion waits go at once, without what their deletion
    policy says. End the operator first, for it puts its finalizers on again: where a replica renews its Lease nothing
    is done, and what carries a finalizer again after the last one was taken off counts as failed.
    """
    said = options.given(kubeconfig=kubeconfig, context=context, namespaces=namespaces)
    found = asyncio.run(_find(said))
    if dry_run or not found:
        return _report(output, [Released(one, "would be released", one.note) for one in found])
    before = asyncio.run(_idle(said))
    if not yes:
        # Between two visits: nothing is open while a person thinks, and Ctrl-C is heard.
        _ask(found)
    done: list[Released] = []
    try:
        done = list(asyncio.run(_release(said, found, before, done)))
    except KeyboardInterrupt:
        _report(output, done)
        click.echo(
            f"interrupted: {len(done)} of {len(found)} are told above, and some more may have been released; "
            "run it again for the rest, and to see whether it stays so",
            err=True,
        )
        raise
    return _report(output, done)


async def _find(said: dict[str, Any]) -> tuple[Held, ...]:
    async with visit(**said) as session:
        return held(await _objects(session))


async def _objects(session: Session, *, whole: bool = True) -> list[tuple[Resource, Raw]]:
    """Everything that may carry our finalizer, of Secrets and where not ``whole`` their metadata alone; Secrets that
    have lost our label as well. A kind that is not served has no objects.
    """
    namespaces: Sequence[str | None] = session.settings.namespaces or (None,)
    places = [(kind, namespace) for kind in (PROJECTS, IDENTITY_BACKENDS, SECRETS) for namespace in namespaces]
    if namespaces == (None,) and session.settings.cluster_backends:
        # One that serves many namespaces is not let go for the sake of a few.
        places.append((CLUSTER_IDENTITY_BACKENDS, None))
    found: list[tuple[Resource, Raw]] = []
    for kind, namespace in places:
        try:
            listed = await session.api.list(kind, namespace, metadata_only=kind == SECRETS or not whole)
        except KubeNotFound:
            continue
        found += ((kind, raw) for raw in listed)
    return found


async def _idle(said: dict[str, Any]) -> Look | None:
    """The replicas' Leases, which are certain to be nobody's by now; None where they may not be read.

    Raises:
        ConfigurationError: an operator is running.
    """
    async with visit(**said) as session:
        try:
            first = await _leases(session)
            if first.versions:
                names = ", ".join(sorted(first.versions))
                click.echo(f"looking for up to {first.patience:g} s whether somebody renews {names}", err=True)
            _refuse(await replicas.watched(first, lambda: _leases(session)))
        except KubeForbidden as error:
            click.echo(f"whether an operator runs is seen only afterwards, for want of a right: {error}", err=True)
            return None
        return first


async def _leases(session: Session) -> Look:
    return replicas.look(await session.api.list(LEASES, None, label_selector=LEASE_LABEL))


def _refuse(running: tuple[str, ...]) -> None:
    if running:
        raise ConfigurationError(
            f"an operator is running ({', '.join(running)}) and would put its finalizers on again; end it first: "
            "helm uninstall, or kubectl scale deployment --replicas=0"
        )


def _ask(found: tuple[Held, ...]) -> None:
    """Raises `click.Abort` for every answer but yes; `ConfigurationError` where nobody can be asked."""
    if not sys.stdin.isatty():
        raise ConfigurationError("there is nobody to ask; give --yes to go on, or --dry-run to look")
    projects = sum(one.resource == PROJECTS for one in found)
    going = sum(one.goes for one in found)
    click.echo(
        f"The finalizer {FINALIZER} goes off {len(found)} objects, {projects} of them Projects. Nothing is sent to any"
        " backend: the projects stay, with their marks.",
        err=True,
    )
    if going:
        click.echo(f"{going} of the objects are being deleted and go at once; their projects stay too.", err=True)
    click.confirm("Go on?", abort=True, err=True)


async def _release(
    said: dict[str, Any], found: tuple[Held, ...], before: Look | None, done: list[Released]
) -> tuple[Released, ...]:
    """What came of each; ``done`` grows meanwhile."""
    async with visit(**said) as session:
        # A person may have thought for long, and an operator come back.
        if before is not None:
            _refuse(replicas.renewed(before, await _leases(session)))
        with bar("releasing", len(found)) as advance:
            for kinds in ({PROJECTS}, {IDENTITY_BACKENDS, CLUSTER_IDENTITY_BACKENDS}, {SECRETS}):
                await _let_all_go(session, [one for one in found if one.resource in kinds], done, advance)
        place = {one.uid: number for number, one in enumerate(found)}
        done.sort(key=lambda one: place[one.held.uid])
        try:
            return await _look_again(session, tuple(done))
        except KubeError as error:
            note = f"released, but whether it stays so could not be looked at: {error}"
            return tuple(Released(one.held, "failed", note) if one.outcome == "released" else one for one in done)


async def _let_all_go(session: Session, found: list[Held], done: list[Released], advance: Advance) -> None:
    room = asyncio.Semaphore(AT_ONCE)

    async def let_go(one: Held) -> None:
        async with room:
            done.append(await _let_go(session, one))
        advance()

    await asyncio.gather(*map(let_go, found))


async def _look_again(session: Session, done: tuple[Released, ...]) -> tuple[Released, ...]:
    """``done``, once an operator that runs would have put its finalizers on again."""
    loop = asyncio.get_running_loop()
    ends = loop.time() + SETTLE
    while True:
        last = loop.time() >= ends
        judged = put_on_again(done, held(await _objects(session, whole=False)))
        if last or judged != done:
            return judged
        await asyncio.sleep(_BETWEEN)


async def _let_go(session: Session, one: Held) -> Released:
    try:
        return await _patched(session, one)
    except KubeNotFound:
        return Released(one, "gone")
    except (KubeForbidden, KubeInvalid) as error:
        return Released(one, "failed", f"{error}. {_WAY_OUT}")
    except KubeError as error:
        return Released(one, "failed", str(error))


async def _patched(session: Session, one: Held) -> Released:
    raw, metadata = one.raw, one.raw["metadata"]
    for _ in range(ATTEMPTS):
        current = Held(one.resource, raw)
        if FINALIZER not in (raw["metadata"].get("finalizers") or ()):
            return Released(one, "released")
        try:
            await session.api.patch(one.resource, raw, changes(current))
        except KubeConflict:
            raw = await session.api.get(one.resource, metadata.get("namespace"), metadata["name"])
            if raw["metadata"]["uid"] != metadata["uid"]:
                return Released(one, "gone", "another object has its name now")
        else:
            return Released(one, "released", current.note)
    return Released(one, "failed", f"somebody else writes to it all the time: perhaps {RUNS}")


def _report(format_: Format, done: Sequence[Released]) -> ExitStatus:
    show(format_, {"released": [_document(one) for one in done]}, _table(done))
    return ExitStatus.FAILED if any(one.outcome == "failed" for one in done) else ExitStatus.DONE


def _document(one: Released) -> dict[str, str]:
    return {
        "kind": one.held.resource.kind,
        "name": one.held.name,
        "projectID": text(one.held.raw, "status", "id"),
        "outcome": one.outcome,
        "note": one.note,
    }


def _table(done: Sequence[Released]) -> Table:
    documents = [_document(one) for one in done]
    rows = tuple((one["outcome"], one["kind"], one["name"], one["projectID"], one["note"]) for one in documents)
    return Table(("OUTCOME", "KIND", "NAME", "PROJECT", "NOTE"), rows, f"nothing carries the finalizer {FINALIZER}")
