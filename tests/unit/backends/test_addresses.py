from ipaddress import ip_address, ip_network

import pytest

from project_operator.backends.addresses import AddressRules, ClusterAddresses, forbidden_kind


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "loopback"),
        ("127.8.8.8", "loopback"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback"),
        ("169.254.169.254", "link-local"),  # where clouds keep credentials
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("::ffff:169.254.169.254", "link-local"),
        ("0.0.0.0", "unspecified"),  # noqa: S104 - nothing is bound
        ("::", "unspecified"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("0.0.0.1", "unspecified"),
        ("255.255.255.255", "reserved"),
        ("240.0.0.1", "reserved"),
        ("168.63.129.16", "metadata service"),
        ("100.100.100.200", "metadata service"),
        ("192.0.0.192", "metadata service"),
        ("fd00:ec2::254", "metadata service"),
        ("fd20:ce::254", "metadata service"),
        # IPv4 in IPv6, in every form that a gateway or the system itself may take apart.
        ("::127.0.0.1", "loopback"),
        ("::ffff:0:127.0.0.1", "loopback"),
        ("64:ff9b::127.0.0.1", "loopback"),
        ("64:ff9b::a9fe:a9fe", "link-local"),
        ("64:ff9b:1::127.0.0.1", "translated"),
        ("64:ff9b:1:7f00:0:100::", "translated"),
        ("2002:7f00:1::", "loopback"),
        ("2002:a9fe:a9fe::1", "link-local"),
        ("2001:0:7f00:1::", "loopback"),  # Teredo: the server
        ("2001:0:cb00:7107:0:0:80ff:fffe", "loopback"),  # Teredo: the client, inverted
        ("fd00::5efe:127.0.0.1", "loopback"),  # ISATAP
        ("fd00::200:5efe:169.254.169.254", "link-local"),
        ("64:ff9b::203.0.113.7", ""),
        ("2002:cb00:7107::1", ""),
        ("identity.example.com", "unreadable"),
        ("", "unreadable"),
        ("10.0.0.1", ""),  # a server of one's own is often there
        ("192.168.1.1", ""),
        ("fd00::1", ""),
        ("203.0.113.7", ""),
        ("2001:db8::1", ""),
    ],
)
def test_addresses_that_only_the_operator_could_reach_are_forbidden(address: str, kind: str) -> None:
    assert forbidden_kind(address) == kind


@pytest.mark.parametrize(
    ("address", "objection"),
    [
        ("127.0.0.1", ""),
        ("::ffff:127.0.0.1", ""),
        ("127.0.0.53", "denied"),
        ("::1", "loopback"),
        ("10.96.0.1", "denied"),
        ("10.0.0.1", ""),
        ("nonsense", "unreadable"),
    ],
)
def test_an_installation_allows_and_denies_ranges_and_denial_goes_first(address: str, objection: str) -> None:
    rules = AddressRules(
        allowed=(ip_network("127.0.0.0/8"),), denied=(ip_network("10.96.0.0/12"), ip_network("127.0.0.53/32"))
    )
    assert rules.objection(address) == objection


CLUSTER = ClusterAddresses(
    api_servers=frozenset({(ip_address("10.0.0.5"), 6443), (ip_address("127.0.0.1"), 6443)}),
    ranges=((ip_network("10.96.0.0/12"), "service"), (ip_network("fd00:10:244::/56"), "pod")),
)


@pytest.mark.parametrize(
    ("address", "port", "objection"),
    [
        ("10.0.0.5", 6443, "API server"),
        ("10.0.0.5", 443, "API server"),
        ("::ffff:10.0.0.5", 443, "API server"),
        ("64:ff9b::10.0.0.5", 6443, "API server"),
        ("10.97.1.2", 443, "service"),
        ("2002:0a61:0102::", 443, "service"),
        ("fd00:10:244::7", 443, "pod"),
        ("10.0.0.6", 6443, ""),
        # What the installation allows it allows of the cluster too, but never the API server itself.
        ("10.96.12.7", 443, ""),
        ("127.0.0.1", 8443, ""),
        ("127.0.0.1", 6443, "API server"),
    ],
)
def test_the_cluster_s_own_addresses_are_no_place_for_a_backend(address: str, port: int, objection: str) -> None:
    allowed = (ip_network("10.96.12.7/32"), ip_network("127.0.0.0/8"))
    assert AddressRules(allowed=allowed, cluster=lambda: CLUSTER).objection(address, port) == objection


def test_what_is_learnt_of_the_cluster_later_counts() -> None:
    known = [ClusterAddresses()]
    rules = AddressRules(cluster=lambda: known[-1])
    assert rules.objection("10.97.1.2") == ""
    known.append(CLUSTER)
    assert rules.objection("10.97.1.2") == "service"
