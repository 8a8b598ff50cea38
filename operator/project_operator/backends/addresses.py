"""Which addresses a backend may not be at.

A tenant chooses the URL of a backend, the operator makes the connection: without this rule a Project object would be
a way to reach what only the operator's node can reach. Judged on the address that was connected to, so that no name
can resolve to one thing now and another later.
"""

from ipaddress import IPv6Address, ip_address


def forbidden_kind(address: str) -> str:
    """What makes ``address`` (IPv4 or IPv6 as text) forbidden, in a word for people; "" where it is not.

    An IPv4 address inside an IPv6 one (``::ffff:127.0.0.1``) is judged as what it is. What is no address is forbidden.
    """
    try:
        ip = ip_address(address)
    except ValueError:
        return "unreadable"
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    kinds = {
        "loopback": ip.is_loopback,
        "link-local": ip.is_link_local,
        "unspecified": ip.is_unspecified,
        "multicast": ip.is_multicast,
    }
    return next((kind for kind, applies in kinds.items() if applies), "")
