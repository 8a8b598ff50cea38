"""The README is short, and what it shows is true."""

import re
from pathlib import Path

import yaml

from project_operator.api.v1alpha1.project_status import ProjectStatus

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
PROJECT, STATUS = (
    yaml.safe_load(block) for block in re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
)


def test_it_is_short() -> None:
    assert len(TEXT.splitlines()) < 120


def test_its_project_is_the_one_that_the_demo_applies() -> None:
    shown = yaml.safe_load((ROOT / "deploy" / "examples" / "02-project.yaml").read_text(encoding="utf-8"))
    assert shown == PROJECT


def test_its_status_is_one_that_the_operator_can_write() -> None:
    status = ProjectStatus.model_validate(STATUS["status"])
    assert status.to_wire().items() >= STATUS["status"].items()
    assert status.is_ready(1)
    assert status.name == PROJECT["metadata"]["name"]


def test_the_gate_is_what_it_says_it_is() -> None:
    gate = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    called = re.findall(r"^make (\w+)$", gate, re.MULTILINE)
    assert called == ["check", "test"]
    assert all(f"make {verb}  " in TEXT for verb in called)
    assert "`.ci/run` runs these two" in TEXT
