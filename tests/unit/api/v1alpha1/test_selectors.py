from typing import Any

import pytest

from project_operator.api.v1alpha1.selectors import LabelSelector

PROD = {"team": "web", "stage": "prod"}


@pytest.mark.parametrize(
    ("selector", "labels", "selected"),
    [
        ({}, {}, True),
        ({}, PROD, True),
        ({"matchLabels": {"team": "web"}}, PROD, True),
        ({"matchLabels": {"team": "web", "stage": "test"}}, PROD, False),
        ({"matchLabels": {"team": ""}}, {}, False),
        ({"matchExpressions": [{"key": "team", "operator": "In", "values": ["web", "shop"]}]}, PROD, True),
        ({"matchExpressions": [{"key": "team", "operator": "In", "values": ["shop"]}]}, PROD, False),
        ({"matchExpressions": [{"key": "team", "operator": "In", "values": ["shop"]}]}, {}, False),
        ({"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["shop"]}]}, PROD, True),
        ({"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["web"]}]}, PROD, False),
        ({"matchExpressions": [{"key": "team", "operator": "NotIn", "values": ["web"]}]}, {}, True),
        ({"matchExpressions": [{"key": "team", "operator": "Exists"}]}, PROD, True),
        ({"matchExpressions": [{"key": "team", "operator": "Exists"}]}, {}, False),
        ({"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]}, {}, True),
        ({"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]}, PROD, False),
        (
            {"matchLabels": {"team": "web"}, "matchExpressions": [{"key": "stage", "operator": "DoesNotExist"}]},
            PROD,
            False,
        ),
    ],
)
def test_it_selects_as_kubernetes_does(selector: dict[str, Any], labels: dict[str, str], *, selected: bool) -> None:
    assert LabelSelector.model_validate(selector).selects(labels) is selected
