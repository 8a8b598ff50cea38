"""Which addresses a backend may not be at.

A tenant chooses the URL of a backend, the operator makes the connection: without this rule a Project object would be
a way to reach what only the operator's pod can reach. Judged on the addresses that connections go to, never on a name,
so that no name can resolve to one thing now and another later.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

_METADATA: Final = "metadata service"
_KINDS: Final[tuple[tuple[Network, str], ...]] = tuple(
    (ip_network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "unspecified"),  # "this host on this network" (RFC 1122, 3.2.1.3); Linux takes 0.0.0.0 for itself
        ("240.0.0.0/4", "reserved"),
        # Where clouds keep credentials for their machines, outside the link-local ranges.
        ("168.63.129.16/32", _METADATA),  # Azure
        ("100.100.100.200/32", _METADATA),  # Alibaba Cloud
        ("192.0.0.192/32", _METADATA),  # Oracle Cloud
        ("fd00:ec2::254/128", _METADATA),  # Amazon
        ("fd20:ce::254/128", _METADATA),  # Google
        # Where in such an address the IPv4 one stands is known to its own network alone (RFC 8215).
        ("64:ff9b:1::/48", "translated"),
    )
)
# IPv4 in the last 32 bits.
_IPV4_AT_THE_END: Final = tuple(
    IPv6Network(network)
    for network in (
        "::/96",  # IPv4-compatible (RFC 4291, 2.5.5.1)
        "::ffff:0:0:0/96",  # IPv4-translated (RFC 2765, 2.1)
        "64:ff9b::/96",  # NAT64 (RFC 6052)
    )
)
_ISATAP: Final = frozenset({0x00005EFE, 0x02005EFE})
"""The upper half of an interface identifier whose lower half is an IPv4 address (RFC 5214, 6.1)."""


@dataclass(frozen=True, slots=True)
class ClusterAddresses:
    """What of the operator's own cluster is no place for a backend."""

    api_servers: frozenset[tuple[Address, int]] = frozenset()
    """Address and port. No setting allows these."""
    ranges: tuple[tuple[Network, str], ...] = ()
    """Each with its kind, an adjective for people: ``service``, ``pod``."""


@dataclass(frozen=True, slots=True)
class AddressRules:
    """What an installation says of addresses: the operator's settings, never a tenant's. ``denied`` goes first."""

    allowed: tuple[Network, ...] = ()
    """Ranges where backends may be although they are forbidden by kind, or are the cluster's."""
    denied: tuple[Network, ...] = ()
    """Ranges where backends may not be."""
    cluster: Callable[[], ClusterAddresses] = field(default=ClusterAddresses)
    """What is known of the cluster at the moment."""

    def objection(self, address: str, port: int = 0) -> str:
        """Why no backend may be at ``address``, as an adjective for people; "" where one may."""
        readings = tuple(_readings(address))
        if not readings:
            return "unreadable"
        cluster = self.cluster()
        if any(ip in network for ip in readings for network in self.denied):
            return "denied"
        if any((ip, port) in cluster.api_servers for ip in readings):
            return "API server"
        judged = [ip for ip in readings if not any(ip in network for network in self.allowed)]
        kinds = [_kind(ip) for ip in judged]
        kinds += ["API server" for ip in judged for server, _ in cluster.api_servers if ip == server]
        kinds += [kind for ip in judged for network, kind in cluster.ranges if ip in network]
        return next(filter(None, kinds), "")


def forbidden_kind(address: str) -> str:
    """What makes ``address`` (IPv4 or IPv6 as text) forbidden, in a word for people; "" where it is not.

    An IPv4 address inside an IPv6 one (``::ffff:127.0.0.1``) is judged as what it is. What is no address is forbidden.
    """
    return AddressRules().objection(address)


def _kind(ip: Address) -> str:
    kinds = {
        "loopback": ip.is_loopback,
        "link-local": ip.is_link_local,
        "unspecified": ip.is_unspecified,
        "multicast": ip.is_multicast,
    }
    return next((kind for kind, applies in kinds.items() if applies), "") or next(
        (kind for network, kind in _KINDS if ip in network), ""
    )


def _readings(address: str) -> Iterator[Address]:
    """What ``address`` is, and every IPv4 address that is written in it: a gateway on the way may unpack that."""
    try:
        ip = ip_address(address)
    except ValueError:
        return
    if isinstance(ip, IPv4Address):
        yield ip
        return
    if ip.ipv4_mapped is not None:
        # No IPv6 packet ever has such an address: the system itself connects to the IPv4 one.
        yield ip.ipv4_mapped
        return
    yield ip
    low = int(ip) & 0xFFFFFFFF
    if any(ip in network for network in _IPV4_AT_THE_END) and low > 1:
        yield IPv4Address(low)
    if (int(ip) >> 32) & 0xFFFFFFFF in _ISATAP:
        yield IPv4Address(low)
    if ip.sixtofour is not None:
        yield ip.sixtofour
    if ip.teredo is not None:
        yield from ip.teredo
