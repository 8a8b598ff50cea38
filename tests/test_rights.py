"""The ledger of rights that the scenarios keep."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from rights import Ledger, Right, granted, right_of
from rights_used import WORKER_OUTPUT, RightsUsed

READ, WRITE = Right("", "secrets", "get"), Right("", "secrets", "patch")
ROLE = {
    "kind": "Role",
    "metadata": {"name": "reader"},
    "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "patch"]}],
}
BINDING = {"kind": "RoleBinding", "metadata": {"name": "x"}, "roleRef": {"kind": "Role", "name": "reader"}}


def test_a_right_that_nothing_used_is_found() -> None:
    (complaint,) = Ledger({READ, WRITE}, {READ}).complaints(())
    assert complaint.startswith("granted, and neither used nor exempt")
    assert "patch" in complaint
    assert Ledger({READ, WRITE}, {READ}).complaints({WRITE}) == []


def test_an_exemption_from_nothing_is_found() -> None:
    (complaint,) = Ledger({READ}, {READ}).complaints({WRITE})
    assert complaint.startswith("exempt, and not granted")


def test_what_several_processes_used_is_put_together() -> None:
    ledger = Ledger()
    for used in ({READ}, {WRITE}):
        sent = json.loads(json.dumps(Ledger({READ, WRITE}, used).packed()))
        ledger.add(Ledger.unpacked(sent))
    ledger.add(Ledger.unpacked({}))
    assert ledger == Ledger({READ, WRITE}, {READ, WRITE})


def test_roles_for_people_grant_the_operator_nothing() -> None:
    assert granted([ROLE]) == set()
    assert granted([ROLE, BINDING]) == {READ, WRITE}


def test_a_subresource_is_a_right_of_its_own() -> None:
    reference = {"resource": "projects", "subresource": "status", "apiGroup": "example.com"}
    assert right_of({"verb": "patch", "objectRef": reference}) == Right("example.com", "projects/status", "patch")
    assert right_of({"verb": "get"}) is None


SCENARIOS = Path(__file__).parent / "scenarios"


class Run:
    """A run of pytest, as far as the plugin looks at it."""

    def __init__(self, **options: Any) -> None:
        self.said: list[str] = []
        writer = SimpleNamespace(line=lambda text, **_: self.said.append(text))
        self.config: Any = SimpleNamespace(
            args=["tests/scenarios"], option=SimpleNamespace(**options), get_terminal_writer=lambda: writer
        )
        self.session: Any = SimpleNamespace(exitstatus=pytest.ExitCode.OK)

    def ends(self, used: set[Right], exempt: set[Right]) -> int:
        """Its exit status, where one worker used that much of two rights."""
        worker = SimpleNamespace(workeroutput={})
        RightsUsed(worker, SCENARIOS, {}, Ledger({READ, WRITE}, used)).pytest_sessionfinish(self.session)  # type: ignore[arg-type]  # no more of a worker is looked at
        plugin = RightsUsed(self.config, SCENARIOS, dict.fromkeys(exempt, "why"))
        plugin.pytest_testnodedown(SimpleNamespace(workeroutput={WORKER_OUTPUT: worker.workeroutput[WORKER_OUTPUT]}))
        plugin.pytest_sessionfinish(self.session)
        return int(self.session.exitstatus)


def test_a_whole_run_fails_for_a_right_that_nothing_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SCENARIOS.parent.parent)
    run = Run()
    assert run.ends({READ}, set()) == pytest.ExitCode.TESTS_FAILED
    assert any("patch" in line for line in run.said)
    assert Run().ends({READ}, {WRITE}) == pytest.ExitCode.OK
    assert Run().ends({READ, WRITE}, set()) == pytest.ExitCode.OK
    assert Run().ends({READ, WRITE}, {Right("", "pods", "get")}) == pytest.ExitCode.TESTS_FAILED


def test_a_part_of_a_run_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(SCENARIOS.parent.parent)
    assert Run(keyword="create").ends({READ}, set()) == pytest.ExitCode.OK
    assert Run(deselect=["x"]).ends({READ}, set()) == pytest.ExitCode.OK
