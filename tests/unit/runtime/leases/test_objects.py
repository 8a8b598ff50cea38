"""Leases as the API server has them."""

from typing import Any

import pytest

from project_operator.api import names
from project_operator.runtime.leases import objects
from project_operator.runtime.leases.objects import Lease, LeaseKind


def stored(body: dict[str, Any], version: str = "7") -> dict[str, Any]:
    """``body`` as the API server gives it back."""
    return {**body, "metadata": {**body["metadata"], "uid": "u", "resourceVersion": version}}


def test_a_replicas_lease_says_how_long_it_is_good_and_what_it_looks_after() -> None:
    lease = Lease.parse(stored(objects.replica("pod-1", "all", 12, 0.0)))
    assert lease is not None
    assert (lease.kind, lease.name, lease.holder, lease.duration) == (LeaseKind.REPLICA, "pod-1", "pod-1", 12.0)
    assert (lease.scope, lease.leaving, lease.version) == ("all", False, "u/7")


def test_a_backends_lease_names_its_uid_and_its_holder() -> None:
    lease = Lease.parse(stored(objects.backend("b-1", "uid-1", "pod-1", 12, 0.0, scope="all")))
    assert lease is not None
    assert (lease.kind, lease.unit, lease.holder) == (LeaseKind.BACKEND, "uid-1", "pod-1")


def test_the_lease_of_no_backend_is_one_too() -> None:
    lease = Lease.parse(stored(objects.backend("no-backend", "", "pod-1", 12, 0.0, scope="all")))
    assert lease is not None
    assert (lease.kind, lease.unit, lease.scope) == (LeaseKind.BACKEND, "", "all")


@pytest.mark.parametrize(
    "labels", [{}, {names.LEASE_LABEL: "something"}, {names.LEASE_LABEL: "backend"}, {"app": "other"}]
)
def test_what_is_none_of_ours_is_left_alone(labels: dict[str, str]) -> None:
    assert Lease.parse({"metadata": {"name": "x", "uid": "u", "resourceVersion": "1", "labels": labels}}) is None


def test_what_somebody_has_emptied_is_nobodys() -> None:
    body = stored(objects.backend("b-1", "uid-1", "pod-1", 12, 0.0, scope="all")) | {"spec": None}
    lease = Lease.parse(body)
    assert lease is not None
    assert (lease.holder, lease.duration) == ("", 0.0)


def test_taking_counts_the_transitions() -> None:
    body = stored(objects.backend("b-1", "uid-1", "pod-1", 12, 0.0, scope="all"))
    lease = Lease.parse(body)
    assert lease is not None
    spec = objects.taking(lease, "pod-2", 12, 1.5)["spec"]
    assert (spec["holderIdentity"], spec["leaseTransitions"]) == ("pod-2", 1)
    assert spec["acquireTime"] == "1970-01-01T00:00:01.500000Z"


def test_leaving_is_said_with_a_renewal_and_the_holder_goes_with_null() -> None:
    assert objects.leaving(0.0)["metadata"]["labels"] == {names.LEASE_LEAVING_LABEL: "true"}
    assert objects.leaving(0.0)["spec"] == objects.renewal(0.0)["spec"]
    assert objects.vacating(0.0)["spec"]["holderIdentity"] is None


@pytest.mark.parametrize(
    ("called", "plain"),
    [
        ("IdentityBackend-payments-default", "identitybackend-payments-default"),
        ("Pod_1.example", "pod-1-example"),
        ("名前", "unnamed"),
        ("x" * 300, "x" * 200),
    ],
)
def test_names_are_what_the_api_server_takes(called: str, plain: str) -> None:
    assert objects.name_of_replica(called, "0123456789abcdef") == f"{plain}-01234567"
    assert objects.name_of_unit("uid-1", called).startswith(f"{plain}-")
    assert objects.name_of_unit("uid-1", called) != objects.name_of_unit("uid-2", called)
