"""The marker `needs_real`: without a real API server a test is listed as skipped, and with CI=true it is an error."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
MARKED = "import pytest\n\n@pytest.mark.needs_real\ndef test_real():\n    pass\n"
REASON = "needs a real API server"
PYTEST = (sys.executable, "-m", "pytest", "-p", "no:schemathesis")  # which is dear to import


@pytest.mark.parametrize(("ci", "status", "outcome"), [("", 0, "1 skipped"), ("true", 1, "1 error")])
def test_on_the_emulated_api(tmp_path: Path, ci: str, status: int, outcome: str) -> None:
    shutil.copy(ROOT / "tests" / "conftest.py", tmp_path)
    (tmp_path / "test_marked.py").write_text(MARKED)
    done = subprocess.run(
        [*PYTEST, "-c", str(ROOT / "pyproject.toml"), "-p", "no:cacheprovider", str(tmp_path)],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"SANDBOX_SOURCE": "emulated", "CI": ci},
    )
    assert done.returncode == status
    assert REASON in done.stdout
    assert outcome in done.stdout
