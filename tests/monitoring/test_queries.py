"""Every query of the alerts and of the dashboard asks for what the operator really shows."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

import promtool
import pytest
import queries
import yaml
from promql_parser import MatchOp
from scraped import labels_shown
from simulation.backend import Fault
from simulation.loop import run_virtually
from simulation.replicas import Replicas
from simulation.world import World

from project_operator.errors import BackendUnavailable
from project_operator.observability.families import CREDENTIALS, FAMILIES, LEADERSHIP_CHANGES, RETRIES
from project_operator.observability.hooks import (
    Census,
    EventFinished,
    KubeCall,
    WatchEnded,
)
from project_operator.observability.metrics import Metrics

DASHBOARD: dict[str, Any] = json.loads((promtool.ROOT / "deploy/monitoring/dashboard.json").read_text(encoding="utf-8"))
PANELS: list[dict[str, Any]] = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
ALERTS = yaml.safe_load((promtool.ROOT / "deploy/monitoring/alerts.yaml").read_text(encoding="utf-8"))
OF_THE_TARGET = {"namespace", "job", "instance", "pod"}
"""Labels that Prometheus puts on what it scrapes."""
VARIABLES = {"$namespace", "$job"}
ENDS = datetime(2026, 11, 22, tzinfo=UTC)
"""When the credential of the simulated life ends."""


def all_queries() -> Iterator[tuple[str, str, str]]:
    """What each query is for, the query, and how its series are called."""
    for rule in ALERTS["groups"][0]["rules"]:
        yield rule["alert"], rule["expr"], ""
    for panel in PANELS:
        for target in panel["targets"]:
            yield panel["title"], target["expr"], target["legendFormat"]


@cache
def scraped() -> str:
    """What Prometheus reads of a simulated life."""

    async def life() -> str:
        async with World() as world:
            metrics = Metrics(lambda: world.engine.census() if world.engine is not None else Census())
            world.hooks = metrics
            world.backend.credential_expires_at = ENDS
            world.install()
            world.start()
            world.backend.faults.append(Fault("create", BackendUnavailable("away")))
            world.kube.lose_answers.append("web")
            world.apply(managementPolicy="ReportDrift", description="shop")
            world.apply("waits", backendRef={"name": "missing"})
            await world.ready("web")
            world.backend.edit(world.remote().id, description="changed by hand")
            await world.until(lambda: world.status("web").get("drift"))
            async with Replicas() as shared:
                shared.hooks = metrics
                shared.install()
                shared.begin("one")
                await shared.until(lambda: shared.leader(shared.uid()))
            # What the simulation has no part for. Scenarios see to it that an operator at work shows the same:
            # test_metrics.py, and of watches test_crd_deleted.py.
            metrics.emit(KubeCall("patch", "projects", "200", 0.01))
            metrics.emit(EventFinished("written"))
            metrics.emit(WatchEnded("projects", "error"))
            return metrics.render()[0].decode()

    return run_virtually(life())


@cache
def shown() -> dict[str, frozenset[str]]:
    """Every metric that it holds, and the labels that it has there."""
    return labels_shown(scraped())


def known_values(metric: str, label: str) -> frozenset[str] | None:
    """What a label may say; None where that is open."""
    for family in FAMILIES:
        for one in family.labels:
            if metric.startswith(family.name) and one.name == label:
                return one.values
    return None


def problems(query: str) -> list[str]:
    """What a query asks for in vain."""
    found = []
    asked = queries.parse(query)
    labels: set[str] = set(OF_THE_TARGET)
    for selector in asked.selectors:
        if selector.metric not in shown():
            found.append(f"no metric {selector.metric}")
            continue
        own = shown()[selector.metric]
        labels |= own
        for label, operator, value in selector.matchers:
            values = known_values(selector.metric, label)
            if label not in own | OF_THE_TARGET:
                found.append(f"{selector.metric} has no label {label}")
            elif values is not None and not any(_chooses(operator, value, one) for one in values):
                found.append(f"{label} of {selector.metric} never says {value}")
    return found + [f"no label {label}" for label in sorted(asked.kept - labels)]


def _chooses(operator: MatchOp, value: str, said: str) -> bool:
    if operator in (MatchOp.Re, MatchOp.NotRe):
        return re.fullmatch(value, said) is not None
    return value == said


@pytest.mark.timeout(promtool.BUILD_WITHIN + 60)
def test_names_and_help_are_as_prometheus_likes_them() -> None:
    done = promtool.run("check", "metrics", text=scraped())
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

    spoilt = promtool.run("check", "metrics", text="# TYPE project_operator_looks counter\nproject_operator_looks 1\n")
    assert "_total" in spoilt.stdout + spoilt.stderr
    assert spoilt.returncode != 0


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_everything_on_the_page_is_shown_in_a_life(family: Any) -> None:
    sample = family.name + ("_bucket" if family.kind == "histogram" else "")
    labels = {*family.label_names, *(["le"] if family.kind == "histogram" else [])}
    assert shown()[sample] == labels


def test_a_life_shows_what_the_operator_itself_made_of_it() -> None:
    pairs = (line.rsplit(" ", 1) for line in scraped().splitlines() if not line.startswith("#"))
    values = {series: float(value) for series, value in pairs}
    assert values[f'{CREDENTIALS.name}{{backend="nscale",renewed="false"}}'] == ENDS.timestamp()
    assert values[f'{RETRIES.name}{{reason="KubeUnavailable",target="api_server"}}'] == 1
    assert values[f'{LEADERSHIP_CHANGES.name}{{change="gained"}}'] == 2, "of the backend object, and of the rest"


def test_every_query_asks_for_what_there_is() -> None:
    found = {title: wrong for title, query, _ in all_queries() if (wrong := problems(query))}
    assert found == {}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("project_operator_project", "no metric project_operator_project"),
        ("rate(project_operator_queue_wait_seconds[5m])", "no metric project_operator_queue_wait_seconds"),
        ('project_operator_queue_depth{class="changed"}', "project_operator_queue_depth has no label class"),
        ('project_operator_queue_depth{priority="new"}', "priority of project_operator_queue_depth never says new"),
        ('project_operator_queue_depth{priority=~"new|old"}', "priority of project_operator_queue_depth never says"),
        ("sum by (class) (project_operator_queue_depth)", "no label class"),
        ("project_operator_queue_depth + on (class) project_operator_queue_depth", "no label class"),
    ],
)
def test_a_query_that_asks_in_vain_is_seen(query: str, said: str) -> None:
    (found,) = problems(query)
    assert found.startswith(said)


def test_every_metric_is_asked_for_somewhere() -> None:
    asked = {selector.metric for _, query, _ in all_queries() for selector in queries.parse(query).selectors}
    asked = {re.sub(r"_(bucket|count|sum)$", "", metric) for metric in asked}
    assert asked >= {family.name for family in FAMILIES}


def test_a_legend_names_labels_that_its_query_keeps() -> None:
    for title, query, legend in all_queries():
        kept = queries.parse(query).kept
        named = set(re.findall(r"{{(\w+)}}", legend))
        assert named <= (kept or OF_THE_TARGET), title


def test_the_dashboard_can_be_put_anywhere() -> None:
    assert DASHBOARD["uid"] == "project-operator"
    assert "id" not in DASHBOARD
    variables = {one["name"]: one for one in DASHBOARD["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    for panel in PANELS:
        sources = [panel["datasource"], *(target["datasource"] for target in panel["targets"])]
        assert {json.dumps(one) for one in sources} == {'{"type": "prometheus", "uid": "${datasource}"}'}, panel[
            "title"
        ]
        for target in panel["targets"]:
            for selector in queries.parse(target["expr"]).selectors:
                assert {value for _, _, value in selector.matchers} >= VARIABLES, panel["title"]
    identities = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(identities)) == len(identities)


def test_no_panel_lies_on_another() -> None:
    squares: dict[tuple[int, int], str] = {}
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert squares.setdefault((x, y), panel["title"]) == panel["title"]
