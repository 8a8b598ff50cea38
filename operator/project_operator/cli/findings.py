"""What `doctor` makes of what it saw: pure, from facts to findings, each with what to do about it."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from project_operator.api.conditions import ConditionStatus, ConditionType, Reason
from project_operator.api.crd import crd_name, custom_resource_definition
from project_operator.api.kinds import Kind
from project_operator.api.names import CLUSTER_IDENTITY_BACKEND_PLURAL, GROUP, VERSION
from project_operator.reconcile.view import Verdict
from project_operator.runtime.leases.objects import Lease, LeaseKind
from project_operator.runtime.stored import conditions

Raw = Mapping[str, Any]

OLDEST_SERVER: Final = (1, 32)
"""Major and minor of the oldest Kubernetes that the operator is made for, as the chart's ``kubeVersion`` says."""
SKEW_WARNED: Final = 5.0
SKEW_TOO_MUCH: Final = 60.0
"""Seconds between two clocks: from the second on, servers refuse what was signed."""
EXPIRY_WARNED: Final = timedelta(days=14)
APPLY_CRDS: Final = "project-operator crds | kubectl apply --server-side -f -"


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
    remedy: str = ""
    """What to do; "" where nothing has to be done."""


@dataclass(frozen=True, slots=True)
class Right:
    """A verb on a resource, as RBAC grants it."""

    group: str
    resource: str
    """With ``/subresource``, where it is one."""
    verb: str
    namespace: str | None = None
    """None: in all namespaces, or of none."""
    name: str = ""
    """Of one object alone."""
    needed: bool = True
    """False: something is lost without it, which the operator says, and the rest works."""

    def __str__(self) -> str:
        resource = f"{self.resource}.{self.group}" if self.group else self.resource
        where = f" in namespace {self.namespace}" if self.namespace else ""
        return f"{self.verb} {resource}{f' {self.name}' if self.name else ''}{where}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where rights are needed, by the operator's settings."""

    namespaces: tuple[str, ...] = ()
    secret_namespaces: tuple[str, ...] = ()
    cluster_backends: bool = True
    lease_namespace: str = ""
    names_cluster: bool = False
    """Whether a setting says what the cluster is called."""
    reads_ranges: bool = True
    reads_nodes: bool = False


@dataclass(frozen=True, slots=True)
class Credential:
    """What a connection that could be opened told of itself."""

    vendor: str
    organization: str
    principal: str
    projects: int
    expires_at: datetime | None = None
    renews: bool = False
    not_renewed: str = ""


def rights_needed(place: Place) -> tuple[Right, ...]:
    """What the operator asks of the API server with these settings, and so has to be granted."""
    everywhere: tuple[str | None, ...] = (None,)
    watched = place.namespaces or everywhere
    needed = [
        Right(GROUP, resource, verb, namespace)
        for namespace in watched
        for resource in ("projects", "identitybackends")
        for verb in ("get", "list", "watch", "patch")
    ]
    needed += [
        Right(GROUP, f"{resource}/status", "patch", namespace)
        for namespace in watched
        for resource in ("projects", "identitybackends")
    ]
    needed += [
        Right("", "secrets", verb, namespace)
        for namespace in place.secret_namespaces or watched
        for verb in ("get", "list", "watch", "patch")
    ]
    needed += [
        Right("events.k8s.io", "events", verb, namespace, needed=False)
        for namespace in watched
        for verb in ("create", "patch")
    ]
    needed.append(Right("apiextensions.k8s.io", "customresourcedefinitions", "get", name=f"projects.{GROUP}"))
    if not place.names_cluster:
        needed.append(Right("", "namespaces", "get", name="kube-system"))
    needed += [Right("", "namespaces", "get", name=namespace) for namespace in place.namespaces]
    if not place.namespaces:
        needed.append(Right("", "namespaces", "get"))
    if place.cluster_backends:
        plural = CLUSTER_IDENTITY_BACKEND_PLURAL
        needed += [Right(GROUP, plural, verb) for verb in ("get", "list", "watch", "patch")]
        needed += [Right(GROUP, f"{plural}/status", "patch")]
        needed += [Right("", "namespaces", verb) for verb in ("list", "watch")]
    needed += [
        Right("", "services", "get", "default", "kubernetes", needed=False),
        Right("discovery.k8s.io", "endpointslices", "get", "default", "kubernetes", needed=False),
    ]
    if place.reads_ranges:
        needed.append(Right("networking.k8s.io", "servicecidrs", "list", needed=False))
    if place.reads_nodes:
        needed.append(Right("", "nodes", "list", needed=False))
    if place.lease_namespace:
        verbs = ("list", "create", "patch", "delete")
        needed += [Right("coordination.k8s.io", "leases", verb, place.lease_namespace) for verb in verbs]
    return tuple(dict.fromkeys(needed))


