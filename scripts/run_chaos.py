"""Break things on purpose, all of it, and say what came of it.

    run_chaos.py [--record] [-- PYTEST-ARGUMENT...]

Progress is shown while it runs, by as many workers as keep two cores busy: each has a control plane of its own, and
waits more than it computes. `--record` writes the figures of each fault into `docs/benchmarks/chaos.md` and beside it,
with the revision that was tried: of a whole run, so it takes no arguments, and of one in which nothing failed.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
POINTS = ROOT / ".cache" / "tests" / "chaos-points.json"
ISOLATION = POINTS.with_name("chaos-isolation.txt")
RECORD = ROOT / "docs" / "benchmarks" / "chaos.json"
PAGE = RECORD.with_suffix(".md")
BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
WORKERS = 3
PARTS = ("matrix", "what", "where")
FIGURES = ("tried", "survived", "duplicates", "leaks", "stuck", "needs_a_person", "broken")


def command(arguments: list[str]) -> list[str]:
    """The pytest command."""
    return [
        *(sys.executable, "-m", "pytest", "tests/chaos", "--whole", f"--points={POINTS}"),
        f"--isolation={ISOLATION}",
        *("-pno:schemathesis", "-o", "cache_dir=.pytest_cache/chaos-whole"),
        # Whoever has nothing left takes from the others: some tests take a hundred times as long as most.
        *(f"--numprocesses={WORKERS}", "--dist=worksteal"),
        *arguments,
    ]


def grouped(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The figures by what was broken and where, of all operations and backends together."""
    rows: dict[tuple[str, ...], Counter[str]] = {}
    for point in points:
        key = tuple(str(point[part]) for part in PARTS)
        rows.setdefault(key, Counter()).update({figure: int(point[figure]) for figure in FIGURES})
    return [dict(zip(PARTS, key, strict=True)) | {name: rows[key][name] for name in FIGURES} for key in sorted(rows)]


def summed(points: list[dict[str, Any]]) -> dict[str, int]:
    """The figures of all together."""
    return {figure: sum(int(point[figure]) for point in points) for figure in FIGURES}


def totals(points: list[dict[str, Any]], seconds: float) -> str:
    """The last line."""
    told = ", ".join(f"{count} {figure.replace('_', ' ')}" for figure, count in summed(points).items())
    return f"chaos: {told.replace('tried', 'points tried').replace('broken', 'broken otherwise')}; {seconds:.0f} s"


def figures(points: list[dict[str, Any]], circumstances: str, isolation: str) -> str:
    """What the page says of a run; ``isolation`` is how long tenants waited."""
    head = [*PARTS, *(figure.replace("_", " ").replace("broken", "broken otherwise") for figure in FIGURES)]
    rows = [*grouped(points), dict.fromkeys(PARTS, "") | {"matrix": "all"} | summed(points)]
    kinds = sorted({str(point["operation"]) for point in points})
    places = sorted({str(point["place"]) for point in points})
    counts = Counter((str(point["place"]), str(point["operation"])) for point in points)
    return "\n".join(
        [
            circumstances,
            "",
            *markdown(head, [[row[name] for name in (*PARTS, *FIGURES)] for row in rows]),
            "",
            "Points by backend and operation:",
            "",
            *markdown(["backend", *kinds], [[place, *(counts[place, kind] for kind in kinds)] for place in places]),
            "",
            "How long the Projects of one tenant waited, alone and beside another's:",
            "",
            "```text",
            isolation.strip(),
            "```",
        ]
    )


def markdown(head: list[str], rows: list[list[Any]]) -> list[str]:
    """The lines of a table."""
    return [f"| {' | '.join(map(str, row))} |" for row in (head, ["---"] * len(head), *rows)]


def recorded(page: str, told: str) -> str:
    """The page with what is told between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{told}\n{END}{after}"


def revision() -> str:
    """Which commit is tried, and whether anything differs from it. Raises CalledProcessError outside of a clone."""
    described = ("git", "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty= with changes")
    return subprocess.run(described, check=True, cwd=ROOT, capture_output=True, text=True).stdout.strip()


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Break things on purpose.")
    parser.add_argument("--record", action="store_true", help=f"write the figures to {RECORD.relative_to(ROOT)}")
    parser.add_argument("arguments", nargs="*", help="arguments for pytest, after --")
    chosen = parser.parse_args(given)
    if chosen.record and chosen.arguments:
        parser.error(
            "--record takes no arguments for pytest: what is recorded is a whole run; leave ARGS out, or RECORD"
        )
    tried = revision() if chosen.record else ""
    POINTS.parent.mkdir(parents=True, exist_ok=True)
    for path in (POINTS, ISOLATION):
        path.unlink(missing_ok=True)
    begun, load = time.monotonic(), os.getloadavg()[0]
    ended = subprocess.run(command(chosen.arguments), check=False, cwd=ROOT, env={"GOGC": "400"} | os.environ)
    points = json.loads(POINTS.read_text(encoding="utf-8")) if POINTS.exists() else []
    seconds = time.monotonic() - begun
    if chosen.record and ended.returncode:
        print(f"chaos: nothing is recorded of a run that failed ({ended.returncode})", file=sys.stderr)
    elif chosen.record:
        RECORD.write_text("[\n" + ",\n".join(map(json.dumps, grouped(points))) + "\n]\n", encoding="utf-8")
        circumstances = (
            f"{datetime.now(UTC):%Y-%m-%d}, revision {tried}, Python {platform.python_version()}, "
            f"{os.cpu_count()} cores with a load of {load:.1f} before: {seconds / 60:.1f} minutes."
        )
        isolation = ISOLATION.read_text(encoding="utf-8")
        page = recorded(PAGE.read_text(encoding="utf-8"), figures(points, circumstances, isolation))
        PAGE.write_text(page, encoding="utf-8")
    print(totals(points, seconds), flush=True)
    return ended.returncode


if __name__ == "__main__":
    sys.exit(main())
