"""Break the core in the small ways that mutmut knows, one at a time, and count how many of these its tests notice.

    mutants.py [--record] [--survivors] [MODULE...]

The core is `reconcile/`, its tests are `tests/unit/reconcile/` without the two that search and walk the small world:
these take longer than all others together, and what they find the others are to find as well. mutmut writes every
mutant of a function beside the function itself; which one answers is chosen when it is called, so that the tests are
collected once for all of them (`mutant_trials.py`). Ends with 1 where fewer than the bar are killed.

What is known of the last run stays in `.cache/mutants`: every verdict, and of each survivor the lines that differ.
"""

import argparse
import difflib
import hashlib
import importlib.metadata
import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import pytest
from mutmut.mutation.file_mutation import mutate_file_contents

import project_operator.reconcile
from mutant_trials import Mutant, Trials, Verdict

ROOT: Final = Path(__file__).resolve().parent.parent
STAGE: Final = ROOT / ".cache" / "mutants"
MUTATED: Final = STAGE / "reconcile"
VERDICTS: Final = STAGE / "verdicts.json"
SURVIVORS: Final = STAGE / "survivors.txt"
RECORD: Final = ROOT / "docs" / "benchmarks" / "mutants.md"
CORE: Final = ROOT / "operator" / "project_operator" / "reconcile"
PACKAGE: Final = "project_operator.reconcile"
SEARCHES: Final = ("test_counterexamples.py", "test_interleavings.py")
TESTS: Final = (
    "tests/unit/reconcile",
    *(f"--ignore=tests/unit/reconcile/{search}" for search in SEARCHES),
    *("-q", "-s", "--tb=native", "--hypothesis-profile=mutants"),
    "-Wignore:Module already imported:pytest.PytestAssertRewriteWarning",
    *(f"-pno:{plugin}" for plugin in ("cacheprovider", "xdist", "schemathesis", "cov")),
)
BAR: Final = 85.0
SEED: Final = 1
BEGIN: Final = "<!-- what `make mutants RECORD=1` writes -->\n"
END: Final = "<!-- end of that -->\n"


def mutate(source: Path) -> dict[str, Mutant]:
    """Write the mutated module to the stage; every mutant of it by name."""
    code = source.read_text(encoding="utf-8")
    made = mutate_file_contents(str(source), code)
    (MUTATED / source.name).write_text(made.code, encoding="utf-8")
    lines: list[str] = made.code.splitlines()

    def text(function: str) -> list[str]:
        span = made.line_span_by_function_name[function]
        return [line.replace(function, "") for line in lines[span.start - 1 : span.end]]

    def mutant(name: str) -> Mutant:
        original = f"{name.rpartition('_')[0]}_orig"
        before, after, first = text(original), text(name), made.line_span_by_function_name[original].start
        compared = difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        lines_changed: list[int] = []
        change: list[str] = []
        for kind, begin, end, new_begin, new_end in compared:
            if kind != "equal":
                lines_changed += (first + line for line in range(begin, max(end, begin + 1)))
                change += (f"-{old}" for old in before[begin:end])
                change += (f"+{new}" for new in after[new_begin:new_end])
        return Mutant(first=first, lines=tuple(lines_changed), change="\n".join(change))

    return {f"{PACKAGE}.{source.stem}.{name}": mutant(name) for name in made.mutant_names}


def mutate_all() -> dict[str, Mutant]:
    """The whole core is mutated on the stage, and imported from there; every mutant by its name."""
    MUTATED.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor() as pool:
        mutants = {name: one for made in pool.map(mutated, sorted(CORE.glob("*.py"))) for name, one in made.items()}
    project_operator.reconcile.__path__ = [str(MUTATED)]
    return mutants


def mutated(source: Path) -> dict[str, Mutant]:
    """As `mutate`, unless the stage has it already: it takes seconds."""
    versions = source.read_bytes() + Path(__file__).read_bytes()
    place = MUTATED / f"{source.stem}-{hashlib.sha256(versions).hexdigest()[:16]}.json"
    if place.exists():
        return {name: Mutant(**one) for name, one in json.loads(place.read_text(encoding="utf-8")).items()}
    for outdated in MUTATED.glob(f"{source.stem}-*.json"):
        outdated.unlink()
    made = mutate(source)
    place.write_text(json.dumps({name: asdict(one) for name, one in made.items()}), encoding="utf-8")
    return made


def module_of(mutant: str) -> str:
    """`settling` of `project_operator.reconcile.settling.x_settle__mutmut_1`."""
    return mutant.removeprefix(f"{PACKAGE}.").partition(".")[0]


def share(verdicts: Mapping[str, Verdict]) -> float:
    """The share of mutants that were noticed, in percent."""
    return 100 * sum(verdict.is_noticed for verdict in verdicts.values()) / len(verdicts)


