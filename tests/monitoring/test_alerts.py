"""Alerts: promtool says that they fire, when they are to and only then; each has a runbook that can be followed."""

import json
import re
from itertools import cycle
from pathlib import Path
from typing import Any

import promtool
import pytest
import yaml

ROOT = promtool.ROOT
ALERTS = ROOT / "deploy" / "monitoring" / "alerts.yaml"
CASES = ROOT / "tests" / "monitoring" / "alerts.test.yaml"
CASES_OF_DAYS = CASES.with_name("alerts_of_days.test.yaml")
RUNBOOKS = ROOT / "deploy" / "runbooks"
RULES: list[dict[str, Any]] = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"][0]["rules"]
NAMES = {rule["alert"] for rule in RULES}
# On a new machine the first of these builds promtool.
built = pytest.mark.timeout(promtool.BUILD_WITHIN + 60)


@built
def test_prometheus_takes_the_rules_and_finds_nothing_to_mend() -> None:
    done = promtool.run("check", "rules", "--lint=all", "--lint-fatal", ALERTS)
    assert done.returncode == 0, done.stderr
    assert f"{len(RULES)} rules found" in done.stdout


@built
def test_every_alert_fires_with_its_cause_and_ends_with_it() -> None:
    done = promtool.run("test", "rules", CASES, CASES_OF_DAYS)
    assert done.returncode == 0, done.stderr


@built
def test_the_cases_see_every_alert_that_never_fires_or_fires_at_once(tmp_path: Path) -> None:
    ways = cycle(({"expr": "vector(1) > 2"}, {"for": "0s"}))
    spoilt = [rule | way for rule, way in zip(RULES, ways, strict=False)]
    (tmp_path / "alerts.yaml").write_text(json.dumps({"groups": [{"name": "spoilt", "rules": spoilt}]}), "utf-8")
    cases = tmp_path / "cases.yaml"
    cases.write_text(CASES.read_text(encoding="utf-8").replace("../../deploy/monitoring/", ""), encoding="utf-8")

    done = promtool.run("test", "rules", cases)

    assert done.returncode != 0
    assert {name for name in NAMES if re.search(rf"alertname: {name}\b", done.stdout + done.stderr)} == NAMES


def test_every_alert_has_a_case_in_which_it_fires_and_others_in_which_it_does_not() -> None:
    cases, of_days = (yaml.safe_load(path.read_text(encoding="utf-8"))["tests"] for path in (CASES, CASES_OF_DAYS))
    assert {case["name"] for case in cases} == NAMES
    for case in (*cases, *of_days):
        fires = [bool(one["exp_alerts"]) for one in case["alert_rule_test"]]
        assert {one["alertname"] for one in case["alert_rule_test"]} == {case["name"]}
        # Not before its cause, not at once, then yes, and no more.
        assert fires[:2] == [False, False]
        assert any(fires)
        assert not fires[-1]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule["alert"]))
def test_an_alert_says_what_is_the_matter_and_where_to_read_on(rule: dict[str, Any]) -> None:
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    assert rule["annotations"]["runbook_url"].endswith(f"/runbooks/{rule['alert']}")
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert "for" in rule


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    assert {path.stem for path in RUNBOOKS.glob("*.md")} == NAMES
    for path in RUNBOOKS.glob("*.md"):
        headings = re.findall(r"(?m)^#+ .*$", path.read_text(encoding="utf-8"))
        assert headings == [f"# {path.stem}", "## Meaning", "## Impact", "## Diagnosis", "## Mitigation"], path
        assert "It worked when" in path.read_text(encoding="utf-8").split("## Mitigation")[1], path


def test_the_page_for_people_lists_every_alert() -> None:
    page = (ROOT / "docs" / "reference" / "alerts.md").read_text(encoding="utf-8")
    assert set(re.findall(r"(?m)^\| \[(\w+)\]", page)) == NAMES


def test_the_links_of_runbooks_lead_somewhere() -> None:
    for path in RUNBOOKS.glob("*.md"):
        for link in re.findall(r"\]\(([^)#]+)", path.read_text(encoding="utf-8")):
            assert (path.parent / link).is_file(), f"{path.name}: {link}"


def test_what_is_installed_is_what_is_written() -> None:
    rule = yaml.safe_load((ROOT / "deploy/monitoring/prometheusrule.yaml").read_text(encoding="utf-8"))
    assert rule["kind"] == "PrometheusRule"
    assert rule["spec"] == yaml.safe_load(ALERTS.read_text(encoding="utf-8"))
