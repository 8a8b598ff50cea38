"""nscale's words for the state of a project, of all versions, in the operator's words.

Up to 1.14 a project that no controller has seen yet is ``unknown``, from 1.15 on it is ``pending``
(docs/backends/nscale.md, N0-6, N2-2). Words that we do not know mean the same as no word: not ready yet.
"""

from project_operator.backends.base import HealthStatus, ProvisioningStatus


def provisioning_status(word: str) -> ProvisioningStatus:
    """``word`` itself where it is known, else ``unknown``."""
    try:
        return ProvisioningStatus(word)
    except ValueError:
        return ProvisioningStatus.UNKNOWN


def health_status(word: str) -> HealthStatus:
    """``word`` itself where it is known, else ``unknown``; newer servers may say "" (N2-15)."""
    try:
        return HealthStatus(word)
    except ValueError:
        return HealthStatus.UNKNOWN
