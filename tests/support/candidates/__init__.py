"""Every backend that the contract suite runs over."""

from collections.abc import Callable
from typing import Final

import pytest

from candidates.candidate import CALLS, LOOPBACK, WRITES, Candidate, Connecting, Purpose, Remark, plain
from candidates.csp import CSPCandidate
from candidates.k5 import K5Candidate
from candidates.nscale import NscaleCandidate
from candidates.openstack import OpenStackCandidate
from candidates.otc import OTCCandidate

__all__ = [
    "CALLS",
    "CANDIDATES",
    "DELETING",
    "LOOPBACK",
    "WRITES",
    "Candidate",
    "Connecting",
    "Purpose",
    "Remark",
    "plain",
    "where",
]

CANDIDATES: Final[dict[str, type[Candidate]]] = {
    candidate.vendor.key: candidate
    for candidate in (NscaleCandidate, OpenStackCandidate, OTCCandidate, K5Candidate, CSPCandidate)
}
"""By the key of the vendor."""

DELETING: Final = [key for key, candidate in CANDIDATES.items() if candidate.vendor.capabilities.delete]
"""Keys of those that can delete projects."""


def where(has: Callable[[type[Candidate]], object]) -> pytest.MarkDecorator:
    """The test runs with those servers only whose candidate ``has`` what it is about."""
    return pytest.mark.parametrize("server", [key for key, one in CANDIDATES.items() if has(one)], indirect=True)
