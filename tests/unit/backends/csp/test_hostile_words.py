"""What a server says of a project stands in an error only as far as it can be printed."""

import pytest
from hostile import TEXTS

from project_operator.backends.base import HealthStatus, ProjectContent, ProvisioningStatus, RemoteProject
from project_operator.backends.csp.checks import check_emptiness
from project_operator.backends.csp.payloads import CUSTOM, Sight
from project_operator.errors import RequestRefused

PROJECT = RemoteProject("p", "o", ProjectContent("a"), ProvisioningStatus.PROVISIONED, HealthStatus.HEALTHY)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_its_type_and_its_services_are_told_in_one_line(text: str) -> None:
    for sight in (Sight(PROJECT, text or "OTHER", (), leaf=True), Sight(PROJECT, CUSTOM, (text,), leaf=True)):
        with pytest.raises(RequestRefused) as refused:
            check_emptiness(sight)
        assert str(refused.value).isprintable()
        assert len(str(refused.value)) <= 256
