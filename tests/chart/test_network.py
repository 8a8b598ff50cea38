"""Who reaches the pods, and where backends may be."""

from typing import Any

import helm
from chart_installation import only
from rendered_chart import NAMESPACE, deployed, environment, of_kind, rendered
from rights import granted


def test_prometheus_finds_the_port_by_its_name_either_way_and_nothing_where_it_has_no_such_kind() -> None:
    def monitors(values: dict[str, Any], served: tuple[str, ...] = helm.MONITORING) -> list[dict[str, Any]]:
        objects = helm.objects(
            helm.template(helm.WITHOUT_DEFINITIONS | {"metrics": values}, namespace=NAMESPACE, served=served)
        )
        return of_kind(objects, "PodMonitor", "ServiceMonitor")

    objects = rendered()
    (pod_monitor,) = monitors({"podMonitor": {"enabled": True}})
    (service_monitor,) = monitors({"serviceMonitor": {"enabled": True}})
    (port,) = only(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]["ports"]
    (service_port,) = only(objects, "Service")["spec"]["ports"]
    assert pod_monitor["spec"]["podMetricsEndpoints"] == [{"port": port["name"], "path": "/metrics"}]
    assert service_monitor["spec"]["endpoints"] == [{"port": service_port["name"], "path": "/metrics"}]
    assert service_port["targetPort"] == port["name"]
    selected = only(objects, "Deployment")["spec"]["selector"]["matchLabels"]
    assert pod_monitor["spec"]["selector"]["matchLabels"] == selected
    assert only(objects, "Service")["spec"]["selector"] == selected
    assert (
        service_monitor["spec"]["selector"]["matchLabels"].items()
        <= only(objects, "Service")["metadata"]["labels"].items()
    )
    assert monitors({"podMonitor": {"enabled": True}}, ()) == []
    assert len(monitors({"podMonitor": {"enabled": True}, "renderMode": "alwaysRender"}, ())) == 1


def test_the_network_policy_lets_in_scrapers_and_the_test_and_out_what_the_operator_calls() -> None:
    assert of_kind(rendered(), "NetworkPolicy") == []
    scrapers = [{"podSelector": {"matchLabels": {"app": "prometheus"}}}]
    policy = {"enabled": True, "scrapers": scrapers, "ports": [5000]}
    objects = helm.objects(helm.template(helm.WITHOUT_DEFINITIONS | {"networkPolicy": policy}))
    spec = only(objects, "NetworkPolicy")["spec"]
    (way_in,) = spec["ingress"]
    test = only(objects, "Pod")["metadata"]["labels"]
    assert way_in["ports"] == [{"port": "health", "protocol": "TCP"}]
    assert [one for one in way_in["from"] if one in scrapers] == scrapers
    assert any(one["podSelector"]["matchLabels"].items() <= test.items() for one in way_in["from"])
    ports = {(one["port"], one["protocol"]) for rule in spec["egress"] for one in rule["ports"]}
    assert ports == {(53, "UDP"), (53, "TCP"), (5353, "UDP"), (5353, "TCP"), (5000, "TCP")}
    assert not spec["podSelector"]["matchLabels"].items() <= test.items()


def test_the_release_can_be_tested_by_a_pod_that_nothing_takes_for_the_operator() -> None:
    objects = helm.objects(helm.template(helm.WITHOUT_DEFINITIONS, namespace=NAMESPACE))
    pod, service = only(objects, "Pod"), only(objects, "Service")
    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    (container,) = pod["spec"]["containers"]
    host, port, _ = container["args"]
    assert (host, port) == (f"{service['metadata']['name']}.{NAMESPACE}.svc", str(service["spec"]["ports"][0]["port"]))
    assert not service["spec"]["selector"].items() <= pod["metadata"]["labels"].items()
    assert container["securityContext"] == deployed()["containers"][0]["securityContext"]


def test_ranges_that_the_values_name_are_not_read_and_nodes_only_when_asked() -> None:
    def resources(**addresses: Any) -> set[str]:
        return {right.resource for right in granted(rendered({"outgoingAddresses": addresses}))}

    assert "servicecidrs" in resources()
    assert "servicecidrs" not in resources(serviceRanges=["10.96.0.0/12"])
    assert "nodes" not in resources()
    assert "nodes" in resources(readNodes=True)
    variables = environment({"outgoingAddresses": {"allowed": ["10.96.0.7/32", "fd00::7/128"]}})
    assert variables["PROJECT_OPERATOR_ALLOWED_ADDRESSES"] == "10.96.0.7/32,fd00::7/128"
