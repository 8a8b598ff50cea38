import pytest

from project_operator.backends.base import HealthStatus, ProvisioningStatus
from project_operator.backends.nscale.statuses import health_status, provisioning_status


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("unknown", ProvisioningStatus.UNKNOWN),  # up to 1.14, before the controller has looked (N2-2)
        ("pending", ProvisioningStatus.PENDING),  # the same from 1.15 on (N2-2)
        ("provisioning", ProvisioningStatus.PROVISIONING),
        ("provisioned", ProvisioningStatus.PROVISIONED),
        ("deprovisioning", ProvisioningStatus.DEPROVISIONING),
        ("error", ProvisioningStatus.ERROR),
        ("", ProvisioningStatus.UNKNOWN),
        ("Provisioned", ProvisioningStatus.UNKNOWN),
        ("hibernating", ProvisioningStatus.UNKNOWN),
    ],
)
def test_provisioning_status_has_the_words_of_all_versions(word: str, status: ProvisioningStatus) -> None:
    assert provisioning_status(word) is status


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("unknown", HealthStatus.UNKNOWN),
        ("healthy", HealthStatus.HEALTHY),
        ("degraded", HealthStatus.DEGRADED),
        ("error", HealthStatus.ERROR),
        ("", HealthStatus.UNKNOWN),  # a reason that the server does not know, from core 1.15 on (N2)
        ("fine", HealthStatus.UNKNOWN),
    ],
)
def test_health_status_has_the_words_of_all_versions(word: str, status: HealthStatus) -> None:
    assert health_status(word) is status
