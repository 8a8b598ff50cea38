"""Every backend that the contract suite runs over."""

from typing import Final

from candidates.candidate import CALLS, LOOPBACK, WRITES, Candidate, Connecting, Purpose, plain
from candidates.csp import CSPCandidate
from candidates.k5 import K5Candidate
from candidates.nscale import NscaleCandidate
from candidates.openstack import OpenStackCandidate
from candidates.otc import OTCCandidate

__all__ = ["CALLS", "CANDIDATES", "DELETING", "LOOPBACK", "WRITES", "Candidate", "Connecting", "Purpose", "plain"]

CANDIDATES: Final[dict[str, type[Candidate]]] = {
    candidate.vendor.key: candidate
    for candidate in (NscaleCandidate, OpenStackCandidate, OTCCandidate, K5Candidate, CSPCandidate)
}
"""By the key of the vendor."""

DELETING: Final = [key for key, candidate in CANDIDATES.items() if candidate.vendor.capabilities.delete]
"""Keys of those that can delete projects."""