def server(version: str) -> Finding:
    """Whether that version of the API server will do."""
    found = re.match(r"v?(\d+)\.(\d+)", version)
    if found is None:
        return Finding("api-server", version or "?", Level.UNKNOWN, "its version cannot be understood")
    if (int(found[1]), int(found[2])) < OLDEST_SERVER:
        oldest = ".".join(map(str, OLDEST_SERVER))
        return Finding(
            "api-server",
            version,
            Level.PROBLEM,
            f"it is older than {oldest}, and does not know all that our definitions ask of it",
            f"upgrade the cluster to Kubernetes {oldest} or newer",
        )
    return Finding("api-server", version, Level.OK, "it answers")


def definition(kind: Kind, raw: Raw | None) -> Finding:
    """Whether the definition of ``kind`` is there, served, stored in versions that we know, and the one of this
    version of the operator; ``raw`` None: it is not there.
    """
    name = crd_name(kind)

    def said(level: Level, message: str, remedy: str = "") -> Finding:
        return Finding("definitions", name, level, message, remedy)

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
    return said(Level.OK, f"{VERSION} is served and stored")


def rights(asked: Mapping[Right, bool], who: str) -> tuple[Finding, ...]:
    """A finding for every right that is missing, or one that none is."""
    missing = [right for right, allowed in asked.items() if not allowed]
    if not missing:
        return (Finding("rights", who, Level.OK, f"all {len(asked)} are granted"),)
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
        return Finding("clock", "API server", Level.OK, message)
    remedy = "set both by NTP: who believes that a token or certificate is not valid yet, or no longer, refuses it"
    return Finding(
        "clock", "API server", Level.PROBLEM if abs(seconds) >= SKEW_TOO_MUCH else Level.WARNING, message, remedy
    )


def backend(subject: str, opened: Credential | Verdict, now: datetime) -> tuple[Finding, ...]:
    """Whether a backend can be reached and takes the credential, and for how long it will."""
    if isinstance(opened, Verdict):
        message = f"{opened.reason}: {opened.message}"
        return (Finding("backends", subject, Level.PROBLEM, message, opened.reason.remedy),)
    who = f", as {opened.principal}" if opened.principal else ""
    found = [
        Finding(
            "backends",
            subject,
            Level.OK,
            f"{opened.vendor} shows {opened.projects} projects of organization {opened.organization}{who}",
        )
    ]
    if opened.not_renewed:
        found.append(
            Finding("credentials", subject, Level.WARNING, f"it does not replace itself: {opened.not_renewed}")
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
    return (Finding("leases", namespace, Level.OK, f"{len(alive)} replicas share {units} units of work"),)


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
        remedy = next((known.remedy for known in Reason if known == reason), "")
        subject = f"{metadata.get('namespace')}/{metadata['name']}"
        stalled.append(Finding("projects", subject, Level.PROBLEM, f"{reason}: {one.get('message')}", remedy))
    return tuple(stalled) or (Finding("projects", f"{total} Projects", Level.OK, "none waits for a person"),)
