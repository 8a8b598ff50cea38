"""Run the tests part by part, and say at the end how long each took and what came of it.

    run_tests.py [--part NAME]... [-- PYTEST-ARGUMENT...]

A part is a folder of `tests/`; `unit` also has the files that lie in `tests/` itself. The unit part measures branch
coverage of `reconcile/`, the part of the code where a mistake makes or deletes the wrong project. Before the first part
that needs a control plane, or Keystone, that is made ready, which on a new machine takes minutes.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as Xml

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"
RESULTS = ROOT / ".cache" / "tests"
# Quick ones first: what is wrong shows early. A folder that is not named here comes after these.
ORDER = ("unit", "contract", "sandbox", "api", "scenarios")
# Workers where tests are many, or wait more than they compute, so many that two cores have always something to do. Each
# has a control plane of its own where it needs one, so tests that share something costly stay together: in a group
# (`loadgroup` and the marker `xdist_group`) or in their file.
WORKERS = {
    "unit": (2, "loadgroup"),
    "contract": (2, "loadgroup"),
    "sandbox": (3, "loadgroup"),
    "api": (2, "loadfile"),
    "scenarios": (3, "loadgroup"),
    "chart": (2, "loadfile"),
    "kill": (2, "loadfile"),
}
# What is fetched or built on a new machine, and the arguments of `project-operator sandbox` that get it ready.
PREPARATIONS = {
    "control plane": ("controlplane", "--build-only"),
    "Keystone": ("identity", "--backend=keystone", "--build-only"),
}
# Parts that do not need all of that.
NEEDS: dict[str, tuple[str, ...]] = {
    "unit": (),
    "contract": ("Keystone",),
    "api": ("control plane",),
    "chart": ("control plane",),
    "kill": ("control plane",),
}
# The API servers, kubectl and helm are Go programs. They collect garbage this much later, at the cost of memory: a
# fifth less work for an API server that many objects are written to.
GO_GARBAGE = {"GOGC": "400"}
COVERED = "operator/project_operator/reconcile"
COVERAGE_BAR = 95
NO_TESTS = 5


@dataclass(frozen=True)
class Result:
    """What came of one part."""

    part: str
    status: int
    seconds: float
    passed: int = 0
    failed: int = 0
    skipped: int = 0


def parts(folders: set[str]) -> list[str]:
    """The parts in the order they run."""
    return [part for part in ORDER if part in folders] + sorted(folders - set(ORDER))


def discovered() -> list[str]:
    """The parts there are."""
    return parts({path.relative_to(TESTS).parts[0] for path in TESTS.glob("*/**/test_*.py")} | {"unit"})


def command(part: str, arguments: list[str], report: Path, *, coverage: bool) -> list[str]:
    """The pytest command of one part."""
    paths = [TESTS / part] if (TESTS / part).is_dir() else []
    if part == "unit":
        paths += sorted(TESTS.glob("test_*.py"))
    # There is one cluster made by kind, and two operators on it would get in each other's way.
    alone = part not in WORKERS or "--kind" in arguments
    count, distribution = WORKERS.get(part, (0, "no"))
    workers = [] if alone else [f"--numprocesses={count}", f"--dist={distribution}"]
    measure = ["--cov=project_operator", "--cov-report="] if coverage else []
    return [
        *(sys.executable, "-m", "pytest", f"--junitxml={report}"),
        *workers,
        *measure,
        *arguments,
        *(str(path.relative_to(ROOT)) for path in paths),
    ]


def run(part: str, arguments: list[str], *, coverage: bool) -> Result:
    """Run one part."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    report = RESULTS / f"{part}.xml"
    report.unlink(missing_ok=True)
    print(f"\n=== {part} ===", flush=True)
    started = time.monotonic()
    status = subprocess.run(
        command(part, arguments, report, coverage=coverage), check=False, cwd=ROOT, env=GO_GARBAGE | os.environ
    ).returncode
    seconds = time.monotonic() - started
    if not report.exists():
        return Result(part, status, seconds)
    return counted(part, status, seconds, report.read_text(encoding="utf-8"))


