"""`project-operator doctor`: looks for what is wrong, and says what to do about it."""

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import click

from project_operator.api.crd import crd_name
from project_operator.api.kinds import KINDS
from project_operator.cli import findings, options
from project_operator.cli.findings import Credential, Finding, Level
from project_operator.cli.opening import Opens, opener, vendor_of
from project_operator.cli.output import Format, Table, show
from project_operator.cli.rights import Place, Right, rights_needed
from project_operator.cli.session import BackendObject, Session, own_backends, projects, shared_backends, visit
from project_operator.cli.statuses import ExitStatus
from project_operator.errors import BackendError, ConfigurationError, KubeError, KubeNotFound
from project_operator.kube.resources import (
    CLUSTER_IDENTITY_BACKENDS,
    DEFINITIONS,
    IDENTITY_BACKENDS,
    LEASES,
    Resource,
)
from project_operator.reconcile.absorb import reason_for
from project_operator.reconcile.view import Verdict
from project_operator.runtime.connections import Connection
from project_operator.runtime.leases.objects import Lease
from project_operator.settings import Settings

SELF_SUBJECT_REVIEWS: Final = Resource(
    "authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", namespaced=False
)
SELF_SUBJECT_ACCESS_REVIEWS: Final = Resource(
    "authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", namespaced=False
)
SUBJECT_ACCESS_REVIEWS: Final = Resource(
    "authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", namespaced=False
)
"""What the API server answers when it is asked to review something; it keeps none of them."""

AT_ONCE: Final = 16
"""Questions to the API server under way at one time."""
BACKENDS_AT_ONCE: Final = 8
"""Backend objects that are asked at one time."""


@click.command
@options.of_cluster
@options.namespaces
@click.option(
    "--service-account",
    metavar="NAMESPACE/NAME",
    help="Ask for the rights of this ServiceAccount, the operator's, and not for your own.",
)
@click.option("--no-backends", is_flag=True, help="Do not connect to the backends.")
@click.option(
    "--lease-namespace", metavar="NAME", help="Where the operator's Leases are, instead of what its setting says."
)
def doctor(
    *,
    output: Format,
    kubeconfig: Path | None,
    context: str | None,
    namespaces: tuple[str, ...],
    service_account: str | None,
    no_backends: bool,
    lease_namespace: str | None,
) -> ExitStatus:
    """Look for what is wrong with an installation, and say what to do about it. Writes nothing.

    It looks at the API server's version, our definitions and what they store, the operator's rights, every backend with
    its credential, the clocks, the Leases of the replicas, and the Projects that wait for a person.

    Best run where the operator runs, with its settings; its memory counts to that of the operator's container:
    kubectl exec --namespace project-operator deploy/project-operator -- python -m project_operator doctor
    """
    if service_account is not None and service_account.count("/") != 1:
        raise ConfigurationError(f"--service-account: '{service_account}' is not NAMESPACE/NAME")
    said = options.given(kubeconfig=kubeconfig, context=context, namespaces=namespaces, lease_namespace=lease_namespace)
    found = asyncio.run(_examine(said, service_account, connect=not no_backends))
    show(output, {"findings": [_document(one) for one in found]}, _table(found))
    return ExitStatus.FOUND if any(one.level is Level.PROBLEM for one in found) else ExitStatus.DONE


async def _examine(said: dict[str, Any], service_account: str | None, *, connect: bool) -> tuple[Finding, ...]:
    async with visit(**said) as session:
        try:
            version = await session.api.version()
        except KubeError as error:
            return (findings.unreachable(session.api.server, error, session.source),)
        found = [findings.server(version)]
        found += await _definitions(session)
        found += await _rights(session, service_account)
        found += await _clock(session)
        found += await _leases(session)
        found += await _projects(session)
        if connect:
            found += await _backends(session)
        return tuple(found)


async def _definitions(session: Session) -> list[Finding]:
    found = []
    for kind in KINDS:
        try:
            raw = await session.api.get(DEFINITIONS, None, crd_name(kind))
        except KubeNotFound:
            found.append(findings.definition(kind, None, cluster_backends=session.settings.cluster_backends))
        except KubeError as error:
            found.append(findings.unanswered("definitions", crd_name(kind), error))
        else:
            found.append(findings.definition(kind, raw))
    return found


async def _rights(session: Session, service_account: str | None) -> tuple[Finding, ...]:
    room = asyncio.Semaphore(AT_ONCE)
    who = f"system:serviceaccount:{service_account.replace('/', ':')}" if service_account else ""

    async def may(right: Right) -> bool:
        resource, _, subresource = right.resource.partition("/")
        attributes = {
            "group": right.group,
            "resource": resource,
            "subresource": subresource,
            "verb": right.verb,
            "namespace": right.namespace or "",
            "name": right.name,
        }
        spec: dict[str, Any] = {"resourceAttributes": attributes}
        kind = SELF_SUBJECT_ACCESS_REVIEWS
        if who:
            namespace = who.split(":")[2]
            groups = ["system:authenticated", "system:serviceaccounts", f"system:serviceaccounts:{namespace}"]
            kind, spec = SUBJECT_ACCESS_REVIEWS, spec | {"user": who, "groups": groups}
        async with room:
            answer = await session.api.create(
                kind, None, {"apiVersion": kind.api_version, "kind": kind.kind, "spec": spec}
            )
        return bool((answer.get("status") or {}).get("allowed"))

    needed = rights_needed(_place(session.settings))
    try:
        answers = await asyncio.gather(*map(may, needed))
    except KubeError as error:
        return (findings.unanswered("rights", who or "you", error),)
    return findings.rights(dict(zip(needed, answers, strict=True)), who or "you")


