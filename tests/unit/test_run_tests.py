import json
import sys
from pathlib import Path

import pytest

import run_tests
from jobs import Ended, Job
from run_tests import Result


def test_known_parts_come_first_and_new_folders_after_them() -> None:
    assert run_tests.parts({"zebra", "unit", "api", "scenarios"}) == ["unit", "scenarios", "api", "zebra"]


def test_arguments_go_to_pytest_before_the_paths() -> None:
    command = run_tests.command("unit", ["-k", "x"], Path("r.xml"), coverage=True)
    assert command[1:4] == ["-m", "pytest", "--junitxml=r.xml"]
    assert "--cov" in command
    assert command.index("-k") < command.index("tests/unit") < command.index("tests/test_layout.py")


def test_the_core_is_measured_by_tests_of_its_own() -> None:
    core, unit = (run_tests.command(part, [], Path("r.xml"), coverage=part == "core") for part in ("core", "unit"))
    assert ("--cov" in core, core[-1]) == (True, "tests/unit/reconcile")
    assert ("--cov" in unit, "--ignore=tests/unit/reconcile" in unit) == (False, True)
    assert {"core", "unit"} <= set(run_tests.discovered())


def test_workers_share_a_part_that_waits_but_not_a_cluster() -> None:
    def options(part: str, *arguments: str) -> list[str]:
        command = run_tests.command(part, list(arguments), Path("r.xml"), coverage=False)
        return [each.split("=")[1] for each in command if each.startswith(("--numprocesses=", "--dist="))]

    assert options("scenarios") == ["2", "loadgroup"]
    assert options("scenarios", "--kind") == options("api") == []


def test_every_part_that_has_workers_is_there() -> None:
    assert set(run_tests.WORKERS) <= set(run_tests.discovered())


def test_a_users_own_setting_for_go_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    part = Job("api", (), 1)
    for name, ours in run_tests.GO_PROGRAMS.items():
        monkeypatch.delenv(name, raising=False)
        assert run_tests.environment(part)[name] == ours
        monkeypatch.setenv(name, "50")
        assert run_tests.environment(part)[name] == "50"


def test_what_builds_programs_has_all_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOMAXPROCS", raising=False)
    assert run_tests.PREPARATIONS
    for name in run_tests.PREPARATIONS:
        assert "GOMAXPROCS" not in run_tests.environment(Job(name, (), 1))


def test_bytecode_is_kept_whatever_the_user_has_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert "PYTHONDONTWRITEBYTECODE" not in run_tests.environment(Job("unit", (), 1))


def ended(status: int = 0, seconds: float = 2.5, report: Path | None = None) -> Ended:
    return Ended(Job("unit", (), 1, report=report), status, seconds, cpu_seconds=4.5)


def test_errors_count_as_failures(tmp_path: Path) -> None:
    report = tmp_path / "unit.xml"
    report.write_text('<testsuites><testsuite tests="7" failures="1" errors="2" skipped="1"/></testsuites>')
    assert run_tests.counted(ended(1, report=report)) == Result("unit", 1, 2.5, 4.5, passed=3, failed=3, skipped=1)


def test_without_a_report_nothing_has_passed(tmp_path: Path) -> None:
    assert run_tests.counted(ended(4, report=tmp_path / "none.xml")) == Result("unit", 4, 2.5, 4.5)


def test_the_last_line_is_the_sum() -> None:
    results = [Result("unit", 0, 50.0, 80.5, passed=3, skipped=1), Result("api", 1, 61.0, 9.0, passed=2, failed=1)]
    text = run_tests.summary(results, 70.25)
    assert text.splitlines()[-1] == "5 passed, 1 failed, 1 skipped"
    assert "exit status 1" in text
    assert "all              70.2 s    89.5 s of CPU" in text


def test_what_a_job_says_is_shown_in_one_piece(capfd: pytest.CaptureFixture[str]) -> None:
    speak = "import sys; print('one', flush=True); print('two', file=sys.stderr, flush=True); sys.exit(3)"
    assert run_tests.show(Job("unit", (sys.executable, "-c", speak), 1)).status == 3
    assert capfd.readouterr().out == "unit: begun\n\n=== unit ===\none\ntwo\n\n"


