from ipaddress import ip_network

import pytest

from project_operator.backends.addresses import AddressRules, forbidden_kind


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
