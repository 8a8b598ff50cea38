"""What the API server was asked, by its own audit log."""

import json
from collections import Counter
from pathlib import Path
from typing import Final

WRITES: Final = frozenset({"create", "update", "patch", "delete", "deletecollection"})
OPERATOR: Final = "project-operator/"
"""How the operator's user agent begins."""


class Traffic:
    """Requests by user agent, answered since it was made, or since `restart`."""

    def __init__(self, audit_log: Path) -> None:
        self._log = audit_log
        self.restart()

    def restart(self) -> None:
        """Count from now on."""
        self._offset = self._log.stat().st_size

    def requests(self, agent: str = OPERATOR) -> Counter[str]:
        """Of those whose name begins with ``agent``: how many of each verb and resource, such as
        ``patch projects/status``.
        """
        found: Counter[str] = Counter()
        with self._log.open("rb") as log:
            log.seek(self._offset)
            for line in log:
                # Nobody else is taken apart: there are hundreds of thousands.
                if f'"userAgent":"{agent}'.encode() not in line:
                    continue
                entry = json.loads(line)
                what = entry.get("objectRef") or {}
                place = "/".join(filter(None, (what.get("resource"), what.get("subresource"))))
                found[f"{entry['verb']} {place or entry['requestURI']}"] += 1
        return found


def writes(requests: Counter[str]) -> int:
    """How many of them ask for a change; those about Leases, which are renewed whatever happens, are left out."""
    return sum(count for what, count in requests.items() if what.split()[0] in WRITES and not what.endswith(" leases"))


def about(requests: Counter[str], resource: str) -> int:
    """How many of them ask for a change of a kind, its subresources included."""
    return sum(
        count
        for what, count in requests.items()
        if what.split()[0] in WRITES and what.split()[1].split("/")[0] == resource
    )
