"""What a user may do, and what it tried, by the roles that were applied and the API server's audit log."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import astuple, dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any


@dataclass(frozen=True, order=True)
class Right:
    """A verb on a resource, a subresource being ``resource/subresource``."""

    group: str
    resource: str
    verb: str


@dataclass(frozen=True)
class Ledger:
    """What operators were granted, and what of it they used; of several processes, put together."""

    granted: set[Right] = field(default_factory=set)
    used: set[Right] = field(default_factory=set)

    def add(self, other: "Ledger") -> None:
        """Put another's to it."""
        self.granted.update(other.granted)
        self.used.update(other.used)

    def complaints(self, exempt: Collection[Right]) -> list[str]:
        """A line for every right that is there for nothing, and for every exemption that there is nothing to exempt."""
        idle = sorted(self.granted - self.used - set(exempt))
        pointless = sorted(set(exempt) - self.granted)
        return [
            *(f"granted, and neither used nor exempt: {right}" for right in idle),
            *(f"exempt, and not granted: {right}" for right in pointless),
        ]

    def packed(self) -> dict[str, list[list[str]]]:
        """As one process sends it to another."""
        return {name: [list(astuple(right)) for right in getattr(self, name)] for name in ("granted", "used")}

    @classmethod
    def unpacked(cls, packed: Mapping[str, list[list[str]]]) -> "Ledger":
        """The opposite."""
        return cls(**{name: {Right(*right) for right in rights} for name, rights in packed.items()})


def right_of(event: Mapping[str, Any]) -> Right | None:
    """The right that a request needed, of the audit log's event; None: of what is no resource."""
    reference = event.get("objectRef")
    if reference is None:
        return None
    resource = "/".join(filter(None, (reference["resource"], reference.get("subresource"))))
    return Right(reference.get("apiGroup", ""), resource, event["verb"])


def granted(objects: Iterable[Mapping[str, Any]]) -> set[Right]:
    """Every right in the roles among the objects that a binding there gives to somebody; roles for people are not."""
    everything = list(objects)
    bound = {(one["roleRef"]["kind"], one["roleRef"]["name"]) for one in everything if "roleRef" in one}
    return {
        Right(group, resource, verb)
        for one in everything
        if (one["kind"], one["metadata"]["name"]) in bound
        for rule in one["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def requests(audit_log: Path, user: str) -> Iterator[tuple[Right, int, str]]:
    """What a user asked of resources, the status it was answered with, and the address."""
    for line in audit_log.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        right = right_of(entry)
        if entry["user"].get("username") != user or right is None:
            continue
        yield right, int(entry.get("responseStatus", {}).get("code", 0)), entry["requestURI"]


def refused(audit_log: Path, user: str) -> list[str]:
    """What the user may not do, and tried."""
    return [f"{right.verb} {uri}" for right, code, uri in requests(audit_log, user) if code == HTTPStatus.FORBIDDEN]
