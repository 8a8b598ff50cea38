import json
from collections import Counter
from pathlib import Path
from typing import Any

from bench.traffic import Traffic, about, writes


def _entry(agent: str, verb: str, resource: str, subresource: str = "") -> str:
    reference: dict[str, Any] = {"resource": resource} | ({"subresource": subresource} if subresource else {})
    entry = {"verb": verb, "userAgent": agent, "requestURI": "/", "objectRef": reference}
    return json.dumps(entry, separators=(",", ":")) + "\n"


def test_requests_are_counted_by_who_asks_and_since_when(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_text(_entry("project-operator/0.1", "patch", "projects"))
    traffic = Traffic(log)
    with log.open("a") as more:
        more.write(_entry("project-operator/0.1", "patch", "projects", "status"))
        more.write(_entry("project-operator/0.1", "list", "projects"))
        more.write(_entry("bench", "create", "projects"))

    assert traffic.requests() == {"patch projects/status": 1, "list projects": 1}
    assert traffic.requests("bench") == {"create projects": 1}


def test_reads_and_renewals_of_leases_are_no_writes() -> None:
    requests = Counter({"patch projects": 2, "patch projects/status": 3, "list projects": 5, "patch leases": 7})

    assert writes(requests) == 5
    assert about(requests, "projects") == 5
