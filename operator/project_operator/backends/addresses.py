"""Which addresses a backend may not be at.

A tenant chooses the URL of a backend, the operator makes the connection: without this rule a Project object would be
a way to reach what only the operator's node can reach. Judged on the address that was connected to, so that no name
can resolve to one thing now and another later.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class AddressRules:
    """What an installation says of addresses: the operator's settings, never a tenant's. ``denied`` goes first."""

    allowed: tuple[Network, ...] = ()
    """Ranges where backends may be although they are forbidden by kind."""
    denied: tuple[Network, ...] = ()
    """Ranges where backends may not be, such as those of pods and services."""

    def objection(self, address: str) -> str:
        """Why no backend may be at ``address``, as an adjective for people; "" where one may."""
        ip = _read(address)
        if ip is None:
            return "unreadable"
        if any(ip in network for network in self.denied):
            return "denied"
        return "" if any(ip in network for network in self.allowed) else forbidden_kind(address)


def forbidden_kind(address: str) -> str:
    """What makes ``address`` (IPv4 or IPv6 as text) forbidden, in a word for people; "" where it is not.

    An IPv4 address inside an IPv6 one (``::ffff:127.0.0.1``) is judged as what it is. What is no address is forbidden.
    """
    ip = _read(address)
    if ip is None:
        return "unreadable"
    kinds = {
        "loopback": ip.is_loopback,
        "link-local": ip.is_link_local,
        "unspecified": ip.is_unspecified,
        "multicast": ip.is_multicast,
    }
    return next((kind for kind, applies in kinds.items() if applies), "")


def _read(address: str) -> IPv4Address | IPv6Address | None:
    try:
        ip = ip_address(address)
    except ValueError:
        return None
    return ip.ipv4_mapped if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None else ip
