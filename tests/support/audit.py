"""What the operator wrote, as the API server itself recorded it."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from rights import Right, right_of

WRITING_VERBS: Final = frozenset({"create", "update", "patch", "delete", "deletecollection"})
LEASES: Final = "leases"


@dataclass(frozen=True, slots=True)
class Write:
    """One write that was asked for, whatever came of it."""

    verb: str
    resource: str
    subresource: str
    namespace: str
    name: str
    code: int
    answered_at: float
    """In seconds since the epoch."""

    @property
    def refused(self) -> bool:
        """Whether the API server answered with an error."""
        return self.code >= 400


class AuditLog:
    """Writes of one user: failed ones are in, leases are not. Reads what was appended since it last looked."""

    def __init__(self, path: Path, user: str, *, from_now: bool = False) -> None:
        """``from_now``: what is in it already is left out."""
        self._path = path
        self._user = user
        self._offset = path.stat().st_size if from_now else 0
        self._writes: list[Write] = []
        self._denials: list[str] = []
        self._used: set[Right] = set()

    def writes(self, *, namespace: str | None = None, resource: str | None = None) -> list[Write]:
        """In the order in which they were answered; of one namespace, of one resource, or all."""
        self._read_on()
        return [
            write
            for write in self._writes
            if namespace in (None, write.namespace) and resource in (None, write.resource)
        ]

    def denials(self) -> list[str]:
        """What the user tried, reads too, and has no right to."""
        self._read_on()
        return list(self._denials)

    def used(self) -> set[Right]:
        """The rights that it used. What was not found was allowed too."""
        self._read_on()
        return set(self._used)

    def _read_on(self) -> None:
        with self._path.open("rb") as log:
            log.seek(self._offset)
            appended = log.read()
        # The last line may still be being written.
        complete = appended[: appended.rfind(b"\n") + 1]
        self._offset += len(complete)
        for line in complete.splitlines():
            # To read them all is most of the work, and most are of others.
            if self._user.encode() not in line:
                continue
            event = json.loads(line)
            # Nobody, where a request ended before its sender was known; nothing can have come of it.
            if event["user"].get("username") == self._user:
                self._note(event, event.get("objectRef") or {})

    def _note(self, event: dict[str, Any], reference: dict[str, Any]) -> None:
        # Not every 403 is a want of rights: a namespace that is terminating takes nothing new from anybody.
        if (event.get("annotations") or {}).get("authorization.k8s.io/decision") == "forbid":
            self._denials.append(f"{event['verb']} {event['requestURI']}")
        elif (right := right_of(event)) is not None:
            self._used.add(right)
        if event["verb"] in WRITING_VERBS and reference.get("resource") != LEASES:
            self._writes.append(_write(event, reference))


def _write(event: dict[str, Any], reference: dict[str, Any]) -> Write:
    return Write(
        verb=event["verb"],
        resource=reference.get("resource", ""),
        subresource=reference.get("subresource", ""),
        namespace=reference.get("namespace", ""),
        name=reference.get("name", ""),
        code=int((event.get("responseStatus") or {}).get("code", 0)),
        answered_at=datetime.fromisoformat(event["stageTimestamp"]).timestamp(),
    )