def _place(settings: Settings) -> Place:
    return Place(
        namespaces=settings.namespaces,
        secret_namespaces=settings.secret_namespaces,
        cluster_backends=settings.cluster_backends,
        lease_namespace=settings.lease_namespace,
        names_cluster=bool(settings.cluster_id),
        reads_ranges=not settings.service_ranges,
        reads_nodes=settings.read_nodes and not settings.pod_ranges,
    )


async def _clock(session: Session) -> tuple[Finding, ...]:
    """The API server writes the time into what it is asked to say of us; it has whole seconds, and takes a while."""
    kind = SELF_SUBJECT_REVIEWS
    before = time.time()
    try:
        answer = await session.api.create(kind, None, {"apiVersion": kind.api_version, "kind": kind.kind})
        theirs = datetime.fromisoformat(answer["metadata"]["creationTimestamp"]).timestamp()
    except (KubeError, KeyError, TypeError, ValueError) as error:
        return (findings.unanswered("clock", "API server", f"its time could not be asked for: {error}"),)
    after = time.time()
    earliest, latest = theirs - after, theirs + 1 - before
    apart = 0.0 if earliest <= 0 <= latest else min(earliest, latest, key=abs)
    return (findings.skew(-apart),)


async def _leases(session: Session) -> tuple[Finding, ...]:
    namespace = session.settings.lease_namespace
    if not namespace:
        return (findings.no_lease_namespace(),)
    try:
        raws = await session.api.list(LEASES, namespace)
    except KubeError as error:
        return (findings.unanswered("leases", namespace, error),)
    now = time.time()
    known = [lease for raw in raws if (lease := Lease.parse(raw)) is not None]
    ages = {}
    for lease in known:
        try:
            ages[lease.name] = now - datetime.fromisoformat(lease.raw["spec"]["renewTime"]).timestamp()
        except (KeyError, TypeError, ValueError):
            ages[lease.name] = float("inf")
    return findings.leases(known, ages, namespace)


async def _projects(session: Session) -> tuple[Finding, ...]:
    try:
        return findings.projects(await projects(session, session.settings.namespaces))
    except (KubeError, ConfigurationError) as error:
        return (findings.unanswered("projects", "", error),)


async def _backends(session: Session) -> list[Finding]:
    found: list[Finding] = []
    backends: list[BackendObject] = []
    try:
        backends += await own_backends(session, session.settings.namespaces)
    except (KubeError, ConfigurationError) as error:
        found.append(findings.unanswered("backends", IDENTITY_BACKENDS.plural, error))
    try:
        backends += await shared_backends(session)
    except (KubeError, ConfigurationError) as error:
        found.append(findings.unanswered("backends", CLUSTER_IDENTITY_BACKENDS.plural, error))
    if not backends:
        return found or [findings.no_backends()]
    try:
        async with opener(session) as connections:
            answers = await survey(connections, backends)
    except KubeError as error:
        return [*found, findings.unanswered("backends", "", error)]
    now = datetime.now(UTC)
    for one, answer in zip(backends, answers, strict=True):
        found += findings.backend(str(one), answer, now)
    return found


async def survey(connections: Opens, backends: Sequence[BackendObject]) -> list[Credential | Verdict | KubeError]:
    """What each backend object leads to, a few at a time. Of several credentials for one place the first is asked for
    the list, which may be long, and the others only whether they may read it.
    """
    room = asyncio.Semaphore(BACKENDS_AT_ONCE)
    listed: set[str] = set()

    async def ask(backend: BackendObject) -> Credential | Verdict | KubeError:
        async with room:
            try:
                opened = await connections.open(backend)
                if isinstance(opened, Verdict):
                    return opened
                first = opened.endpoint_id not in listed
                listed.add(opened.endpoint_id)
                return await _told(opened, vendor_of(backend), lists=first)
            except BackendError as error:
                return Verdict(reason_for(error), str(error))
            except KubeError as error:
                return error

    return list(await asyncio.gather(*map(ask, backends)))


async def _told(connection: Connection, vendor: str, *, lists: bool) -> Credential:
    count = len(await connection.backend.list_projects()) if lists else None
    if not count:
        # An empty list is what some backends answer to whoever may read nothing.
        await connection.backend.verify_read_access()
    facts = connection.facts
    return Credential(
        vendor=vendor,
        organization=facts.organization_name or facts.organization_id,
        principal=facts.principal,
        projects=count,
        expires_at=facts.credential_expires_at,
        renews=facts.credential_renews,
        not_renewed=facts.not_renewed,
    )


def _document(finding: Finding) -> dict[str, str]:
    return {
        "check": finding.check,
        "subject": finding.subject,
        "level": str(finding.level),
        "message": finding.message,
        "remedy": finding.remedy,
    }


def _worst_first(finding: Finding) -> int:
    return -list(Level).index(finding.level)


def _table(found: tuple[Finding, ...]) -> Table:
    counts = {level: sum(one.level is level for one in found) for level in Level}
    rows = tuple(
        (str(one.level), one.check, one.subject, one.message, one.remedy) for one in sorted(found, key=_worst_first)
    )
    told = ", ".join(f"{count} {level}" for level, count in counts.items() if count)
    return Table(("LEVEL", "CHECK", "SUBJECT", "FINDING", "WHAT TO DO"), rows, "nothing was looked at", told)
