"""Recording: `pytest tests/scenarios/gitops --record` writes the snapshots that the tests of `tests/gitops` read."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import argo_cd
import pytest
import yaml
from lifecycle import ROWS, row, verdicts

from project_operator.api.names import RECONCILE_ANNOTATION

Stage = Callable[[str, Mapping[str, Any]], None]
"""Look at an object at the stage of its life that has this name in the table."""


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("gitops")
    group.addoption("--record", action="store_true", help="write the snapshots of each stage anew")


@pytest.fixture
def stage(pytestconfig: pytest.Config) -> Iterator[Stage]:
    """Compares what the tools say with the table; all that was seen is recorded where that was asked for."""
    seen: dict[tuple[str, str], dict[str, Any]] = {}

    def look(name: str, obj: Mapping[str, Any]) -> None:
        assert verdicts(obj) == row(obj["kind"], name).expected, yaml.safe_dump(dict(obj))
        seen[obj["kind"], name] = json.loads(json.dumps(obj))

    yield look
    if pytestconfig.getoption("record", default=False):
        _record(seen)


def _record(seen: Mapping[tuple[str, str], dict[str, Any]]) -> None:
    for (kind, name), obj in seen.items():
        obj["metadata"].pop("managedFields", None)
        _write(row(kind, name).path, obj)
    for kind in {kind for kind, _ in seen}:
        tests = []
        for one in (one for one in ROWS if one.kind == kind and one.path.exists()):
            health = argo_cd.health(one.snapshot())
            status = {"status": health.status, "message": health.message}
            tests.append({"healthStatus": status, "inputPath": f"testdata/{one.name}.yaml"})
        _write(argo_cd.CUSTOMIZATIONS / kind / "health_test.yaml", {"tests": tests})
    if ("Project", "ready") in seen:
        ready = seen["Project", "ready"]
        testdata = argo_cd.CUSTOMIZATIONS / "Project" / "actions" / "testdata"
        # As upstream's test has it: the time in an annotation is always the same.
        annotations = ready["metadata"].get("annotations", {}) | {RECONCILE_ANNOTATION: "0001-01-01T00:00:00Z"}
        _write(testdata / "initial.yaml", ready)
        _write(testdata / "reconciled.yaml", ready | {"metadata": ready["metadata"] | {"annotations": annotations}})
        _write(testdata / "suspended.yaml", ready | {"spec": ready["spec"] | {"suspend": True}})


def _write(path: Path, document: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120), encoding="utf-8")