def table(verdicts: Mapping[str, Verdict]) -> str:
    """The figures by module."""
    tried, noticed, endless = Counter[str](), Counter[str](), Counter[str]()
    for name, verdict in verdicts.items():
        module = module_of(name)
        tried[module] += 1
        noticed[module] += verdict.is_noticed
        endless[module] += verdict is Verdict.ENDLESS
    rows = [
        f"| `{module}` | {tried[module]} | {noticed[module]} | {endless[module]} "
        f"| {100 * noticed[module] / tried[module]:.0f} % |"
        for module in sorted(tried)
    ]
    total = f"| all | {tried.total()} | {noticed.total()} | {endless.total()} | {share(verdicts):.1f} % |"
    head = "| module | mutants | killed | of these, without end | share |"
    return "\n".join([head, "| --- | --- | --- | --- | --- |", *rows, total])


def record(verdicts: Mapping[str, Verdict], controls: int, seconds: float) -> None:
    """Write the figures to the page on them."""
    git = ("git", "describe", "--always", "--dirty", "--exclude=*")
    revision = subprocess.run(git, check=True, cwd=ROOT, capture_output=True, text=True).stdout.strip()
    figures = (
        f"{datetime.now(UTC):%Y-%m-%d}, revision {revision}, mutmut {importlib.metadata.version('mutmut')}, "
        f"Python {sys.version_info.major}.{sys.version_info.minor}, {os.cpu_count()} cores, "
        f"{seconds / 60:.0f} minutes; {controls} kills had a control, and every one passed.\n\n{table(verdicts)}\n"
    )
    before, _, rest = RECORD.read_text(encoding="utf-8").partition(BEGIN)
    RECORD.write_text(before + BEGIN + figures + END + rest.partition(END)[2], encoding="utf-8")


def keep(verdicts: Mapping[str, Verdict], mutants: Mapping[str, Mutant]) -> None:
    """What the next run, and a person who looks for what is not tested, find in the stage."""
    VERDICTS.write_text(json.dumps(verdicts, indent=1), encoding="utf-8")
    left = [f"{name}\n{mutants[name].change}\n" for name, verdict in verdicts.items() if not verdict.is_noticed]
    SURVIVORS.write_text("\n".join(left), encoding="utf-8")


def known(mutants: Mapping[str, Mutant]) -> dict[str, Verdict]:
    """What the last run found of mutants that are there still."""
    if not VERDICTS.exists():
        return {}
    verdicts: dict[str, str] = json.loads(VERDICTS.read_text(encoding="utf-8"))
    return {name: Verdict(verdict) for name, verdict in verdicts.items() if name in mutants}


def main() -> int:
    parser = argparse.ArgumentParser(description="Count how many mutants of the core its tests notice.")
    parser.add_argument("--record", action="store_true", help=f"write the figures to {RECORD.relative_to(ROOT)}")
    parser.add_argument("--survivors", action="store_true", help="try only those that the last run did not see killed")
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="modules of reconcile/ (default: all)")
    chosen = parser.parse_args()
    if chosen.record and (chosen.survivors or chosen.modules):
        parser.error("--record is for the whole count: leave out --survivors and the modules")
    os.chdir(ROOT)
    begun = time.monotonic()
    mutants = mutate_all()
    before = known(mutants)
    names = [
        name
        for name in mutants
        if (not chosen.modules or module_of(name) in chosen.modules)
        and not (chosen.survivors and name in before and before[name].is_noticed)
    ]
    if not names:
        print("mutants: no such mutants; see the names of the modules in reconcile/", file=sys.stderr)
        return 1
    random.Random(SEED).shuffle(names)  # noqa: S311 - so that what was tried at any time is a fair sample
    trials = Trials({name: mutants[name] for name in names}, MUTATED)
    trials.told = lambda: keep(before | trials.verdicts, mutants)
    if ended := pytest.main([*TESTS], plugins=[trials]):
        print("mutants: the tests fail, or cannot be collected, without any mutant", file=sys.stderr)
        return int(ended)
    seconds = time.monotonic() - begun
    trials.told()
    if chosen.record:
        record(trials.verdicts, trials.controls, seconds)
    print(f"{table(trials.verdicts)}\n\nsurvivors: {SURVIVORS.relative_to(ROOT)}")
    figure = share(trials.verdicts)
    print(
        f"mutants: {figure:.1f} % of {len(names)} killed, at least {BAR:g} % wanted; "
        f"{trials.controls} controls passed; {seconds:.0f} s"
    )
    return 0 if figure >= BAR else 1


if __name__ == "__main__":
    sys.exit(main())
