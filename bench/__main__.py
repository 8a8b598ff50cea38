"""`make bench`: measure, and write down what was found."""

import argparse
import asyncio
import json
import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from bench import page, plots
from bench.plan import PARTS, QUICK, WHOLE, Plan
from bench.record import Record
from bench.run import Run
from bench.stage import ROOT
from project_operator.errors import SandboxError

FOUND: Final = ROOT / ".cache" / "bench"
RECORDED: Final = ROOT / "docs" / "benchmarks"


def machine(plan: Plan, parts: Sequence[str]) -> dict[str, Any]:
    """Where and with what it is run."""
    described = ("git", "describe", "--always", "--abbrev=12", "--exclude=*", "--dirty= with changes")
    told = subprocess.run(described, check=False, cwd=ROOT, capture_output=True, text=True)
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "revision": told.stdout.strip() or "unknown",
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "cores": os.cpu_count(),
        "load_before": round(os.getloadavg()[0], 2),
        "plan": "whole" if plan is WHOLE else "quick",
        "parts": list(parts),
    }


def keep(record: Record) -> str:
    """What was found so far; returns it."""
    raw = json.dumps(record.to_json(), indent=1) + "\n"
    (FOUND / "speed.json").write_text(raw, encoding="utf-8")
    return raw


async def measured(plan: Plan, parts: Sequence[str], folder: Path) -> Record:
    """Everything that ``parts`` name."""
    record = Record(machine(plan, parts), plan.provisioning)

    async def run(part: str) -> None:
        place = folder / part
        place.mkdir()
        await Run(plan, place, record, partial(keep, record)).parts[part]()

    if plan.side_by_side:
        await asyncio.gather(*map(run, parts))
    else:
        for part in parts:
            await run(part)
    return record


def main(given: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="bench", description="Measure the operator beside a bare client.")
    parser.add_argument("--quick", action="store_true", help="small numbers, to see that all of it works")
    parser.add_argument(
        "--record", action="store_true", help=f"write {RECORDED.relative_to(ROOT)}/speed.*, of a whole run"
    )
    parser.add_argument("--part", action="append", choices=PARTS, help="only this; may be given again")
    chosen = parser.parse_args(given)
    if chosen.record and (chosen.quick or chosen.part):
        parser.error("what is recorded is a whole run: leave QUICK and PARTS out, or RECORD")
    FOUND.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="project-operator-bench-") as folder:
            record = asyncio.run(measured(QUICK if chosen.quick else WHOLE, chosen.part or PARTS, Path(folder)))
    except SandboxError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    raw = keep(record)
    print(page.told(record))
    plots.draw(record, FOUND)
    if chosen.record:
        (RECORDED / "speed.json").write_text(raw, encoding="utf-8")
        target = RECORDED / "speed.md"
        target.write_text(page.recorded(target.read_text(encoding="utf-8"), record), encoding="utf-8")
        plots.draw(record, RECORDED)
    return 0


if __name__ == "__main__":
    sys.exit(main())
