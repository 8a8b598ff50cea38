"""The admission policies of the chart: those of deploy/policies, in force where this release's operator works."""

from collections.abc import Mapping
from typing import Any

import helm
import yaml

from project_operator.api.admission import POLICIES

PLAIN = helm.ROOT / "deploy" / "policies"
POLICY, BINDING = "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"


def rendered(values: Mapping[str, Any] | None = None, kind: str = POLICY) -> dict[str, dict[str, Any]]:
    """What is rendered of a kind, by its name without the release's."""
    objects = helm.objects(helm.template(helm.WITHOUT_DEFINITIONS | dict(values or {}), namespace="identity"))
    return {
        one["metadata"]["name"].removeprefix("project-operator-"): one["spec"] for one in objects if one["kind"] == kind
    }


def operators(policies: Mapping[str, Mapping[str, Any]]) -> set[str]:
    return {variable["expression"] for spec in policies.values() for variable in spec.get("variables", [])}


def namespaces(binding: Mapping[str, Any]) -> list[str] | None:
    """Where it holds; None: in the whole cluster."""
    if "matchResources" not in binding:
        return None
    (expression,) = binding["matchResources"]["namespaceSelector"]["matchExpressions"]
    assert (expression["key"], expression["operator"]) == ("kubernetes.io/metadata.name", "In")
    chosen: list[str] = expression["values"]
    return chosen


def test_they_are_those_of_the_plain_yaml_but_for_the_operators_name() -> None:
    policies = rendered()
    assert operators(policies) == {"'system:serviceaccount:identity:project-operator'"}
    plain = {
        policy.name: next(yaml.safe_load_all((PLAIN / f"{policy.name}.yaml").read_text("utf-8"))) for policy in POLICIES
    }
    assert policies.keys() == plain.keys()
    for name, spec in policies.items():
        said = plain[name]["spec"]
        assert {**spec, "variables": None} == {**said, "variables": None}


def test_each_is_bound_and_bound_to_itself() -> None:
    policies, bindings = rendered(), rendered(kind=BINDING)
    assert {name: spec["policyName"].removeprefix("project-operator-") for name, spec in bindings.items()} == {
        name: name for name in policies
    }


def test_each_can_be_left_out() -> None:
    everything = {"credentials-finalizers", "definitions", "deletion-protection", "finalizers"}
    without = {
        value: everything - rendered({"admissionPolicies": {value: False}}).keys()
        for value in ("deletionProtection", "definitions", "finalizers")
    }
    assert without == {
        "deletionProtection": {"deletion-protection"},
        "definitions": {"definitions"},
        "finalizers": {"finalizers", "credentials-finalizers"},
    }


def test_two_operators_in_one_cluster_are_not_in_each_other_s_way() -> None:
    values = {"watchNamespaces": ["a", "identity"], "clusterBackends": {"enabled": False}, "fullnameOverride": "mine"}
    bindings = rendered(values, BINDING)
    assert {name.removeprefix("mine-"): namespaces(spec) for name, spec in bindings.items()} == {
        "credentials-finalizers": ["a", "identity"],
        "definitions": None,
        "deletion-protection": ["a", "identity"],
        "finalizers": ["a", "identity"],
    }
    rules = rendered(values)["mine-finalizers"]["matchConstraints"]["resourceRules"]
    assert rules[0]["resources"] == ["projects", "identitybackends"]
    assert operators(rendered(values)) == {"'system:serviceaccount:identity:mine'"}


def test_secrets_are_guarded_wherever_they_are_read() -> None:
    assert namespaces(rendered(kind=BINDING)["credentials-finalizers"]) == ["identity"]
    assert namespaces(rendered({"secrets": {"clusterWide": True}}, BINDING)["credentials-finalizers"]) is None
