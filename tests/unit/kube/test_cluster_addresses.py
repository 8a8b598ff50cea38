"""What the API server says of the cluster's own addresses, and what it does not let us know."""

from ipaddress import ip_address, ip_network
from typing import Any, cast

import pytest

from project_operator.errors import KubeForbidden, KubeNotFound, KubeUnavailable
from project_operator.kube.api import KubeApi
from project_operator.kube.cluster_addresses import learn, open_to_backends
from project_operator.kube.resources import Resource

SERVICE = {"spec": {"clusterIPs": ["10.96.0.1", "fd00:10:96::1"], "ports": [{"name": "https", "port": 443}]}}
SLICE = {"endpoints": [{"addresses": ["192.0.2.10"]}, {"addresses": ["192.0.2.11"]}], "ports": [{"port": 6443}]}


class Cluster:
    """The part of `KubeApi` that is asked."""

    def __init__(self, server: str = "https://192.0.2.1:6443", **answers: Any) -> None:
        self.server = server
        self.asked: list[str] = []
        self._answers = {"services": SERVICE, "endpointslices": SLICE, "servicecidrs": [], "nodes": []} | answers

    async def get(self, resource: Resource, namespace: str, name: str) -> Any:
        assert (namespace, name) == ("default", "kubernetes")
        return self._answer(resource)

    async def list(self, resource: Resource) -> Any:
        return self._answer(resource)

    def _answer(self, resource: Resource) -> Any:
        self.asked.append(resource.plural)
        answer = self._answers[resource.plural]
        if isinstance(answer, Exception):
            raise answer
        return answer


async def learnt(cluster: Cluster, **given: Any) -> Any:
    settings: dict[str, Any] = {"service_ranges": (), "pod_ranges": (), "read_nodes": False}
    return await learn(cast("KubeApi", cluster), **settings | given)


async def test_the_api_server_is_known_by_our_way_to_it_its_service_and_its_endpoints() -> None:
    found = await learnt(Cluster())
    assert found.api_servers == {
        (ip_address("192.0.2.1"), 6443),
        (ip_address("10.96.0.1"), 443),
        (ip_address("fd00:10:96::1"), 443),
        (ip_address("192.0.2.10"), 6443),
        (ip_address("192.0.2.11"), 6443),
    }


@pytest.mark.parametrize(("server", "port"), [("https://192.0.2.1", 443), ("http://192.0.2.1", 80)])
async def test_a_port_that_is_not_said_is_that_of_the_scheme(server: str, port: int) -> None:
    cluster = Cluster(server, services={}, endpointslices={})
    assert (await learnt(cluster)).api_servers == {(ip_address("192.0.2.1"), port)}


async def test_a_server_whose_name_means_nothing_here_is_known_by_the_rest() -> None:
    found = await learnt(Cluster("https://api.invalid:6443"))
    assert (ip_address("10.96.0.1"), 443) in found.api_servers


async def test_ranges_are_read_where_they_are_not_given() -> None:
    cidrs = [{"spec": {"cidrs": ["10.96.0.0/12", "fd00:10:96::/112"]}}, {"spec": {"cidrs": ["10.112.0.0/16"]}}]
    nodes = [{"spec": {"podCIDRs": ["10.244.0.0/24"]}}, {"spec": {"podCIDRs": ["10.244.1.0/24"]}}, {"spec": {}}]
    cluster = Cluster(servicecidrs=cidrs, nodes=nodes)
    assert (await learnt(cluster, read_nodes=True)).ranges == (
        (ip_network("10.96.0.0/12"), "service"),
        (ip_network("fd00:10:96::/112"), "service"),
        (ip_network("10.112.0.0/16"), "service"),
        (ip_network("10.244.0.0/24"), "pod"),
        (ip_network("10.244.1.0/24"), "pod"),
    )


async def test_what_is_given_is_not_asked_for_and_nodes_only_with_leave() -> None:
    cluster = Cluster()
    given = (ip_network("10.0.0.0/16"),)
    found = await learnt(cluster, service_ranges=given, pod_ranges=given, read_nodes=True)
    assert found.ranges == ((given[0], "service"), (given[0], "pod"))
    assert cluster.asked == ["services", "endpointslices"]
    await learnt(cluster)
    assert "nodes" not in cluster.asked


@pytest.mark.parametrize("error", [KubeForbidden("403", status=403), KubeNotFound("404", status=404)])
async def test_what_may_not_be_read_is_left_out(error: Exception) -> None:
    cluster = Cluster(services=error, endpointslices=error, servicecidrs=error, nodes=error)
    found = await learnt(cluster, read_nodes=True)
    assert found.api_servers == {(ip_address("192.0.2.1"), 6443)}
    assert found.ranges == ()


async def test_an_api_server_that_is_away_leaves_nothing_out() -> None:
    with pytest.raises(KubeUnavailable):
        await learnt(Cluster(servicecidrs=KubeUnavailable("no answer")))


async def test_a_kind_of_address_without_a_known_range_is_named_with_the_way_out() -> None:
    services, pods = (ip_network("10.96.0.0/12"),), (ip_network("10.244.0.0/16"),)
    refused = Cluster(servicecidrs=KubeNotFound("404", status=404), nodes=KubeForbidden("403", status=403))
    neither = open_to_backends(await learnt(refused, read_nodes=True))
    assert "addresses of Services: set PROJECT_OPERATOR_SERVICE_RANGES" in neither
    assert "addresses of Pods: set PROJECT_OPERATOR_POD_RANGES" in neither
    assert "Pods" not in open_to_backends(await learnt(refused, pod_ranges=pods))
    assert "Services" not in open_to_backends(await learnt(refused, service_ranges=services))
    assert open_to_backends(await learnt(refused, service_ranges=services, pod_ranges=pods)) == ""
