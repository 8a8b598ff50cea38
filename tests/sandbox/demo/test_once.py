import time
from types import SimpleNamespace
from typing import Any

import pytest

from project_operator.errors import SandboxError
from project_operator.sandbox.demo import once
from project_operator.sandbox.demo.watching import Change

REFUSED = {
    "type": "Ready",
    "status": "False",
    "reason": "Unsupported",
    "message": "`spec.name` must be shorter",
    "lastTransitionTime": "2026-11-22T12:00:00Z",
}


def project(name: str, *conditions: dict[str, Any]) -> Change:
    raw = {"metadata": {"name": name, "namespace": "demo"}, "spec": {}, "status": {"conditions": list(conditions)}}
    return Change(("demo", name), raw)


def follow(monkeypatch: pytest.MonkeyPatch, *changes: Change, gone: bool = False) -> tuple[Any, list[str]]:
    """What `_follow` returns for ``alpha``, and what it tells; a clock that jumps to the end after the changes."""
    said: list[str] = []
    coming = iter(changes)
    clock = iter([0.0] * (len(changes) + 1) + [once.WITHIN] * 2)
    monkeypatch.setattr(time, "monotonic", lambda: next(clock))
    stage: Any = SimpleNamespace(check=lambda: None, narration=SimpleNamespace(say=said.append))
    watch: Any = SimpleNamespace(take=lambda _: next(coming))
    return once._follow(stage, watch, "alpha", gone=gone), said


def test_it_ends_when_the_project_is_ready_and_tells_each_change_once(monkeypatch: pytest.MonkeyPatch) -> None:
    ready = REFUSED | {"status": "True", "reason": "Succeeded", "message": "all is well"}
    changes = (project("alpha"), project("alpha"), project("beta", ready), project("alpha", ready))
    row, said = follow(monkeypatch, *changes)
    assert (row.name, row.ready) == ("alpha", "True")
    assert [line.split()[2:4] for line in said] == [["alpha", "waiting"], ["alpha", "waiting"]]
    assert said[-1].endswith("Ready=True  all is well")


def test_it_ends_when_the_project_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    row, said = follow(monkeypatch, Change(("demo", "beta"), None), Change(("demo", "alpha"), None), gone=True)
    assert row is None
    assert said == []


def test_what_does_not_become_ready_is_told_with_its_last_condition(monkeypatch: pytest.MonkeyPatch) -> None:
    reason = r"^Project alpha was not Ready after 90 s; Unsupported: `spec.name` must be shorter$"
    with pytest.raises(SandboxError, match=reason):
        follow(monkeypatch, project("alpha", REFUSED))


def test_what_is_never_seen_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SandboxError, match=r"^Project alpha was not gone after 90 s; no status$"):
        follow(monkeypatch, gone=True)
