from typing import Any

import pytest
from pydantic import ValidationError

from project_operator.api.v1alpha1.clusteridentitybackend import ClusterIdentityBackend, Permission

NSCALE = {"url": "https://identity", "auth": {"serviceAccountToken": {"secretRef": {"name": "token"}}}}


def parse(**spec: Any) -> ClusterIdentityBackend:
    body = {"nscale": NSCALE, "secretNamespace": "identity"} | spec
    return ClusterIdentityBackend.parse({"metadata": {"name": "cloud"}, "spec": body})


def test_tenants_may_little_unless_it_is_said() -> None:
    tenancy = parse().spec.tenancy
    assert tenancy.allowed_roles == ("member", "reader")
    assert (tenancy.import_, tenancy.is_domain) == (Permission.FORBIDDEN, Permission.FORBIDDEN)
    assert (tenancy.allowed_parents, tenancy.allowed_domains) == ((), ())
    assert parse().spec.namespace_selector is None
    assert parse().secret_namespace == "identity"


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ({"secretNamespace": "Team_A"}, "must be the name of a namespace"),
        ({"deletionPolicy": "Delete", "tenancy": {"allowedDeletionPolicies": ["Orphan"]}}, "allowedDeletionPolicies"),
        ({"tenancy": {"namePrefix": "{namespace}-"}}, "would be the prefix of the namespace 'a-b' too"),
        ({"tenancy": {"namePrefix": "{namespace}"}}, "would be the prefix of the namespace 'a-b' too"),
        ({"tenancy": {"namePrefix": "{name}."}}, "must not hold braces"),
        ({"tenancy": {"namePrefix": " a"}}, "must be one line"),
        ({"consistency": {"inFlightBound": "1s"}}, "must not be shorter than `timeout`"),
        ({"namespaceSelector": {"matchExpressions": [{"key": "a", "operator": "In"}]}}, "`values` must be set"),
    ],
)
def test_what_the_api_server_refuses_is_refused_here_too(spec: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words.replace("{", r"\{").replace("}", r"\}")):
        parse(**spec)


@pytest.mark.parametrize("prefix", ["", "team.", "{namespace}.", "k8s_{namespace}_", "{namespace}/{namespace}:"])
def test_a_prefix_that_can_be_one_namespaces_alone_is_taken(prefix: str) -> None:
    assert parse(tenancy={"namePrefix": prefix}).spec.tenancy.name_prefix == prefix
