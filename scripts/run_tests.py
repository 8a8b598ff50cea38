"""Run the tests part by part, and say at the end how long each took and what came of it.

    run_tests.py [--part NAME]... [-- PYTEST-ARGUMENT...]

A part is a folder of `tests/`, but that `core` is `tests/unit/reconcile/` and `unit` the rest of `tests/unit/` with the
files that lie in `tests/` itself. The core's tests alone have to cover the branches of `reconcile/`, the part of the
code where a mistake makes or deletes the wrong project. Parts run side by side, as many as keep the machine busy; what
each says is shown in one piece when it has ended. A control plane and Keystone are made ready before the parts that
need them, which on a new machine takes minutes.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from xml.etree import ElementTree as Xml

import jobs
from jobs import Ended, Job
from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane.decisions import judge_kubeconfig
from project_operator.sandbox.controlplane.kubeconfig import current_context
from project_operator.sandbox.controlplane.search import Options

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"
CORE = TESTS / "unit" / "reconcile"
RESULTS = ROOT / ".cache" / "tests"
# The first that there is room for begins: unit tests, as what is wrong is to show early, then those that take longest,
# so that none is left over in the end, and last the core's, which compute while others wait. A folder that is not named
# here comes after these.
ORDER = (
    *("unit", "scenarios", "sandbox", "contract", "kill", "chaos"),
    *("chart", "api", "gitops", "monitoring", "core"),
)
# Workers where tests wait more than they compute. Each has a control plane of its own where it needs one, and each
# imports and collects all tests of the part: so a part that computes has a single process, and other parts beside it.
# Tests that share something costly stay together, in a group (`loadgroup` and the marker `xdist_group`).
WORKERS = dict.fromkeys(ORDER, 1) | {"scenarios": 2, "sandbox": 2}
DISTRIBUTION = "loadgroup"
# So many parts keep two cores busy, whatever they work at; more where there are more cores. With seven, each takes the
# cores' caches from the others, and all together a tenth longer. Two workers that wait for others for most of their
# time count as one.
ROOM = max(5, 2 * (os.cpu_count() or 1))
# Parts that compute all the time leave the cores to those that wait, whenever these have something to do: else the
# latter would last longest, and the cores would have nothing to do in the end. Not so the one that has the most to
# compute, for one process has one core.
YIELDING = {"contract": 3, "core": 5}
# What takes minutes to hours has a verb of its own (`make soak`).
SOAK = "soak"
# Plugins that are dear to import; the first is for the soak alone, the second for clusters made by kind.
SCHEMATHESIS = "schemathesis"
KIND = "pytest-kind-ng"
# What is fetched or built on a new machine, and the arguments of `project-operator sandbox` that get it ready.
PREPARATIONS = {
    "control plane": ("controlplane", "--build-only"),
    "Keystone": ("identity", "--backend=keystone", "--build-only"),
}
# Parts that do not need all of that.
NEEDS: dict[str, tuple[str, ...]] = {
    "core": (),
    "unit": (),
    "contract": ("Keystone",),
    "api": ("control plane",),
    "chart": ("control plane",),
    "gitops": (),
    "monitoring": (),
    "kill": ("control plane",),
    "chaos": ("control plane",),
}
# The API servers, kubectl and helm are Go programs. They collect garbage this much later, at the cost of memory: a
# fifth less work for an API server that many objects are written to. And each keeps to one core, as others have
# something to do for the rest: what they spend on looking for work in another is a tenth of what they do. What builds
# programs has all cores.
GO_PROGRAMS = {"GOGC": "400", "GOMAXPROCS": "1"}
COVERED = "operator/project_operator/reconcile"
COVERAGE_BAR = 95
NO_TESTS = 5


@dataclass(frozen=True)
class Result:
    """What came of a part, or of what parts need."""

    name: str
    status: int
    seconds: float
    cpu_seconds: float
    passed: int = 0
    failed: int = 0
    skipped: int = 0


def parts(folders: set[str]) -> list[str]:
    """The parts in the order they run."""
    return [part for part in ORDER if part in folders] + sorted(folders - set(ORDER))


def discovered() -> list[str]:
    """The parts there are."""
    folders = {path.relative_to(TESTS).parts[0] for path in TESTS.glob("*/**/test_*.py")}
    return parts((folders | {"core", "unit"}) - {SOAK})


def command(part: str, arguments: list[str], report: Path, *, coverage: bool) -> list[str]:
    """The pytest command of one part."""
    folder = CORE if part == "core" else TESTS / part
    paths = [folder] if folder.is_dir() else []
    besides: list[str] = []
    if part == "unit":
        paths += sorted(TESTS.glob("test_*.py"))
        besides = [f"--ignore={CORE.relative_to(ROOT)}"]
    # Two operators on one cluster would get in each other's way.
    count = 1 if one_cluster(arguments) else WORKERS.get(part, 1)
    workers = [f"--numprocesses={count}", f"--dist={DISTRIBUTION}"] if count > 1 else []
    measure = ["--cov", "--cov-report="] if coverage else []
    unused = [SCHEMATHESIS, *([] if "--kind" in arguments else [KIND])]
    return [
        *(sys.executable, "-m", "pytest", f"--junitxml={report}"),
        *(f"-pno:{plugin}" for plugin in unused),
        # Several write at once.
        *("-o", f"cache_dir=.pytest_cache/{part}"),
        *workers,
        *measure,
        *besides,
        *arguments,
        *(str(path.relative_to(ROOT)) for path in paths),
    ]


def environment(job: Job) -> dict[str, str]:
    """What a job has. Bytecode is kept: hundreds of processes would compile the same modules again and again."""
    known = os.environ if job.name in PREPARATIONS else GO_PROGRAMS | os.environ
    return {name: value for name, value in known.items() if name != "PYTHONDONTWRITEBYTECODE"}


def run(job: Job) -> Ended:
    """Run a job alone; what it says goes where our own words go."""
    return jobs.run(job, ROOT, environment(job), None)


def show(job: Job) -> Ended:
    """Run a job beside others; what it says is shown when it has ended."""
    print(f"{job.name}: begun", flush=True)
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        ended = jobs.run(job, ROOT, environment(job), output)
        output.seek(0)
        print(f"\n=== {job.name} ===\n{output.read().rstrip()}\n", flush=True)
    return ended


def counted(ended: Ended) -> Result:
    """The result, with what pytest's JUnit report counts."""
    result = partial(Result, ended.job.name, ended.status, ended.seconds, ended.cpu_seconds)
    if ended.job.report is None or not ended.job.report.exists():
        return result()
    suites = Xml.parse(ended.job.report).iter("testsuite")  # noqa: S314 - pytest of this machine wrote it a moment ago
    counts = [[int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")] for suite in suites]
    tests, failures, errors, skipped = (sum(column) for column in zip(*counts, strict=True))
    return result(tests - failures - errors - skipped, failures + errors, skipped)


def one_cluster(arguments: list[str]) -> bool:
    """Whether all parts have the same cluster: one made by kind, or a person's (docs/sandbox.md)."""
    return "--kind" in arguments or bool(os.environ.get("SANDBOX_KUBECONFIG"))


def cluster_is_refused() -> str:
    """Why the cluster of SANDBOX_KUBECONFIG is not taken; "" where it is, or none is named."""
    options = Options.from_environment(os.environ)
    try:
        context = current_context(options.kubeconfig) if options.kubeconfig else None
        judge_kubeconfig(options.kubeconfig, options.expendable, context)
    except SandboxError as error:
        return str(error)
    return ""


def docker_is_missing() -> str:
    """Why kind cannot run here; "" where it can."""
    docker = shutil.which("docker")
    if docker is None:
        return "there is no docker on PATH"
    asked = subprocess.run([docker, "info"], check=False, capture_output=True, text=True)
    return "" if asked.returncode == 0 else "the docker on PATH reaches no engine"


def needed(part: str, arguments: list[str]) -> list[str]:
    """What must be ready before a part runs; a cluster is a control plane."""
    needs = NEEDS.get(part, tuple(PREPARATIONS))
    return [what for what in needs if not (what == "control plane" and one_cluster(arguments))]


def weight(part: str, arguments: list[str]) -> int:
    """How much of `ROOM` a part takes. Those that share one cluster take turns."""
    alone = part not in WORKERS or one_cluster(arguments)
    return ROOM if alone else 1


def jobs_of(chosen: Sequence[str], arguments: list[str], *, coverage: bool) -> list[Job]:
    """What the parts need, then the parts."""
    needs = {part: tuple(needed(part, arguments)) for part in chosen}
    sandbox = (sys.executable, "-m", "project_operator", "sandbox")
    # A build takes what the unit tests, which need none, leave: the core's are for the end.
    preparations = [
        Job(what, (*sandbox, *how), ROOM - 1)
        for what, how in PREPARATIONS.items()
        if any(what in each for each in needs.values())
    ]

    def part_job(part: str) -> Job:
        report = RESULTS / f"{part}.xml"
        how = command(part, arguments, report, coverage=coverage and part == "core")
        patient = ("nice", "-n", str(YIELDING[part])) if part in YIELDING else ()
        return Job(part, (*patient, *how), weight(part, arguments), needs[part], report)

    return [*preparations, *map(part_job, chosen)]


def coverage_holds() -> bool:
    """Whether the unit tests reach the bar in `reconcile/`; says so."""
    if not list((ROOT / COVERED).glob("[!_]*.py")):
        print(f"\ncoverage of {COVERED}: there is nothing in it yet", flush=True)
        return True
    coverage = [sys.executable, "-m", "coverage"]
    subprocess.run([*coverage, "report", f"--include={COVERED}/*"], check=True, cwd=ROOT)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "coverage.json")
        command = [*coverage, "json", "--quiet", f"--include={COVERED}/*", "-o", str(path)]
        subprocess.run(command, check=True, cwd=ROOT)
        share = branches_covered(path.read_text(encoding="utf-8"))
    print(f"\nbranches of {COVERED} that the core's tests take: {share:.1f} % (bar: {COVERAGE_BAR} %)", flush=True)
    return share >= COVERAGE_BAR


def branches_covered(report: str) -> float:
    """The share of branches, in percent, in a JSON report of coverage.py; its own percentage is of lines as well."""
    totals = json.loads(report)["totals"]
    return float(100 * totals["covered_branches"] / totals["num_branches"])


def summary(results: list[Result], seconds: float) -> str:
    """The closing lines: time by part, then the sums. Parts that ran side by side took ``seconds`` together."""
    rows = [
        f"  {result.name:<13} {result.seconds:7.1f} s {result.cpu_seconds:7.1f} s of CPU   {result.passed:>5} passed"
        f" {result.failed:>4} failed {result.skipped:>4} skipped"
        + ("" if result.status in (0, NO_TESTS) else f"   exit status {result.status}")
        for result in results
    ]
    cpu_seconds = sum(result.cpu_seconds for result in results)
    passed, failed, skipped = (
        sum(getattr(result, name) for result in results) for name in ("passed", "failed", "skipped")
    )
    closing = f"{passed} passed, {failed} failed, {skipped} skipped"
    return "\n".join(
        ["", "time by part", *rows, f"  {'all':<13} {seconds:7.1f} s {cpu_seconds:7.1f} s of CPU", "", closing]
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Run the tests part by part.")
    parser.add_argument("--part", action="append", choices=discovered(), help="only this part; may be repeated")
    parser.add_argument("arguments", nargs="*", help="arguments for pytest, after --")
    chosen = parser.parse_args()
    if "--kind" in chosen.arguments and (missing := docker_is_missing()):
        print(f"kind needs Docker, and {missing}; `make test` needs neither", file=sys.stderr)
        return 1
    if refused := cluster_is_refused():
        print(refused, file=sys.stderr)
        return 1
    started = time.monotonic()
    whole = not chosen.part and not chosen.arguments
    if whole:
        subprocess.run([sys.executable, "-m", "coverage", "erase"], check=True, cwd=ROOT)
    RESULTS.mkdir(parents=True, exist_ok=True)
    planned = jobs_of(parts(set(chosen.part or discovered())), chosen.arguments, coverage=whole)
    alone = len(chosen.part or ()) == 1 or one_cluster(chosen.arguments)
    results = [counted(ended) for ended in jobs.run_all(planned, ROOM, run if alone else show)]
    covered = coverage_holds() if whole else True
    print(summary(results, time.monotonic() - started), flush=True)
    if not covered:
        print(f"branch coverage of {COVERED} is below {COVERAGE_BAR} %", file=sys.stderr)
    never_begun = [job.name for job in planned if job.name not in {result.name for result in results}]
    if never_begun:
        print(f"not run, as what they need could not be made ready: {', '.join(never_begun)}", file=sys.stderr)
    # Without a test a part has gone wrong, unless the arguments chose none of it.
    bad = [result for result in results if result.status not in ((0,) if whole else (0, NO_TESTS))]
    if bad or never_begun or not covered:
        return 1
    return 0 if any(result.passed for result in results) else NO_TESTS


if __name__ == "__main__":
    sys.exit(main())
