"""`project-operator release`: takes the operator's finalizers off, so that its objects can go without it.

No backend is asked anything. What a Project stands for stays as it is, its mark included, which is what a later import
by id, or an operator that comes back, goes by.
"""

import asyncio
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from project_operator.api.names import CREDENTIALS_LABEL, FINALIZER, LEASE_LABEL
from project_operator.cli import options
from project_operator.cli.output import Format, Table, show
from project_operator.cli.session import Raw, Session, snapshot, visit
from project_operator.cli.statuses import ExitStatus
from project_operator.errors import (
    ConfigurationError,
    KubeConflict,
    KubeError,
    KubeForbidden,
    KubeInvalid,
    KubeNotFound,
)
from project_operator.kube.resources import LEASES, PROJECTS, SECRETS, Resource
from project_operator.runtime.leases.objects import Lease, LeaseKind

ATTEMPTS: Final = 5
"""How often an object that somebody else writes to meanwhile is read again."""
_WAY_OUT: Final = (
    "Where the admission policies refuse it, take them away first: they go with `helm uninstall`, or "
    "kubectl delete -k deploy/policies"
)


@dataclass(frozen=True, slots=True)
class Held:
    """An object that carries our finalizer."""

    resource: Resource
    raw: Raw

    @property
    def name(self) -> str:
        """As people call it: with its namespace, if it has one."""
        metadata = self.raw["metadata"]
        return "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))

    @property
    def goes(self) -> bool:
        """Whether it goes at once: its deletion waits for us alone."""
        metadata = self.raw["metadata"]
        return "deletionTimestamp" in metadata and list(metadata["finalizers"]) == [FINALIZER]


@dataclass(frozen=True, slots=True)
class Released:
    """What came of one."""

    held: Held
    outcome: str
    """``released``, ``would be released``, ``gone`` or ``failed``."""
    note: str = ""


def held(objects: Iterable[tuple[Resource, Raw]]) -> tuple[Held, ...]:
    """Those of ``objects`` that carry our finalizer: Projects before backend objects before Secrets, so that nothing
    goes that another still needs.
    """
    found = [Held(kind, raw) for kind, raw in objects if FINALIZER in (raw["metadata"].get("finalizers") or ())]
    order = {PROJECTS: 0, SECRETS: 2}
    return tuple(sorted(found, key=lambda one: (order.get(one.resource, 1), one.name)))


def changes(one: Held) -> dict[str, Any]:
    """The patch that lets it go: our finalizer off, everything else as it is."""
    return {"metadata": {"finalizers": [name for name in one.raw["metadata"]["finalizers"] if name != FINALIZER]}}


def running(leases: Iterable[Raw], now: float) -> tuple[str, ...]:
    """The replicas that renewed their Lease lately: an operator that runs puts its finalizers on again."""
    return tuple(
        f"{raw['metadata'].get('namespace')}/{lease.name}"
        for raw in leases
        if (lease := Lease.parse(raw)) is not None
        and lease.kind is LeaseKind.REPLICA
        and lease.holder
        and now - _renewed(raw) <= 2 * lease.duration
    )


def _renewed(raw: Mapping[str, Any]) -> float:
    try:
        return datetime.fromisoformat(raw["spec"]["renewTime"]).timestamp()
    except (KeyError, TypeError, ValueError):
        return float("-inf")


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
    policy says. End the operator first, for it would put its finalizers on again.
    """
    said = options.given(kubeconfig=kubeconfig, context=context, namespaces=namespaces)
    done = asyncio.run(_release(said, ask=not yes, dry_run=dry_run))
    show(output, {"released": [_document(one) for one in done]}, _table(done))
    return ExitStatus.FAILED if any(one.outcome == "failed" for one in done) else ExitStatus.DONE


async def _release(said: dict[str, Any], *, ask: bool, dry_run: bool) -> tuple[Released, ...]:
    async with visit(**said) as session:
        found = held(await _objects(session))
        if not found:
            return ()
        if dry_run:
            return tuple(Released(one, "would be released", _note(one)) for one in found)
        if replicas := running(await _leases(session), time.time()):
            raise ConfigurationError(
                f"an operator is running ({', '.join(replicas)}) and would put its finalizers on again; end it first: "
                "helm uninstall, or kubectl scale deployment --replicas=0"
            )
        if ask:
            await asyncio.to_thread(_ask, found)
        return tuple([await _let_go(session, one) for one in found])


async def _objects(session: Session) -> list[tuple[Resource, Raw]]:
    seen = await snapshot(session)
    selector = f"{CREDENTIALS_LABEL}=true"
    namespaces: Sequence[str | None] = session.settings.namespaces or (None,)
    secrets = [one for each in namespaces for one in await session.api.list(SECRETS, each, label_selector=selector)]
    return [
        *((PROJECTS, raw) for raw in seen.projects),
        # One that serves many namespaces is not let go for the sake of a few.
        *((one.resource, one.raw) for one in seen.backends if one.resource.namespaced or namespaces == (None,)),
        *((SECRETS, raw) for raw in secrets),
    ]


async def _leases(session: Session) -> list[Raw]:
    try:
        return list(await session.api.list(LEASES, None, label_selector=LEASE_LABEL))
    except KubeForbidden:
        return []


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


async def _let_go(session: Session, one: Held) -> Released:
    raw = one.raw
    for _ in range(ATTEMPTS):
        current = Held(one.resource, raw)
        if FINALIZER not in (raw["metadata"].get("finalizers") or ()):
            return Released(one, "released")
        try:
            await session.api.patch(one.resource, raw, changes(current))
        except KubeNotFound:
            return Released(one, "gone")
        except KubeConflict:
            metadata = one.raw["metadata"]
            try:
                raw = await session.api.get(one.resource, metadata.get("namespace"), metadata["name"])
            except KubeNotFound:
                return Released(one, "gone")
            if raw["metadata"]["uid"] != metadata["uid"]:
                return Released(one, "gone", "another object has its name now")
        except (KubeForbidden, KubeInvalid) as error:
            return Released(one, "failed", f"{error}. {_WAY_OUT}")
        except KubeError as error:
            return Released(one, "failed", str(error))
        else:
            return Released(one, "released", _note(current))
    return Released(one, "failed", "somebody else writes to it all the time; end the operator first")


def _note(one: Held) -> str:
    if one.resource != PROJECTS:
        return ""
    if not (one.raw.get("status") or {}).get("id"):
        return "it names no project yet: whether one was made for it, `project-operator orphans` tells"
    return "its deletion goes on, and its project stays" if one.goes else ""


def _document(one: Released) -> dict[str, str]:
    status = one.held.raw.get("status") or {}
    return {
        "kind": one.held.resource.kind,
        "name": one.held.name,
        "projectID": str(status.get("id") or ""),
        "outcome": one.outcome,
        "note": one.note,
    }


def _table(done: tuple[Released, ...]) -> Table:
    documents = [_document(one) for one in done]
    rows = tuple((one["outcome"], one["kind"], one["name"], one["projectID"], one["note"]) for one in documents)
    return Table(("OUTCOME", "KIND", "NAME", "PROJECT", "NOTE"), rows, f"nothing carries the finalizer {FINALIZER}")
