"""Where a backend may not be: nowhere that only the operator could reach. Names that change: tests/unit/backends."""

import json

import pytest
from in_kind import OperatorPods
from scenario import SECRET, Scenario, condition

from project_operator.kube.access import load_access


def _refused(scenario: Scenario, url: str) -> str:
    scenario.apply_secret()
    auth = {"serviceAccountToken": {"secretRef": {"name": SECRET}}}
    scenario.apply_backend(nscale={"url": url, "auth": auth})
    scenario.apply_project()
    backend = scenario.wait_for("False", "EndpointInvalid", "default", kind="IdentityBackend")
    assert condition(backend, "Stalled")["reason"] == "EndpointInvalid"
    scenario.wait_for("False", "BackendNotReady")
    return str(condition(backend, "Ready")["message"])


# The operator of these tests may reach where the identity server is, 127.0.0.0/8 or one address, and nothing else of
# what is refused. Every day those that differ most: what an address is, is judged by tests/unit/backends.
@pytest.mark.parametrize(
    ("host", "kind"),
    [
        ("[::1]", "a loopback"),
        ("169.254.169.254", "a link-local"),
        ("[::ffff:169.254.169.254]", "a link-local"),
        *(
            pytest.param(host, kind, marks=pytest.mark.whole)
            for host, kind in (
                ("2852039166", "a link-local"),
                ("0xa9fea9fe", "a link-local"),
                ("[64:ff9b::a9fe:a9fe]", "a link-local"),
                ("[2002:a9fe:a9fe::1]", "a link-local"),
                ("[fd00:ec2::254]", "a metadata service"),
                ("0.0.0.0", "an unspecified"),  # noqa: S104 - nothing is bound
            )
        ),
    ],
)
def test_an_address_that_only_the_operator_could_reach_is_refused(
    bare_scenario: Scenario, host: str, kind: str
) -> None:
    message = _refused(bare_scenario, f"https://{host}")
    assert message.startswith("`spec.nscale.url`: ")
    assert message.endswith(f"the host is at {kind} address, where backends may not be")


def _api_server(scenario: Scenario) -> str:
    """The API server's URL, as the operator itself reaches it: a pod knows nothing of the administrator's."""
    plane = scenario.control_plane
    if not isinstance(scenario.operator, OperatorPods):
        return load_access(plane.kubeconfig).server
    said = plane.kubectl("get", "endpointslice", "kubernetes", "--namespace=default", "--output=json").stdout
    slice_ = json.loads(said)
    return f"https://{slice_['endpoints'][0]['addresses'][0]}:{slice_['ports'][0]['port']}"


def test_the_api_server_is_refused_even_where_its_address_is_allowed(bare_scenario: Scenario) -> None:
    """The embedded one is within 127.0.0.0/8; of a cluster that is there already the address is not allowed besides."""
    server = _api_server(bare_scenario)
    assert _refused(bare_scenario, server).endswith("the host is at an API server address, where backends may not be")


def test_the_api_server_s_service_and_its_neighbours_are_refused(bare_scenario: Scenario) -> None:
    plane = bare_scenario.control_plane
    address = plane.kubectl("get", "service", "kubernetes", "--output=jsonpath={.spec.clusterIP}").stdout
    assert _refused(bare_scenario, f"https://{address}").endswith("an API server address, where backends may not be")


def test_a_service_is_refused(bare_scenario: Scenario) -> None:
    plane = bare_scenario.control_plane
    ranges = plane.kubectl("get", "servicecidrs", "--output=jsonpath={.items[*].spec.cidrs[0]}").stdout.split()
    first = ranges[0].rpartition(".")[0]
    assert _refused(bare_scenario, f"https://{first}.77").endswith("a service address, where backends may not be")
