import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import run_tests
from run_tests import Result


def test_known_parts_come_first_and_new_folders_after_them() -> None:
    assert run_tests.parts({"zebra", "scenarios", "unit", "chart"}) == ["unit", "scenarios", "chart", "zebra"]


def test_arguments_go_to_pytest_before_the_paths() -> None:
    command = run_tests.command("unit", ["-k", "x"], Path("r.xml"), coverage=True)
    assert command[1:4] == ["-m", "pytest", "--junitxml=r.xml"]
    assert "--cov=project_operator" in command
    assert command.index("-k") < command.index("tests/unit") < command.index("tests/test_layout.py")


@pytest.mark.parametrize(("part", "distribution"), [("scenarios", "loadgroup"), ("api", "loadfile")])
def test_workers_share_a_part_but_not_a_cluster(part: str, distribution: str) -> None:
    def options(*arguments: str) -> list[str]:
        command = run_tests.command(part, list(arguments), Path("r.xml"), coverage=False)
        return [each.split("=")[1] for each in command if each.startswith(("--numprocesses=", "--dist="))]

    count, chosen = options()
    assert int(count) > 1
    assert chosen == distribution
    assert options("--kind") == []


def test_a_group_of_tests_stays_on_one_worker(tmp_path: Path) -> None:
    shutil.copy(run_tests.TESTS / "conftest.py", tmp_path)
    marks = '@pytest.mark.xdist_group("one")\n@pytest.mark.parametrize("n", range(6))\n'
    (tmp_path / "test_grouped.py").write_text(f"import pytest\n\n{marks}def test_it(n):\n    pass\n", encoding="utf-8")
    options = ["-c", str(run_tests.ROOT / "pyproject.toml"), "-p", "no:cacheprovider", "-v"]
    workers = ["--numprocesses=2", "--dist=loadgroup"]
    command = [sys.executable, "-m", "pytest", *options, *workers, str(tmp_path)]
    said = subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path).stdout
    passed = [line for line in said.splitlines() if "PASSED" in line]
    assert len(passed) == 6
    assert len({line.split()[0] for line in passed}) == 1


def test_every_part_that_has_workers_is_there() -> None:
    assert set(run_tests.WORKERS) <= set(run_tests.discovered())


def test_a_users_own_setting_for_go_stays(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said = tmp_path / "said"
    program = [sys.executable, "-c", f"import os, pathlib; pathlib.Path({str(said)!r}).write_text(os.environ['GOGC'])"]
    monkeypatch.setattr(run_tests, "RESULTS", tmp_path)
    monkeypatch.setattr(run_tests, "command", lambda *_arguments, **_options: program)
    for chosen in (None, "50"):
        if chosen is None:
            monkeypatch.delenv("GOGC", raising=False)
        else:
            monkeypatch.setenv("GOGC", chosen)
        assert run_tests.run("unit", [], coverage=False).status == 0
        assert said.read_text() == (chosen or run_tests.GO_GARBAGE["GOGC"])


def test_errors_count_as_failures() -> None:
    report = '<testsuites><testsuite tests="7" failures="1" errors="2" skipped="1"/></testsuites>'
    result = run_tests.counted("unit", 1, 2.5, report)
    assert (result.passed, result.failed, result.skipped) == (3, 3, 1)


def test_the_last_line_is_the_sum() -> None:
    text = run_tests.summary([Result("unit", 0, 1.0, passed=3, skipped=1), Result("api", 1, 61.0, passed=2, failed=1)])
    assert text.splitlines()[-1] == "5 passed, 1 failed, 1 skipped"
    assert "exit status 1" in text
    assert "62.0 s" in text


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


def test_making_ready_starts_nothing() -> None:
    assert all("--build-only" in arguments for arguments in run_tests.PREPARATIONS.values())


def test_the_bar_is_for_branches_whatever_the_lines_are() -> None:
    totals = {"covered_lines": 990, "num_statements": 1000, "covered_branches": 90, "num_branches": 100}
    assert run_tests.branches_covered(json.dumps({"totals": totals})) == 90.0
