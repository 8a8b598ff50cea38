from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from project_operator.sandbox.demo.lifecycle import Phase, Row, age, line, row

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def condition(type_: str, status: str, reason: str, message: str = "so it is") -> dict[str, Any]:
    return {
        "type": type_,
        "status": status,
        "reason": reason,
        "message": message,
        "lastTransitionTime": "2026-11-22T12:00:00Z",
    }


def project(status: dict[str, Any] | None = None, **metadata: Any) -> dict[str, Any]:
    return {
        "metadata": {"name": "alpha", "namespace": "demo", "creationTimestamp": "2026-11-22T11:59:00Z"} | metadata,
        "spec": {},
    } | ({"status": status} if status is not None else {})


@pytest.mark.parametrize(
    ("raw", "phase"),
    [
        (project(), Phase.WAITING),
        (project({"observedGeneration": 1}), Phase.WAITING),
        (project({"id": "1", "provisioningStatus": "unknown"}), Phase.PROVISIONING),
        (project({"id": "1", "provisioningStatus": "pending"}), Phase.PROVISIONING),
        (project({"id": "1", "provisioningStatus": "provisioning"}), Phase.PROVISIONING),
        (project({"id": "1", "provisioningStatus": "provisioned"}), Phase.PROVISIONED),
        (project({"id": "1", "provisioningStatus": "error"}), Phase.ERROR),
        (project({"id": "1", "provisioningStatus": "deprovisioning"}), Phase.DELETING),
        (
            project(
                {
                    "id": "1",
                    "provisioningStatus": "provisioned",
                    "operation": {"type": "Update", "state": "Accepted"},
                }
            ),
            Phase.UPDATING,
        ),
        (project({"id": "1", "conditions": [condition("Stalled", "True", "Missing")]}), Phase.MISSING),
        (project({"conditions": [condition("Stalled", "True", "Unsupported")]}), Phase.STALLED),
        (
            project(
                {
                    "id": "1",
                    "provisioningStatus": "provisioned",
                    "conditions": [condition("Stalled", "True", "Missing")],
                },
                deletionTimestamp="2026-11-22T12:00:00Z",
            ),
            Phase.DELETING,
        ),
    ],
)
def test_the_phase_is_read_from_the_object_alone(raw: dict[str, Any], phase: Phase) -> None:
    assert row(raw).phase is phase


def test_a_row_has_what_status_says() -> None:
    status = {
        "id": "1",
        "name": "beta",
        "provisioningStatus": "provisioned",
        "healthStatus": "healthy",
        "conditions": [condition("Ready", "True", "Succeeded", "all is well")],
    }
    assert row(project(status)) == Row(
        namespace="demo",
        name="alpha",
        phase=Phase.PROVISIONED,
        id="1",
        remote_name="beta",
        ready="True",
        reason="Succeeded",
        message="all is well",
        provisioning="provisioned",
        health="healthy",
        created=NOW - timedelta(minutes=1),
    )


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        (Row("demo", "alpha", Phase.WAITING), "alpha              waiting       -/-                      Ready=-"),
        (
            Row(
                "demo",
                "alpha",
                Phase.PROVISIONED,
                "1",
                "alpha",
                "True",
                "Succeeded",
                "all is well",
                "provisioned",
                "healthy",
            ),
            "alpha              provisioned   provisioned/healthy      Ready=True  all is well",
        ),
        (
            Row("demo", "alpha", Phase.MISSING, "1", "alpha", "False", "Missing", "it is gone", "unknown", "unknown"),
            "alpha              missing       unknown/unknown          Ready=False (Missing)  it is gone",
        ),
    ],
)
def test_a_line_tells_a_row(shown: Row, told: str) -> None:
    assert line(shown) == told


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "0s"), (0, "0s"), (119, "119s"), (120, "2m"), (7199, "119m"), (7200, "2h"), (172799, "47h"), (172800, "2d")],
)
def test_ages_are_told_in_one_unit(seconds: int, text: str) -> None:
    assert age(NOW - timedelta(seconds=seconds), NOW) == text


def test_an_unknown_age_is_empty() -> None:
    assert age(None, NOW) == ""
