"""kstatus over every recorded snapshot: our port of it everywhere, and the library itself where Go is there."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from argo_cd import ROOT
from lifecycle import ROWS, Row, verdicts

from project_operator.api.kinds import KINDS
from project_operator.sandbox.controlplane.plane import default_cache

MODULE = Path(__file__).parent / "kstatus"
WITHIN = 240.0


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.kind}-{row.name}")
def test_the_table_holds(row: Row) -> None:
    assert verdicts(row.snapshot()) == row.expected


def test_the_documented_table_names_every_recorded_object() -> None:
    rest = (ROOT / "docs" / "reference" / "conditions.md").read_text(encoding="utf-8").split("| recorded as |")[1]
    shown: dict[str, set[str]] = {}
    for line in rest.partition("\n\n")[0].splitlines()[2:]:
        _, _, names, kstatus, *_ = (cell.strip() for cell in line.split("|"))
        shown |= {name: {kstatus} for name in re.findall(r"`([a-z-]+)`", names)}
    assert shown == {row.name: {row.expected.kstatus} for row in ROWS}
    everywhere = {
        name for name in shown if all(any((row.kind, row.name) == (kind.kind, name) for row in ROWS) for kind in KINDS)
    }
    assert everywhere == set(re.findall(r"`([a-z-]+)` of every kind", rest))


def test_every_kind_of_verdict_is_in_the_table() -> None:
    assert {row.expected.kstatus for row in ROWS} == {"InProgress", "Failed", "Current", "Terminating"}
    assert {row.expected.health for row in ROWS} == {"Progressing", "Degraded", "Healthy", "Suspended"}


@pytest.fixture(scope="module")
def judged() -> Mapping[str, str]:
    """What the library says of each snapshot, by path."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("needs Go on PATH to build kstatus; the port is tested all the same")
    program = default_cache().root / "kstatus" / "kstatus"
    # What was fetched is kept by Go; a mirror or a proxy is the environment's business, the sums hold.
    environment = os.environ | {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly -buildvcs=false"}
    built = subprocess.run(
        [go, "build", "-o", str(program), "."],
        check=False,
        capture_output=True,
        text=True,
        cwd=MODULE,
        env=environment,
        timeout=WITHIN,
    )
    if built.returncode != 0 and os.environ.get("CI") != "true":
        pytest.skip(f"kstatus cannot be built here: {built.stderr.strip()[-300:]}")
    assert built.returncode == 0, built.stderr
    paths = [str(row.path) for row in ROWS]
    said = subprocess.run([str(program), *paths], check=True, capture_output=True, text=True, timeout=60).stdout
    return {path: status for status, path in (line.split("\t") for line in said.splitlines())}


def test_the_library_says_what_the_table_says(judged: Mapping[str, str]) -> None:
    assert judged == {str(row.path): row.expected.kstatus for row in ROWS}
