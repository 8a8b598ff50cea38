"""What a backend is asked to bear."""

import re

import pytest

from project_operator.api.v1alpha1.backend_parts import RateLimit
from project_operator.backends.load import Load
from project_operator.backends.registry import shipped
from project_operator.backends.vendor import Vendor

NAMES = {
    "nscale": "nscale",
    "keystone": "Keystone",
    "open_telekom_cloud": "Open Telekom Cloud",
    "fujitsu_k5": "Fujitsu K5",
    "vmware_csp": "VMware CSP",
}
"""What the description of the fields calls each type."""


def described(field: str) -> dict[str, int]:
    """The default of each type, as the description of a field of `rateLimit` says."""
    text = str(RateLimit.model_fields[field].description)
    found: dict[str, int] = {}
    for number, names in re.findall(r"(\d+) for (.*?)(?=, \d|\.$)", text.partition("Default: ")[2].replace("\n", " ")):
        found |= dict.fromkeys(re.split(r", | and ", names), int(number))
    return found


@pytest.mark.parametrize("vendor", list(shipped()), ids=lambda vendor: vendor.key)
def test_the_definition_tells_the_defaults_of_each_type(vendor: Vendor) -> None:
    """T8-14, F9-2, V9-12: what is asked for is what is told."""
    name = NAMES[vendor.key]
    assert described("requests_per_second")[name] == vendor.load.requests_per_second == vendor.load.burst
    assert described("max_in_flight")[name] == vendor.load.max_in_flight


@pytest.mark.parametrize(
    ("limit", "load"),
    [
        (RateLimit(), Load(5, 6, 7)),
        (RateLimit(requests_per_second=1), Load(1, 6, 7)),
        (RateLimit(burst=1), Load(5, 1, 7)),
        (RateLimit(max_in_flight=1), Load(5, 6, 1)),
    ],
)
def test_the_object_says_what_is_otherwise_with_it(limit: RateLimit, load: Load) -> None:
    assert Load(5, 6, 7).limited(limit) == load
