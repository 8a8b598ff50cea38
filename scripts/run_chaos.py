"""Break things on purpose, all of it, and say what came of it.

    run_chaos.py [--record] [-- PYTEST-ARGUMENT...]

Progress is shown while it runs. `--record` writes the figures of each fault beside `docs/benchmarks/chaos.md`.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
POINTS = ROOT / ".cache" / "tests" / "chaos-points.json"
RECORD = ROOT / "docs" / "benchmarks" / "chaos.json"
PARTS = ("matrix", "what", "where")
FIGURES = ("tried", "survived", "duplicates", "leaks", "stuck", "needs_a_person", "broken")


def command(arguments: list[str]) -> list[str]:
    """The pytest command."""
    return [
        *(sys.executable, "-m", "pytest", "tests/chaos", "--whole", f"--points={POINTS}"),
        *("-pno:schemathesis", "-o", "cache_dir=.pytest_cache/chaos-whole"),
        *arguments,
    ]


def grouped(points: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The figures by what was broken and where, of all operations and backends together."""
    rows: dict[tuple[str, ...], Counter[str]] = {}
    for point in points:
        key = tuple(str(point[part]) for part in PARTS)
        rows.setdefault(key, Counter()).update({figure: int(point[figure]) for figure in FIGURES})
    return [dict(zip(PARTS, key, strict=True)) | {name: row[name] for name in FIGURES} for key, row in rows.items()]


def totals(points: list[dict[str, Any]], seconds: float) -> str:
    """The last line."""
    sums: Counter[str] = Counter()
    for point in points:
        sums.update({figure: int(point[figure]) for figure in FIGURES})
    told = ", ".join(f"{sums[figure]} {figure.replace('_', ' ')}" for figure in FIGURES)
    return f"chaos: {told.replace('tried', 'points tried').replace('broken', 'broken otherwise')}; {seconds:.0f} s"


def main() -> int:
    parser = argparse.ArgumentParser(description="Break things on purpose.")
    parser.add_argument("--record", action="store_true", help=f"write the figures to {RECORD.relative_to(ROOT)}")
    parser.add_argument("arguments", nargs="*", help="arguments for pytest, after --")
    chosen = parser.parse_args()
    POINTS.parent.mkdir(parents=True, exist_ok=True)
    POINTS.unlink(missing_ok=True)
    begun = time.monotonic()
    ended = subprocess.run(command(chosen.arguments), check=False, cwd=ROOT, env={"GOGC": "400"} | os.environ)
    points = json.loads(POINTS.read_text(encoding="utf-8")) if POINTS.exists() else []
    if chosen.record and points:
        RECORD.write_text("[\n" + ",\n".join(map(json.dumps, grouped(points))) + "\n]\n", encoding="utf-8")
    print(totals(points, time.monotonic() - begun), flush=True)
    return ended.returncode


if __name__ == "__main__":
    sys.exit(main())
