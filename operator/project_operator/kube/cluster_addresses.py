"""Where the operator's own cluster is: the API server, the ranges of Services and Pods. No backend may be there.

Read at the start and again now and then, each as far as the operator may: the `kubernetes` Service and its endpoints,
ServiceCIDR objects (networking.k8s.io/v1, Kubernetes 1.33), Nodes. What may not be read, or is not served, is left out;
settings take its place. A kind of address of which no range is known is open to backends: `open_to_backends` says so.
"""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterable
from ipaddress import ip_address, ip_network
from typing import Any, Final
from urllib.parse import urlsplit

from project_operator.backends.addresses import Address, ClusterAddresses, Network
from project_operator.errors import KubeForbidden, KubeNotFound
from project_operator.kube.api import KubeApi
from project_operator.kube.resources import Resource

SERVICES: Final = Resource("", "v1", "services", "Service")
ENDPOINT_SLICES: Final = Resource("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice")
SERVICE_CIDRS: Final = Resource("networking.k8s.io", "v1", "servicecidrs", "ServiceCIDR", namespaced=False)
NODES: Final = Resource("", "v1", "nodes", "Node", namespaced=False)

API_SERVER: Final = "kubernetes"
"""The Service of the API server, in the namespace `default`, and the EndpointSlice that kube-apiserver keeps for it."""

_WAYS_OUT: Final = {
    "service": "of Services: set PROJECT_OPERATOR_SERVICE_RANGES (the API server has no ServiceCIDR objects before "
    "Kubernetes 1.33, or they may not be read)",
    "pod": "of Pods: set PROJECT_OPERATOR_POD_RANGES, or PROJECT_OPERATOR_READ_NODES where Pods are in the `podCIDRs` "
    "of their Nodes",
}
"""By the kinds of `ClusterAddresses.ranges`: how a person makes a range of it known."""

log = logging.getLogger(__name__)


def open_to_backends(known: ClusterAddresses) -> str:
    """Of which kinds of address no range is known, so that a backend may be there, and what to do about it; "" where
    there is none.
    """
    kinds = {kind for _, kind in known.ranges}
    return "; ".join(
        f"backends may be at addresses {way_out}" for kind, way_out in _WAYS_OUT.items() if kind not in kinds
    )


async def learn(
    api: KubeApi, *, service_ranges: tuple[Network, ...], pod_ranges: tuple[Network, ...], read_nodes: bool
) -> ClusterAddresses:
    """What can be known at the moment; ranges that are given are not asked for.

    Raises:
        KubeUnavailable: the API server could not be asked.
    """
    servers = await _resolved(api.server)
    servers |= _service(await _get(api, SERVICES))
    servers |= _endpoints(await _get(api, ENDPOINT_SLICES))
    if not service_ranges:
        cidrs = await _list(api, SERVICE_CIDRS)
        service_ranges = _networks(cidr for one in cidrs for cidr in one["spec"].get("cidrs") or ())
    if not pod_ranges and read_nodes:
        nodes = await _list(api, NODES)
        pod_ranges = _networks(cidr for one in nodes for cidr in one["spec"].get("podCIDRs") or ())
    return ClusterAddresses(
        api_servers=frozenset(servers),
        ranges=(
            *((network, "service") for network in service_ranges),
            *((network, "pod") for network in pod_ranges),
        ),
    )


async def _resolved(server: str) -> set[tuple[Address, int]]:
    """The addresses of the URL that we ourselves use."""
    url = urlsplit(server)
    port = url.port or (443 if url.scheme == "https" else 80)
    found: set[tuple[Address, int]] = set()
    # Behind a proxy the name may mean nothing here; then no backend can be reached by it either.
    with contextlib.suppress(OSError):
        infos = await asyncio.get_running_loop().getaddrinfo(url.hostname, port, type=socket.SOCK_STREAM)
        found = {(ip_address(str(address[0]).partition("%")[0]), port) for *_, address in infos}
    return found


def _service(service: dict[str, Any]) -> set[tuple[Address, int]]:
    spec = service.get("spec") or {}
    ports = [int(port["port"]) for port in spec.get("ports") or ()]
    return {(ip_address(ip), port) for ip in spec.get("clusterIPs") or () if ip != "None" for port in ports}


def _endpoints(endpoints: dict[str, Any]) -> set[tuple[Address, int]]:
    ports = [int(port["port"]) for port in endpoints.get("ports") or () if port.get("port")]
    addresses = [ip for endpoint in endpoints.get("endpoints") or () for ip in endpoint["addresses"]]
    return {(ip_address(ip), port) for ip in addresses for port in ports}


def _networks(texts: Iterable[str]) -> tuple[Network, ...]:
    return tuple(ip_network(text, strict=False) for text in dict.fromkeys(texts))


async def _get(api: KubeApi, resource: Resource) -> dict[str, Any]:
    try:
        return await api.get(resource, "default", API_SERVER)
    except (KubeForbidden, KubeNotFound) as error:
        log.info("addresses of the API server are not read from its %s: %s", resource.kind, error)
        return {}


async def _list(api: KubeApi, resource: Resource) -> list[dict[str, Any]]:
    try:
        return await api.list(resource)
    except (KubeForbidden, KubeNotFound) as error:
        log.info("ranges are not read from %s: %s", resource.plural, error)
        return []
