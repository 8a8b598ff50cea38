"""What is released, in which order, and what is left as it is."""

from typing import Any

import pytest

from project_operator.api.names import FINALIZER, LEASE_LABEL
from project_operator.cli.release import Held, changes, held, running
from project_operator.kube.resources import CLUSTER_IDENTITY_BACKENDS, IDENTITY_BACKENDS, PROJECTS, SECRETS


def raw(name: str, *finalizers: str, **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "ns", "finalizers": list(finalizers), **metadata}}


def test_projects_go_before_backends_before_secrets() -> None:
    found = held(
        [
            (SECRETS, raw("s", FINALIZER)),
            (CLUSTER_IDENTITY_BACKENDS, raw("c", FINALIZER)),
            (IDENTITY_BACKENDS, raw("b", FINALIZER)),
            (PROJECTS, raw("z", FINALIZER, "other")),
            (PROJECTS, raw("a", FINALIZER)),
            (PROJECTS, raw("free", "other")),
            (PROJECTS, {"metadata": {"name": "bare"}}),
        ]
    )
    assert [one.raw["metadata"]["name"] for one in found] == ["a", "z", "b", "c", "s"]


def test_the_finalizers_of_others_stay() -> None:
    assert changes(Held(PROJECTS, raw("a", "x", FINALIZER, "y"))) == {"metadata": {"finalizers": ["x", "y"]}}


@pytest.mark.parametrize(
    ("finalizers", "metadata", "goes"),
    [
        ((FINALIZER,), {}, False),
        ((FINALIZER,), {"deletionTimestamp": "2026-01-01T00:00:00Z"}, True),
        ((FINALIZER, "x"), {"deletionTimestamp": "2026-01-01T00:00:00Z"}, False),
    ],
)
def test_what_goes_at_once(finalizers: tuple[str, ...], metadata: dict[str, Any], goes: bool) -> None:  # noqa: FBT001 - a table
    assert Held(PROJECTS, raw("a", *finalizers, **metadata)).goes is goes


def lease(name: str, renewed: str, holder: str | None = "x", kind: str = "replica") -> dict[str, Any]:
    metadata = {"name": name, "namespace": "op", "uid": "u", "resourceVersion": "1", "labels": {LEASE_LABEL: kind}}
    return {"metadata": metadata, "spec": {"holderIdentity": holder, "leaseDurationSeconds": 12, "renewTime": renewed}}


def test_an_operator_that_runs_is_seen() -> None:
    now = 1767225600.0  # 2026-01-01T00:00:00Z
    found = running(
        [
            lease("alive", "2025-12-31T23:59:50.000000Z"),
            lease("dead", "2025-12-31T23:59:00.000000Z"),
            lease("vacated", "2025-12-31T23:59:59.000000Z", None),
            lease("unit", "2025-12-31T23:59:59.000000Z", kind="backend"),
            lease("odd", "not a time"),
        ],
        now,
    )
    assert found == ("op/alive",)