def test_parts_wait_for_what_they_need_and_unit_tests_for_nothing() -> None:
    jobs = {job.name: job for job in run_tests.jobs_of(["unit", "contract", "api"], [], coverage=True)}
    assert list(jobs) == ["control plane", "Keystone", "unit", "contract", "api"]
    assert [jobs[name].needs for name in ("unit", "contract", "api")] == [(), ("Keystone",), ("control plane",)]
    assert jobs["control plane"].weight + jobs["unit"].weight <= run_tests.ROOM
    assert "--cov" not in jobs["unit"].command


@pytest.mark.parametrize(("part", "arguments"), [("api", ["--kind"]), ("zebra", [])])
def test_some_parts_have_the_machine_to_themselves(part: str, arguments: list[str]) -> None:
    assert run_tests.weight(part, arguments) == run_tests.ROOM
    assert run_tests.weight("api", []) < run_tests.ROOM


def test_parts_that_compute_leave_the_cores_to_those_that_wait() -> None:
    jobs = {job.name: job for job in run_tests.jobs_of(["core", "scenarios"], [], coverage=True)}
    assert [jobs[name].command[0] for name in ("core", "scenarios")] == ["nice", sys.executable]
    assert all(run_tests.WORKERS[part] == 1 for part in run_tests.YIELDING)


def test_a_plugin_is_loaded_where_it_is_needed() -> None:
    def left_out(part: str, *arguments: str) -> list[str]:
        command = run_tests.command(part, list(arguments), Path("r.xml"), coverage=False)
        return [each.removeprefix("-pno:") for each in command if each.startswith("-pno:")]

    assert left_out("unit") == ["schemathesis", "pytest-kind-ng"]
    assert left_out("scenarios", "--kind") == ["schemathesis"]


@pytest.mark.parametrize(("engine", "said"), [(1, "the docker on PATH reaches no engine"), (0, "")])
def test_kind_is_refused_in_one_line_where_docker_has_no_engine(
    engine: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker = tmp_path / "docker"
    docker.write_text(f"#!/bin/sh\nexit {engine}\n", encoding="utf-8")
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run_tests.docker_is_missing() == said


def test_kind_is_refused_in_one_line_where_there_is_no_docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert run_tests.docker_is_missing() == "there is no docker on PATH"


def test_what_a_part_needs_is_made_ready_before_it() -> None:
    assert run_tests.needed("unit", []) == []
    assert run_tests.needed("contract", []) == ["Keystone"]
    assert run_tests.needed("scenarios", []) == ["control plane", "Keystone"]
    assert run_tests.needed("api", []) == ["control plane"]
    assert run_tests.needed("scenarios", ["--kind"]) == ["Keystone"]


def test_a_cluster_that_is_not_named_expendable_is_refused_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("SANDBOX_KUBECONFIG", "SANDBOX_EXPENDABLE"):
        monkeypatch.delenv(variable, raising=False)
    assert run_tests.cluster_is_refused() == ""
    config = tmp_path / "config"
    config.write_text("current-context: production\n", encoding="utf-8")
    monkeypatch.setenv("SANDBOX_KUBECONFIG", str(config))
    assert "points at context production, and --expendable was not given" in run_tests.cluster_is_refused()
    monkeypatch.setenv("SANDBOX_EXPENDABLE", "playground")
    assert "--expendable names playground" in run_tests.cluster_is_refused()
    assert "\n" not in run_tests.cluster_is_refused()
    monkeypatch.setenv("SANDBOX_EXPENDABLE", "production")
    assert run_tests.cluster_is_refused() == ""


def test_parts_on_a_persons_cluster_take_turns_as_on_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SANDBOX_KUBECONFIG", raising=False)
    assert [run_tests.one_cluster(arguments) for arguments in ([], ["-k", "kind"], ["--kind"])] == [False, False, True]
    monkeypatch.setenv("SANDBOX_KUBECONFIG", "/home/somebody/config")
    assert run_tests.weight("scenarios", []) == run_tests.ROOM
    assert run_tests.needed("scenarios", []) == ["Keystone"]
    assert not [one for one in run_tests.command("scenarios", [], Path("r.xml"), coverage=False) if "numproc" in one]


def test_making_ready_starts_nothing() -> None:
    assert all("--build-only" in arguments for arguments in run_tests.PREPARATIONS.values())


def test_the_bar_is_for_branches_whatever_the_lines_are() -> None:
    totals = {"covered_lines": 990, "num_statements": 1000, "covered_branches": 90, "num_branches": 100}
    assert run_tests.branches_covered(json.dumps({"totals": totals})) == 90.0
