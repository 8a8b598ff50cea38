"""What a user may do, and what it tried, by the roles that were applied and the API server's audit log."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any


@dataclass(frozen=True, order=True)
class Right:
    """A verb on a resource, a subresource being ``resource/subresource``."""

    group: str
    resource: str
    verb: str


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
        reference = entry.get("objectRef")
        if entry["user"].get("username") != user or reference is None:
            continue
        resource = "/".join(filter(None, (reference["resource"], reference.get("subresource"))))
        right = Right(reference.get("apiGroup", ""), resource, entry["verb"])
        yield right, int(entry.get("responseStatus", {}).get("code", 0)), entry["requestURI"]


def refused(audit_log: Path, user: str) -> list[str]:
    """What the user may not do, and tried."""
    return [f"{right.verb} {uri}" for right, code, uri in requests(audit_log, user) if code == HTTPStatus.FORBIDDEN]
