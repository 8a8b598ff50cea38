"""The pages on versions and on what is claimed hold to what chart, package, pins and tests say."""

import re
import tomllib
from pathlib import Path
from typing import Final

import pytest
import yaml

ROOT: Final = Path(__file__).parents[1]
SUPPORT: Final = (ROOT / "docs" / "support.md").read_text(encoding="utf-8")
LEVEL: Final = (ROOT / "docs" / "capability-level.md").read_text(encoding="utf-8")
CHART: Final = yaml.safe_load((ROOT / "deploy/charts/project-operator/Chart.yaml").read_text(encoding="utf-8"))
PACKAGE: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def row(name: str) -> str:
    (found,) = re.findall(rf"^\| {name} \| (.*) \|$", SUPPORT, re.MULTILINE)
    return str(found)


def test_the_pinned_kubernetes_are_those_that_were_run() -> None:
    modules = ROOT / "operator" / "project_operator" / "sandbox" / "controlplane" / "modules"
    pinned = sorted(path.name.removeprefix("kubernetes-") for path in modules.glob("kubernetes-*"))
    run = re.findall(r"\b(1\.\d\d)\.\d", row("Kubernetes"))
    assert sorted(run) == pinned


def test_the_oldest_kubernetes_is_the_chart_s() -> None:
    oldest = re.match(r">=(1\.\d+)\.", CHART["kubeVersion"])
    assert oldest is not None
    assert f"{oldest[1]} to" in row("Kubernetes")
    assert f"as far back as {oldest[1]}" in SUPPORT


def test_every_python_that_the_package_names_is_told() -> None:
    named = {one.rpartition(" ")[2] for one in PACKAGE["classifiers"] if re.search(r"Python :: 3\.\d+$", one)}
    assert named == set(re.findall(r"3\.\d+", row("Python").partition("3.14")[0]))


def test_the_level_is_the_one_that_the_chart_claims() -> None:
    assert f"level 3, {CHART['annotations']['artifacthub.io/operatorCapabilities']}" in LEVEL


EVIDENCE: Final = re.findall(r"`([a-z]+/[\w/]+\.py)(?:::(\w+))?`", LEVEL)


@pytest.mark.parametrize(("path", "function"), EVIDENCE)
def test_the_test_behind_each_claim_is_there(path: str, function: str) -> None:
    text = (ROOT / "tests" / path).read_text(encoding="utf-8")
    assert re.search(rf"^(async )?def {function or 'test_'}", text, re.MULTILINE)


def test_each_claim_names_one() -> None:
    claims = [line for line in LEVEL.splitlines() if line.startswith("| ") and not line.startswith(("| what", "| ---"))]
    assert len(claims) >= 18
    assert [line for line in claims if ".py" not in line] == []
