"""Every branch of every template is taken by a file of values, and left by another.

The templates are instrumented as a tool for coverage would: each branch leaves its mark in the values when it is taken,
and a template that Helm renders last prints the marks.
"""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import helm
import pytest
import yaml

ACTION: Final = re.compile(r"\{\{-?\s*(if|with|range|else|define|end)\b(?:(?!\}\}).)*\}\}")
REFUSAL: Final = re.compile(r"\s*\{\{-? fail ")
"""A branch that renders nothing: test_values.py tries these, each by what it says."""
LAST: Final = "AAA.yaml"
"""Helm renders templates from the last name to the first."""
DEFAULTS: Final[dict[str, Any]] = yaml.safe_load((helm.CHART / "values.yaml").read_text(encoding="utf-8"))
ON_A_CLUSTER: Final = {"defaultbackend.yaml: if and $cluster (not $served)"}
"""What `helm template` never takes; test_release.py does."""


def can_be_left(kind: str, said: str) -> bool:
    """Not a loop, which ends either way, nor `with` of values that have fields by default."""
    if kind == "with" and (path := re.fullmatch(r"with \$?\.Values\.([.\w]+)", said)):
        here: Any = DEFAULTS
        for step in path[1].split("."):
            here = here[step]
        return not (isinstance(here, dict) and here)
    return kind != "range"


def branches(name: str, text: str) -> Iterator[tuple[int, str, str]]:
    """Where a mark belongs in a template, what stands before it, and what it says: `file: if …`, `file: not if …`."""
    opened: list[tuple[str, str, bool]] = []
    for action in ACTION.finditer(text):
        kind, said = action[1], action[0].strip("{}- ")
        if kind in {"if", "with", "range", "define"}:
            opened.append((kind, said, False))
        elif kind == "else":
            outer, first, _ = opened.pop()
            opened.append((outer, first, said == "else"))
            said = f"not {first}" if said == "else" else said
        else:
            outer, first, has_else = opened.pop()
            if outer != "define" and not has_else and can_be_left(outer, first):
                yield action.start(), "{{- else }}", f"{name}: not {first}"
        if kind not in {"define", "end"} and not REFUSAL.match(text, action.end()):
            yield action.end(), "", f"{name}: {said}"
    assert opened == [], f"{name}: {opened} has no end"


def instrument(chart: Path) -> list[str]:
    """Change the templates so that they mark the branches that they take; what the marks stand for, by their number."""
    marks: list[str] = []
    for path in sorted((chart / "templates").rglob("*.*")):
        text = path.read_text(encoding="utf-8")
        for place, before, said in sorted(branches(path.name, text), reverse=True):
            mark = f'{{{{- $_ := set (($.top | default $).Values | default $) "mark-{len(marks)}" true }}}}'
            text = f"{text[:place]}{before}{mark}{text[place:]}"
            marks.append(said)
        path.write_text(text, encoding="utf-8")
    (chart / "templates" / LAST).write_text("# {{ .Values | toJson }}\n", encoding="utf-8")
    return marks


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The branches that there are, under "all", and those that each file of values takes."""
    chart = tmp_path_factory.mktemp("instrumented") / "chart"
    # The schema would refuse the marks.
    shutil.copytree(helm.CHART, chart, ignore=shutil.ignore_patterns("ci", "values.schema.json"))
    marks = instrument(chart)
    found = {"all": set(marks)}
    for path in helm.TRIED_VALUES:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
        strict = values.get("metrics", {}).get("renderMode") == "failIfMissing"
        # The oldest Kubernetes has nothing of Prometheus.
        for served in [helm.MONITORING] if strict else [helm.MONITORING, ()]:
            cluster = [f"--api-versions={kind}" for kind in served] or ["--kube-version=1.32.0"]
            done = helm.run("template", helm.RELEASE, str(chart), "--namespace=identity", *cluster, values=values)
            assert done.returncode == 0, done.stderr
            numbers = {int(number) for number in re.findall(r"mark-(\d+)", done.stdout)}
            found.setdefault(path.name, set()).update(marks[number] for number in numbers)
    return found


def untaken(taken: dict[str, set[str]]) -> set[str]:
    return taken["all"].difference(*(branches for name, branches in taken.items() if name != "all"))


def test_every_branch_of_every_template_is_taken_and_left_by_a_file_of_values(taken: dict[str, set[str]]) -> None:
    assert untaken(taken) == ON_A_CLUSTER


def test_a_branch_that_no_file_of_values_takes_is_seen(taken: dict[str, set[str]]) -> None:
    without = {name: branches for name, branches in taken.items() if name != "observed-values.yaml"}
    assert {"networkpolicy.yaml: not with .scrapers", "dashboard.yaml: if .enabled"} <= untaken(without)
