"""Every backend that the contract suite runs over."""

from typing import Final

from candidates.candidate import CALLS, LOOPBACK, WRITES, Candidate, Connecting, Purpose, plain
from candidates.csp import CSPCandidate
from candidates.nscale import NscaleCandidate
from candidates.openstack import OpenStackCandidate

__all__ = ["CALLS", "CANDIDATES", "LOOPBACK", "WRITES", "Candidate", "Connecting", "Purpose", "plain"]

CANDIDATES: Final[dict[str, type[Candidate]]] = {
    candidate.vendor.key: candidate for candidate in (NscaleCandidate, OpenStackCandidate, CSPCandidate)
}
"""By the key of the vendor."""
