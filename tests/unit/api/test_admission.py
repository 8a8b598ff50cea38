"""The admission policies as texts; what they refuse is shown by tests/scenarios/accidents on a real API server."""

from typing import Any

import pytest
import yaml

from project_operator.api.admission import OPERATOR_USER, POLICIES, AdmissionPolicy, policy_yaml


def documents(policy: AdmissionPolicy) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all(policy_yaml(policy)))


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_a_policy_is_in_force_by_its_binding_and_refuses_when_in_doubt(policy: AdmissionPolicy) -> None:
    rules, binding = documents(policy)
    assert (rules["kind"], binding["kind"]) == ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
    assert binding["spec"] == {"policyName": rules["metadata"]["name"], "validationActions": ["Deny"]}
    assert rules["spec"]["failurePolicy"] == "Fail"


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.name)
def test_what_is_said_fits_in_a_status(policy: AdmissionPolicy) -> None:
    (validation,) = documents(policy)[0]["spec"]["validations"]
    # The API server shows no message of more lines than one, nor one of more than 5 KiB.
    assert "\n" not in validation["messageExpression"]
    assert len(validation["messageExpression"]) < 1024


def test_the_operator_is_named_once_where_it_is_asked_for() -> None:
    for policy in POLICIES:
        assert policy_yaml(policy).count(OPERATOR_USER) == policy.knows_operator
        assert ("variables.operator" in policy.expression) == policy.knows_operator
