"""Our Leases as the API server has them: the one of a replica, and the one of a backend object."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any, Final, Self

from project_operator.api import names
from project_operator.kube.resources import LEASES

SELECTOR: Final = names.LEASE_LABEL
_NAME_LIMIT: Final = 200
_DIGEST: Final = 8


class LeaseKind(StrEnum):
    """What a Lease is about; the value of its label."""

    REPLICA = "replica"
    BACKEND = "backend"


@dataclass(frozen=True, slots=True)
class Lease:
    """One of ours."""

    name: str
    kind: LeaseKind
    holder: str
    """Name of the Lease of the replica that holds it, of a replica's its own; "" nobody, of a replica's: it may renew
    it no more."""
    version: str
    """uid and resourceVersion: the same only while nobody has written to it."""
    duration: float
    """Seconds that others must have seen it unchanged."""
    unit: str = ""
    """Of a backend object's: its uid."""
    scope: str = ""
    """Of a replica's, and of that for no backend object: what it looks after."""
    leaving: bool = False
    """Of a replica's: it is about to end."""
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> Self | None:
        """What ``raw`` says; None where it is none of ours, or somebody has made it unreadable."""
        metadata, spec = raw["metadata"], raw.get("spec") or {}
        labels = metadata.get("labels") or {}
        try:
            kind = LeaseKind(labels.get(names.LEASE_LABEL, ""))
        except ValueError:
            return None
        if kind is LeaseKind.BACKEND and names.LEASE_BACKEND_LABEL not in labels:
            return None
        duration = spec.get("leaseDurationSeconds")
        return cls(
            name=str(metadata["name"]),
            kind=kind,
            holder=str(spec.get("holderIdentity") or ""),
            version=f"{metadata['uid']}/{metadata['resourceVersion']}",
            duration=float(duration) if isinstance(duration, int) else 0.0,
            unit=str(labels.get(names.LEASE_BACKEND_LABEL) or ""),
            scope=str(labels.get(names.LEASE_SCOPE_LABEL) or ""),
            leaving=labels.get(names.LEASE_LEAVING_LABEL) == "true",
            raw=raw,
        )


def name_of_unit(unit: str, name: str) -> str:
    """The name of a backend object's Lease: people read ``name`` in it; its end tells apart what is called alike."""
    return _name(name, sha256(unit.encode()).hexdigest())


def name_of_replica(pod: str, token: str) -> str:
    """The name of a replica's Lease: its pod's, and what tells this process from a former one in it."""
    return _name(pod, token)


def replica(identity: str, scope: str, duration: float, now: float) -> dict[str, Any]:
    """The Lease of a replica that begins."""
    labels = {names.LEASE_LABEL: str(LeaseKind.REPLICA), names.LEASE_SCOPE_LABEL: scope}
    return _manifest(identity, labels, identity, duration, now)


def renewal(now: float) -> dict[str, Any]:
    """The patch that renews the Lease of a replica."""
    return {"spec": {"renewTime": micro_time(now)}}


def leaving(now: float) -> dict[str, Any]:
    """The same, and it says that the replica is about to end."""
    return {"metadata": {"labels": {names.LEASE_LEAVING_LABEL: "true"}}, **renewal(now)}


def backend(name: str, unit: str, holder: str, duration: float, now: float, *, scope: str) -> dict[str, Any]:
    """The Lease of a backend object that nobody was in charge of. There is one of each, whoever looks after it; for
    Projects without a backend object there is one for each scope.
    """
    labels = {names.LEASE_LABEL: str(LeaseKind.BACKEND), names.LEASE_BACKEND_LABEL: unit}
    if not unit:
        labels[names.LEASE_SCOPE_LABEL] = scope
    return _manifest(name, labels, holder, duration, now)


def taking(lease: Lease, holder: str, duration: float, now: float) -> dict[str, Any]:
    """The patch that takes a backend object's Lease."""
    former = (lease.raw.get("spec") or {}).get("leaseTransitions")
    spec = {
        "holderIdentity": holder,
        "leaseDurationSeconds": int(duration),
        "acquireTime": micro_time(now),
        "renewTime": micro_time(now),
        "leaseTransitions": (former if isinstance(former, int) else 0) + 1,
    }
    return {"spec": spec}


def vacating(now: float) -> dict[str, Any]:
    """The patch that takes the holder out: of an own Lease that is let go, or of a replica's that is over."""
    return {"spec": {"holderIdentity": None, "renewTime": micro_time(now)}}


def _name(called: str, token: str) -> str:
    """A DNS label but for its length, whatever the parts."""
    plain = "".join(char if char.isascii() and char.isalnum() else "-" for char in called.lower())
    return f"{plain[:_NAME_LIMIT].strip('-') or 'unnamed'}-{token[:_DIGEST]}"


def _manifest(name: str, labels: Mapping[str, str], holder: str, duration: float, now: float) -> dict[str, Any]:
    return {
        "apiVersion": LEASES.api_version,
        "kind": LEASES.kind,
        "metadata": {"name": name, "labels": {**labels, names.MANAGED_BY: names.FIELD_MANAGER}},
        "spec": {
            "holderIdentity": holder,
            "leaseDurationSeconds": int(duration),
            "acquireTime": micro_time(now),
            "renewTime": micro_time(now),
            "leaseTransitions": 0,
        },
    }


def micro_time(wall: float) -> str:
    """``wall`` (seconds since the epoch) as metav1.MicroTime."""
    return datetime.fromtimestamp(wall, tz=UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