def counted(part: str, status: int, seconds: float, report: str) -> Result:
    """The result, with what pytest's JUnit report counts."""
    suites = Xml.fromstring(report).iter("testsuite")  # noqa: S314 - pytest of this machine wrote it a moment ago
    counts = [[int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")] for suite in suites]
    tests, failures, errors, skipped = (sum(column) for column in zip(*counts, strict=True))
    return Result(part, status, seconds, tests - failures - errors - skipped, failures + errors, skipped)


def docker_is_missing() -> str:
    """Why kind cannot run here; "" where it can."""
    docker = shutil.which("docker")
    if docker is None:
        return "there is no docker on PATH"
    asked = subprocess.run([docker, "info"], check=False, capture_output=True, text=True)
    return "" if asked.returncode == 0 else "the docker on PATH reaches no engine"


def needed(part: str, arguments: list[str]) -> list[str]:
    """What must be ready before a part runs; kind brings a control plane."""
    needs = NEEDS.get(part, tuple(PREPARATIONS))
    return [what for what in needs if not (what == "control plane" and "--kind" in arguments)]


def prepared(what: str) -> Result:
    """The result of making something ready."""
    print(f"\n=== {what} ===", flush=True)
    started = time.monotonic()
    command = [sys.executable, "-m", "project_operator", "sandbox", *PREPARATIONS[what]]
    status = subprocess.run(command, check=False, cwd=ROOT).returncode
    return Result(what, status, time.monotonic() - started)


def coverage_holds() -> bool:
    """Whether the unit tests reach the bar in `reconcile/`; says so."""
    if not list((ROOT / COVERED).glob("[!_]*.py")):
        print(f"\ncoverage of {COVERED}: there is nothing in it yet", flush=True)
        return True
    coverage = [sys.executable, "-m", "coverage"]
    subprocess.run([*coverage, "report", f"--include={COVERED}/*"], check=True, cwd=ROOT)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "coverage.json")
        command = [*coverage, "json", "--quiet", f"--include={COVERED}/*", f"--output-file={path}"]
        subprocess.run(command, check=True, cwd=ROOT)
        share = branches_covered(path.read_text(encoding="utf-8"))
    print(f"\nbranches of {COVERED} that the unit tests take: {share:.1f} % (bar: {COVERAGE_BAR} %)", flush=True)
    return share >= COVERAGE_BAR


def branches_covered(report: str) -> float:
    """The share of branches, in percent, in a JSON report of coverage.py; its own percentage is of lines as well."""
    totals = json.loads(report)["totals"]
    return 100.0 * totals["covered_branches"] / totals["num_branches"]


def summary(results: list[Result]) -> str:
    """The closing lines: time by part, then the sums."""
    rows = [
        f"  {result.part:<13} {result.seconds:7.1f} s   {result.passed:>5} passed {result.failed:>4} failed"
        f" {result.skipped:>4} skipped" + ("" if result.status in (0, NO_TESTS) else f"   exit status {result.status}")
        for result in results
    ]
    total = sum(result.seconds for result in results)
    passed, failed, skipped = (
        sum(getattr(result, name) for result in results) for name in ("passed", "failed", "skipped")
    )
    closing = f"{passed} passed, {failed} failed, {skipped} skipped"
    return "\n".join(["", "time by part", *rows, f"  {'all':<13} {total:7.1f} s", "", closing])


def main() -> int:
    parser = argparse.ArgumentParser(description="Run the tests part by part.")
    parser.add_argument("--part", action="append", choices=discovered(), help="only this part; may be repeated")
    parser.add_argument("arguments", nargs="*", help="arguments for pytest, after --")
    chosen = parser.parse_args()
    if "--kind" in chosen.arguments and (missing := docker_is_missing()):
        print(f"kind needs Docker, and {missing}; `make test` needs neither", file=sys.stderr)
        return 1
    whole = not chosen.part and not chosen.arguments
    if whole:
        subprocess.run([sys.executable, "-m", "coverage", "erase"], check=True, cwd=ROOT)
    results: list[Result] = []
    for part in chosen.part or discovered():
        done = {result.part for result in results}
        builds = [prepared(what) for what in needed(part, chosen.arguments) if what not in done]
        results += builds
        if any(build.status != 0 for build in builds):
            break
        results.append(run(part, chosen.arguments, coverage=whole and part == "unit"))
    covered = coverage_holds() if whole else True
    print(summary(results), flush=True)
    if not covered:
        print(f"branch coverage of {COVERED} is below {COVERAGE_BAR} %", file=sys.stderr)
    # Without a test a part has gone wrong, unless the arguments chose none of it.
    bad = [result for result in results if result.status not in ((0,) if whole else (0, NO_TESTS))]
    if bad or not covered:
        return 1
    return 0 if any(result.passed for result in results) else NO_TESTS


if __name__ == "__main__":
    sys.exit(main())
