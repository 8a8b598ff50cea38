"""Break the core in the small ways that mutmut knows, one at a time, and count how many of these its tests notice.

    mutants.py [--sample N] [--seed S] [--all]

The core is `reconcile/`, its tests are `tests/unit/reconcile/` without the two that search and walk the small world:
these take longer than all others together, and what they find the others are to find as well. A mutant is tried with
the tests that run the function it is in, the quickest first. All mutants take hours on two cores, so a sample is drawn,
which is the same for the same seed. What is known from the last run is not tried again where neither the function nor
its tests have changed. Ends with 1 where fewer than the bar are killed.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
# mutmut tells modules by their path, and knows no source folder but `src` and the root: so everything is copied.
STAGE: Final = ROOT / ".cache" / "mutants"
PACKAGE: Final = "src/project_operator"
CORE: Final = "src/project_operator/reconcile"
TESTS: Final = "tests/unit/reconcile"
COPIED: Final = ("tests/support", TESTS, "tests/conftest.py", "scripts", "pyproject.toml")
SEARCHES: Final = ("test_counterexamples.py", "test_interleavings.py")
SETTINGS: Final = f"""
[tool.mutmut]
source_paths = ["src"]
only_mutate = ["{CORE}/*.py"]
also_copy = ["scripts"]
pytest_add_cli_args = ["--timeout=20", "-pno:cacheprovider", "-pno:xdist", "-pno:schemathesis", "-pno:cov"]
pytest_add_cli_args_test_selection = ["{TESTS}"]
use_setproctitle = false
timeout_multiplier = 5.0
timeout_constant = 10.0
"""
BAR: Final = 85.0
SAMPLE: Final = 1000
SURVIVED: Final = frozenset({0})
UNTESTED: Final = frozenset({5, 33})
TIMED_OUT: Final = frozenset({24, -24, 36, 152, 255})
"""Exit statuses that mutmut keeps of a mutant; every other but None (not tried) is that of a test that failed."""


def stage() -> None:
    """Copy what is needed; what mutmut knows from before stays."""
    for copied in ("src", "tests", "scripts"):
        shutil.rmtree(STAGE / copied, ignore_errors=True)
    skipped = shutil.ignore_patterns("__pycache__", *SEARCHES)
    shutil.copytree(ROOT / "operator" / "project_operator", STAGE / PACKAGE, ignore=skipped)
    for name in COPIED:
        source, place = ROOT / name, STAGE / name
        if source.is_dir():
            shutil.copytree(source, place, ignore=skipped)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, place)
    project = STAGE / "pyproject.toml"
    text = project.read_text(encoding="utf-8")
    project.write_text(text.replace('pythonpath = ["operator"', 'pythonpath = ["src"') + SETTINGS, encoding="utf-8")


def mutmut(*names: str) -> None:
    """Make the mutants, and try those that are named. Its status says nothing: survivors are no failure of its."""
    command = [sys.executable, "-m", "mutmut", "run", f"--max-children={os.cpu_count() or 1}", *names]
    with (STAGE / "log").open("w", encoding="utf-8") as log:
        subprocess.run(command, cwd=STAGE, check=False, stdout=log, stderr=subprocess.STDOUT)


def known() -> dict[str, int | None]:
    """Every mutant, and the exit status of its tests; None: not tried."""
    found: dict[str, int | None] = {}
    for path in sorted((STAGE / "mutants" / CORE).glob("*.meta")):
        found |= json.loads(path.read_text(encoding="utf-8"))["exit_code_by_key"]
    return found


def drawn(names: list[str], size: int, seed: int) -> list[str]:
    """A sample of ``names``."""
    chosen = random.Random(seed).sample(sorted(names), min(size, len(names)))  # noqa: S311 - a sample, no secret
    return sorted(chosen)


def is_killed(status: int | None) -> bool:
    """Whether a test noticed; a mutant that never ends was noticed too."""
    return status is not None and status not in SURVIVED | UNTESTED


def report(statuses: Mapping[str, int | None]) -> str:
    """A table by module, the survivors, and the figure in the last line."""
    tried, killed, late = Counter[str](), Counter[str](), Counter[str]()
    for name, status in statuses.items():
        module = name.split(".")[2]
        tried[module] += 1
        killed[module] += is_killed(status)
        late[module] += status in TIMED_OUT
    rows = [f"| {module} | {tried[module]} | {killed[module]} | {late[module]} |" for module in sorted(tried)]
    survivors = [f"- `{name.split('.', 2)[2]}`" for name, status in statuses.items() if not is_killed(status)]
    return "\n".join(
        [
            "| module | tried | killed | of these without end |",
            "| --- | --- | --- | --- |",
            *rows,
            "",
            "survivors:",
            *survivors,
            "",
            f"{share(statuses):.1f} % of {len(statuses)} mutants are killed (bar: {BAR:g} %)",
        ]
    )


def share(statuses: Mapping[str, int | None]) -> float:
    """The share of killed mutants, in percent."""
    return 100 * sum(map(is_killed, statuses.values())) / len(statuses)


def main() -> int:
    parser = argparse.ArgumentParser(description="Count how many mutants of the core its tests notice.")
    parser.add_argument("--sample", type=int, default=SAMPLE, help=f"how many mutants to try (default: {SAMPLE})")
    parser.add_argument("--seed", type=int, default=1, help="which of them (default: 1)")
    parser.add_argument("--all", action="store_true", help="try every mutant, which takes hours")
    chosen = parser.parse_args()
    os.nice(10)
    stage()
    print("making the mutants, and timing the tests", flush=True)
    mutmut("project_operator.reconcile.backoff.x_delay__mutmut_1")
    names = list(known())
    if not names:
        print(f"mutmut made no mutant; see {STAGE / 'log'}", file=sys.stderr)
        return 1
    sample = names if chosen.all else drawn(names, chosen.sample, chosen.seed)
    print(f"{len(names)} mutants; trying {len(sample)} of them (seed {chosen.seed}); see {STAGE / 'log'}", flush=True)
    mutmut(*sample)
    statuses = known()
    tried = {name: statuses[name] for name in sample}
    print(report(tried), flush=True)
    return 0 if share(tried) >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
