"""What `doctor` makes of what it saw: pure, from facts to findings, each with what to do about it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from project_operator.api.conditions import ConditionStatus, ConditionType, Reason
from project_operator.api.crd import crd_name, custom_resource_definition
from project_operator.api.kinds import Kind
from project_operator.api.names import CLUSTER_IDENTITY_BACKEND_PLURAL, GROUP, PROJECT_PLURAL, VERSION
from project_operator.cli.rights import Right
from project_operator.cli.stored import Raw
from project_operator.errors import ConfigurationError, KubeError
from project_operator.reconcile.view import Verdict
from project_operator.runtime.leases.objects import Lease, LeaseKind
from project_operator.runtime.stored import conditions

OLDEST_SERVER: Final = (1, 32)
"""Major and minor of the oldest Kubernetes that the operator is made for, as the chart's ``kubeVersion`` says."""
SKEW_WARNED: Final = 5.0
SKEW_TOO_MUCH: Final = 60.0
"""Seconds between two clocks: from the second on, servers refuse what was signed."""
EXPIRY_WARNED: Final = timedelta(days=14)
APPLY_CRDS: Final = "project-operator crds | kubectl apply --server-side -f -"
ASK_ANOTHER: Final = "ask somebody with the right to read it to run this; where nothing answers, look at the network"


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    UNKNOWN = "unknown"
    """It could not be found out."""
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    check: str
    subject: str
    level: Level
    message: str
    remedy: str
    """What to do; "" where it is well, and nowhere else."""


def well(check: str, subject: str, message: str) -> Finding:
    """What is as it should be."""
    return Finding(check, subject, Level.OK, message, "")


def unanswered(check: str, subject: str, why: object) -> Finding:
    """What could not be looked at."""
    remedy = APPLY_CRDS if isinstance(why, ConfigurationError) else ASK_ANOTHER
    return Finding(check, subject, Level.UNKNOWN, str(why), remedy)


@dataclass(frozen=True, slots=True)
class Credential:
    """What a connection that could be opened told of itself."""

    vendor: str
    organization: str
    principal: str
    projects: int | None
    """How many it is shown; None: it was not asked for a list, as another credential was for the same place."""
    expires_at: datetime | None = None
    renews: bool = False
    not_renewed: str = ""


def server(version: str) -> Finding:
    """Whether that version of the API server will do."""
    found = re.match(r"v?(\d+)\.(\d+)", version)
    oldest = ".".join(map(str, OLDEST_SERVER))
    if found is None:
        return Finding(
            "api-server",
            version or "?",
            Level.UNKNOWN,
            "its version cannot be understood",
            f"ask whoever runs the cluster which Kubernetes it is; the operator needs {oldest} or newer",
        )
    if (int(found[1]), int(found[2])) < OLDEST_SERVER:
        return Finding(
            "api-server",
            version,
            Level.PROBLEM,
            f"it is older than {oldest}, and does not know all that our definitions ask of it",
            f"upgrade the cluster to Kubernetes {oldest} or newer",
        )
    return well("api-server", version, "it answers")


def unreachable(server: str, error: Exception, source: str) -> Finding:
    """That the API server gives no answer; ``source``: where its address comes from."""
    remedy = f"look at the address in {source}, and whether a proxy or firewall is in between"
    return Finding("api-server", server, Level.PROBLEM, str(error), remedy)


