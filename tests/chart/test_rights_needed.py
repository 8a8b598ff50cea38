"""What `project-operator doctor` asks for is what the chart grants: neither more nor less."""

from typing import Any

import helm
import pytest
from rights import granted

from project_operator.cli.rights import Place, rights_needed

NOT_ASKED = {("", "secrets", "create")}
"""Only where credentials replace themselves, which the backend objects decide."""


@pytest.mark.parametrize(
    ("values", "place"),
    [
        (
            {"secrets": {"clusterWide": True}, "outgoingAddresses": {"readNodes": True}},
            Place(lease_namespace=helm.NAMESPACE, reads_nodes=True),
        ),
        (
            {
                "secrets": {"clusterWide": True},
                "clusterBackends": {"enabled": False},
                "outgoingAddresses": {"serviceRanges": ["10.96.0.0/12"]},
            },
            Place(lease_namespace=helm.NAMESPACE, cluster_backends=False, reads_ranges=False),
        ),
    ],
    ids=["everything", "little"],
)
def test_doctor_asks_for_what_the_chart_grants(values: dict[str, Any], place: Place) -> None:
    given = {(one.group, one.resource, one.verb) for one in granted(helm.released(helm.template(values)))}
    asked = {(one.group, one.resource, one.verb) for one in rights_needed(place)}
    assert asked == given - NOT_ASKED
