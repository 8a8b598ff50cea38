"""Prometheus' own `promtool`: from PATH, or built from the module beside the tests that use it.

Its service discoveries are left out (`remove_all_sd`), which saves half of the build. What is built stays in the cache.
"""

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane import decisions, wheels
from project_operator.sandbox.controlplane.cache import Cache
from project_operator.sandbox.controlplane.decisions import GoFound, Skip, Use
from project_operator.sandbox.controlplane.gobuild import environment
from project_operator.sandbox.controlplane.plane import default_cache
from project_operator.sandbox.controlplane.programs import on_path, version_of
from project_operator.sandbox.controlplane.report import Report
from project_operator.sandbox.controlplane.versions import Version

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "tests" / "monitoring" / "promtool"
PACKAGE = "github.com/prometheus/prometheus/cmd/promtool"
GO = Version.parse("1.26.0")
"""What the module's go.mod asks for."""
BUILD_WITHIN = 1200.0
"""Seconds; about three minutes on two cores from nothing."""
_WITHIN = 60.0


def program() -> Path:
    """The promtool command. Where there is none the test is skipped; with CI=true that is an error."""
    found = _found(default_cache())
    if isinstance(found, Path):
        return found
    reason = f"needs promtool: {found.why}, and PATH has none"
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}; with CI=true that is an error")
    pytest.skip(reason)


def run(*arguments: str | Path, text: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run promtool at the root of the repository, with ``text`` on its standard input."""
    return subprocess.run(
        [str(program()), *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        input=text,
        timeout=_WITHIN,
        cwd=ROOT,
    )


@functools.cache
def _found(cache: Cache) -> Path | Skip:
    """Where promtool is; looked for once, as a search without success takes long."""
    present = shutil.which("promtool")
    return Path(present) if present else build(cache)


def build(cache: Cache) -> Path | Skip:
    """The promtool that the module pins, built unless it is there already."""
    program = cache.root / "promtool" / "promtool"
    sums = MODULE / "go.sum"
    stamp = program.with_name("go.sum")
    report = Report(sys.__stderr__)
    with cache.lock(report, "promtool"):
        if program.exists() and stamp.exists() and stamp.read_bytes() == sums.read_bytes():
            return program
        go = _go(cache, report)
        if isinstance(go, Skip):
            return go
        try:
            with cache.filling(program.parent) as partial:
                _build(go, cache, partial / program.name)
                shutil.copyfile(sums, partial / stamp.name)
        except (SandboxError, subprocess.TimeoutExpired, OSError) as error:
            return Skip(f"it cannot be built here ({error})")
    return program


def _build(go: Path, cache: Cache, program: Path) -> None:
    """Raises SandboxError with Go's last words."""
    command = [str(go), "build", "-tags", "remove_all_sd", "-ldflags", "-s -w", "-o", str(program), PACKAGE]
    built = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        cwd=MODULE,
        env=environment(os.environ, cache),
        timeout=BUILD_WITHIN,
    )
    if built.returncode != 0:
        raise SandboxError(built.stderr.strip()[-300:])


def _go(cache: Cache, report: Report) -> Path | Skip:
    path = on_path("go")
    version = version_of(path) if path else None
    found = GoFound(path, version) if path and version else None
    if isinstance(decisions.judge_go(GO, found), Use) and found is not None:
        return found.path
    return wheels.fetch(wheels.GO, cache, report)