def definition(kind: Kind, raw: Raw | None, *, cluster_backends: bool = True) -> Finding:
    """Whether the definition of ``kind`` is there, served, stored in versions that we know, and the one of this
    version of the operator; ``raw`` None: it is not there. ``cluster_backends``: whether the settings say that there
    are ClusterIdentityBackends.
    """
    name = crd_name(kind)

    def said(level: Level, message: str, remedy: str) -> Finding:
        return Finding("definitions", name, level, message, remedy)

    if raw is None and kind.plural == CLUSTER_IDENTITY_BACKEND_PLURAL and not cluster_backends:
        return well("definitions", name, "it is not there, and PROJECT_OPERATOR_CLUSTER_BACKENDS says that none is")
    if raw is None:
        return said(Level.PROBLEM, "it is not there", APPLY_CRDS)
    if "deletionTimestamp" in raw["metadata"]:
        return said(
            Level.PROBLEM,
            "it is being deleted, and every object of its kind with it; nothing is deleted in a backend meanwhile",
            f"wait until it is gone, then: {APPLY_CRDS}",
        )
    status = {str(one.get("type")): str(one.get("status")) for one in conditions(raw)}
    if status.get("Established") != "True":
        return said(Level.PROBLEM, "it is not served (yet)", f"kubectl describe customresourcedefinition {name}")
    versions = {str(one["name"]): one for one in raw["spec"]["versions"]}
    if not versions.get(VERSION, {}).get("served"):
        return said(Level.PROBLEM, f"it does not serve {VERSION}", APPLY_CRDS)
    stored = [str(one) for one in (raw.get("status") or {}).get("storedVersions") or ()]
    if strange := [one for one in stored if one not in versions or one != VERSION]:
        return said(
            Level.PROBLEM,
            f"objects are stored as {', '.join(strange)}, which this version of the operator does not read",
            f"have them stored as {VERSION}: kubectl get {name} -A -o json | kubectl replace -f -, then take the "
            "version out of `status.storedVersions`",
        )
    ours = custom_resource_definition(kind)["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    if versions[VERSION].get("schema", {}).get("openAPIV3Schema") != ours:
        return said(Level.WARNING, "it is of another version of the operator than this command", APPLY_CRDS)
    return well("definitions", name, f"{VERSION} is served and stored")


def rights(asked: Mapping[Right, bool], who: str) -> tuple[Finding, ...]:
    """A finding for every right that is missing, or one that none is."""
    missing = [right for right, allowed in asked.items() if not allowed]
    if not missing:
        return (well("rights", who, f"all {len(asked)} are granted"),)
    return tuple(
        Finding(
            "rights",
            who,
            Level.PROBLEM if right.needed else Level.WARNING,
            f"may not {right}",
            "grant it: the chart's roles have it (`rbac.create: true`); or ask as the operator, with --service-account",
        )
        for right in missing
    )


def skew(seconds: float) -> Finding:
    """What the difference between our clock and the API server's is worth; positive: ours is ahead."""
    message = f"this machine's clock and the API server's are {abs(seconds):.0f} s apart"
    if abs(seconds) < SKEW_WARNED:
        return well("clock", "API server", message)
    remedy = "set both by NTP: who believes that a token or certificate is not valid yet, or no longer, refuses it"
    return Finding(
        "clock", "API server", Level.PROBLEM if abs(seconds) >= SKEW_TOO_MUCH else Level.WARNING, message, remedy
    )


def backend(subject: str, opened: Credential | Verdict | KubeError, now: datetime) -> tuple[Finding, ...]:
    """Whether a backend can be reached and takes the credential, and for how long it will."""
    if isinstance(opened, KubeError):
        return (unanswered("backends", subject, opened),)
    if isinstance(opened, Verdict):
        message = f"{opened.reason}: {opened.message}"
        return (Finding("backends", subject, Level.PROBLEM, message, opened.reason.remedy),)
    who = f", as {opened.principal}" if opened.principal else ""
    shows = "may be read" if opened.projects is None else f"shows {opened.projects} projects"
    found = [well("backends", subject, f"{opened.vendor} {shows} of organization {opened.organization}{who}")]
    if opened.not_renewed:
        found.append(
            Finding(
                "credentials",
                subject,
                Level.WARNING,
                f"it does not replace itself: {opened.not_renewed}",
                "take away what is in the way; or replace it yourself before it expires, and leave `rotation` out",
            )
        )
    if opened.expires_at is not None and not opened.renews and opened.expires_at - now < EXPIRY_WARNED:
        over = opened.expires_at <= now
        when = f"{'expired' if over else 'expires'} {opened.expires_at:%Y-%m-%dT%H:%M:%SZ}"
        found.append(
            Finding(
                "credentials",
                subject,
                Level.PROBLEM if over else Level.WARNING,
                f"it {when}, and nothing replaces it",
                "put a new one into its Secret; the operator takes it up without a restart",
            )
        )
    return tuple(found)


def no_backends() -> Finding:
    """That there is nothing that a Project could be made with."""
    message = "there is none, so no Project can be made"
    return Finding("backends", "", Level.WARNING, message, "apply an IdentityBackend: docs/getting-started.md")


def no_lease_namespace() -> Finding:
    """That nobody said where to look for Leases."""
    message = "no namespace for Leases is set: a single operator, or its settings are not known here"
    return Finding("leases", "", Level.UNKNOWN, message, "give --lease-namespace, that of the operator's release")


def leases(found: Iterable[Lease], ages: Mapping[str, float], namespace: str) -> tuple[Finding, ...]:
    """Whether somebody is in charge of every backend object; ``ages`` in seconds since each renewal, by name."""
    everything = list(found)
    replicas = [one for one in everything if one.kind is LeaseKind.REPLICA]
    alive = {one.name for one in replicas if one.holder == one.name and ages.get(one.name, 0.0) <= 2 * one.duration}
    if not everything:
        return (
            Finding(
                "leases",
                namespace,
                Level.WARNING,
                "there are none: no operator that shares its work has run here",
                "if one is to run: kubectl get pods, and the log of its Deployment",
            ),
        )
    if not alive:
        return (
            Finding(
                "leases",
                namespace,
                Level.PROBLEM,
                f"none of {len(replicas)} replicas has renewed its Lease lately: no operator is running",
                "kubectl get pods, and the log of its Deployment",
            ),
        )
    dead = [one for one in everything if one.kind is LeaseKind.BACKEND and one.holder and one.holder not in alive]
    if dead:
        return tuple(
            Finding(
                "leases",
                f"{namespace}/{one.name}",
                Level.WARNING,
                f"its holder {one.holder} does not renew its own Lease",
                "another replica takes over within seconds; if this lasts, look at the logs of the replicas",
            )
            for one in dead
        )
    units = sum(one.kind is LeaseKind.BACKEND for one in everything)
    return (well("leases", namespace, f"{len(alive)} replicas share {units} units of work"),)


def projects(found: Iterable[Raw]) -> tuple[Finding, ...]:
    """The Projects that wait for a person, each with what its own condition says; or that none does. One that shows a
    plan, as it was told to, does what it is for.
    """
    stalled: list[Finding] = []
    total = 0
    for raw in found:
        total += 1
        metadata = raw["metadata"]
        one = next((one for one in conditions(raw) if one.get("type") == ConditionType.STALLED), {})
        reason = str(one.get("reason") or "")
        if one.get("status") != ConditionStatus.TRUE or reason == Reason.PLANNED:
            continue
        subject = f"{metadata.get('namespace')}/{metadata['name']}"
        described = (
            f"kubectl describe --namespace {metadata.get('namespace')} {PROJECT_PLURAL}.{GROUP} {metadata['name']}"
        )
        remedy = next((known.remedy for known in Reason if known == reason), described)
        stalled.append(Finding("projects", subject, Level.PROBLEM, f"{reason}: {one.get('message')}", remedy))
    return tuple(stalled) or (well("projects", f"{total} Projects", "none waits for a person"),)
