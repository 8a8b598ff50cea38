"""Alerts and dashboard as the chart installs them."""

import json
from typing import Any

import helm
import promtool
import yaml

import doc_blocks

ALERTS = yaml.safe_load((promtool.ROOT / "deploy/monitoring/alerts.yaml").read_text(encoding="utf-8"))
BOTH = {"prometheusRule": {"enabled": True}, "dashboard": {"enabled": True}}


def of_kind(kind: str, metrics: dict[str, Any], served: tuple[str, ...] = helm.MONITORING) -> list[dict[str, Any]]:
    objects = helm.objects(helm.template({"metrics": metrics}, served=served))
    return [one for one in objects if one["kind"] == kind]


def test_neither_is_there_unless_it_is_asked_for() -> None:
    assert of_kind("PrometheusRule", {}) == []
    assert of_kind("ConfigMap", {}) == []


def test_the_alerts_are_those_that_were_tested() -> None:
    (rule,) = of_kind("PrometheusRule", BOTH)
    assert rule["spec"] == ALERTS


def test_the_dashboard_is_the_one_whose_queries_were_checked() -> None:
    (config,) = of_kind("ConfigMap", BOTH)
    assert config["metadata"]["labels"]["grafana_dashboard"] == "1"
    text = (promtool.ROOT / "deploy/monitoring/dashboard.json").read_text(encoding="utf-8")
    assert json.loads(config["data"]["project-operator.json"]) == json.loads(text)


def test_runbooks_may_be_elsewhere_and_prometheus_may_be_without_its_operator() -> None:
    own = {"enabled": True, "runbookURL": "https://docs.example.com/runbooks/", "labels": {"a": "b"}}
    (rule,) = of_kind("PrometheusRule", {"prometheusRule": own})
    assert rule["metadata"]["labels"]["a"] == "b"
    for alert in rule["spec"]["groups"][0]["rules"]:
        assert alert["annotations"]["runbook_url"] == f"https://docs.example.com/runbooks/{alert['alert']}"
    assert of_kind("PrometheusRule", BOTH, ()) == []


def test_the_page_scrapes_the_port_that_the_pods_have() -> None:
    page = (promtool.ROOT / "docs/how-to/monitor.md").read_text(encoding="utf-8")
    (shown,) = (block for block in doc_blocks.blocks("monitor.md", page) if "scrape_configs" in block.text)
    (job,) = yaml.safe_load(shown.text)["scrape_configs"]
    (discovery,) = job["kubernetes_sd_configs"]
    (kept,) = (one for one in job["relabel_configs"] if one.get("action") == "keep")
    (deployment,) = (
        one for one in helm.objects(helm.template(helm.WITHOUT_DEFINITIONS)) if one["kind"] == "Deployment"
    )
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert discovery == {"role": "pod", "namespaces": {"names": [deployment["metadata"]["namespace"]]}}
    assert kept["source_labels"] == ["__meta_kubernetes_pod_container_port_name"]
    assert [port["name"] for port in container["ports"]] == [kept["regex"]]
