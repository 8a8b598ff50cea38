"""`project-operator release`: the finalizers go off, the projects stay, and a person is asked first."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from command_line import ESCAPE, CommandLine, on_terminal, taken_over
from in_kind import OperatorPods
from operator_process import QUICK
from scenario import Scenario
from waiting import wait_until

from project_operator.api.names import FINALIZER, MARK_TAG
from project_operator.cli import release
from project_operator.settings import ENV_PREFIX


def held(scenario: Scenario, name: str = "team") -> bool:
    return FINALIZER in (scenario.get(name)["metadata"].get("finalizers") or ())


def settled(scenario: Scenario) -> str:
    """A Project that the operator leaves alone from now on; the id of its project."""
    scenario.apply_project()
    project_id = str(scenario.wait_ready()["status"]["id"])
    scenario.edit({"suspend": True})
    scenario.identity.admin.catch_up()
    return project_id


def by_itself(scenario: Scenario) -> None:
    """Skips where the operator runs in pods: they do not stand still, and have Leases to be known by."""
    if isinstance(scenario.operator, OperatorPods):
        pytest.skip("needs an operator that is a process of this machine, without Leases")


@contextmanager
def ended(scenario: Scenario) -> Iterator[None]:
    """Nobody puts a finalizer on meanwhile: the operator stands still, which takes less than to end and start it."""
    by_itself(scenario)
    scenario.operator.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        scenario.operator.signal(signal.SIGCONT)


@pytest.mark.whole
def test_it_asks_on_a_terminal_and_goes_on_with_yes(scenario: Scenario, command_line: CommandLine) -> None:
    project_id = settled(scenario)
    before = scenario.remote()
    ask = ("release", f"--namespace={scenario.namespace}", f"--kubeconfig={command_line.kubeconfig}")
    environ = {f"{ENV_PREFIX}{name}": value for name, value in QUICK.items()}

    no = on_terminal(*ask, keys="n\n", wait_for="[y/N]", environ=environ)
    assert no.status == 130
    assert "Nothing is sent to any backend: the projects stay, with their marks." in " ".join(no.plain.split())
    assert held(scenario)

    with ended(scenario):
        yes = on_terminal(*ask, keys="y\n", wait_for="[y/N]", environ=environ)
        assert yes.status == 0, yes.out
        assert ESCAPE in yes.out, "somebody looks on"
        assert project_id in yes.plain
        assert not held(scenario)
    assert scenario.get()["status"]["id"] == project_id
    assert scenario.remote() == before
    assert str(scenario.remote().tag(MARK_TAG)).endswith(scenario.get()["metadata"]["uid"])
    assert len(scenario.calls()) == 1


def test_without_anybody_to_ask_it_needs_yes(
    scenario: Scenario, command_line: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    settled(scenario)
    # A Project whose deletion waits goes at once, and its project stays.
    scenario.delete()
    shown = command_line("release", f"--namespace={scenario.namespace}", "--dry-run", "--output=json")
    assert {one["outcome"] for one in shown.document["released"]} == {"would be released"}
    assert held(scenario)

    with ended(scenario):
        monkeypatch.setattr(release, "SETTLE", 0.0)
        done = command_line("release", f"--namespace={scenario.namespace}", "--yes", "--output=json")
        assert done.status == 0, done.out
        released = {one["kind"]: one for one in done.document["released"]}
        assert released.keys() == {"Project", "IdentityBackend", "Secret"}
        assert released["Project"]["note"] == "its deletion goes on, and its project stays"
        scenario.wait_gone()
    assert len(scenario.identity.admin.projects()) == 1
    assert len(scenario.calls()) == 1


def test_beside_an_operator_it_fails_and_says_so(scenario: Scenario, command_line: CommandLine) -> None:
    by_itself(scenario)
    scenario.apply_project()
    scenario.wait_ready()
    # It has no Lease to be known by, as whoever starts `project-operator run`.
    ran = command_line("release", f"--namespace={scenario.namespace}", "--yes", "--output=json")
    assert ran.status == 1
    failed = [one for one in ran.document["released"] if one["outcome"] == "failed"]
    assert failed
    assert all("an operator is running; end it" in one["note"] for one in failed)
    wait_until(lambda: held(scenario), "the finalizer to be there again")
    assert len(scenario.calls()) == 1, "its creation"


def test_what_was_let_go_comes_back_by_an_import(
    scenario: Scenario, command_line: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project_id = settled(scenario)
    with ended(scenario):
        monkeypatch.setattr(release, "SETTLE", 0.0)
        assert command_line("release", f"--namespace={scenario.namespace}", "--yes").status == 0
        scenario.delete()
        scenario.wait_gone()

    (found,) = taken_over(scenario, command_line, tmp_path / "projects")

    assert found["metadata"]["name"] == "team"
    assert found["status"]["id"] == project_id
    assert len(scenario.calls()) == 1, "its creation"
