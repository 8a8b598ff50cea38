"""A deletion that the backend does not finish says for how long and where to look, and ends when nothing blocks it."""

from collections.abc import Iterator

import pytest
from hosting import KEPT
from scenario import PROMPT, Scenario, condition

from project_operator.sandbox.identity.clock import SystemClock
from project_operator.sandbox.identity.nscale.embedded import EmbeddedIdentityServer


class _AnHourBehind(SystemClock):
    """What the server dates now seems an hour old."""

    def now(self) -> float:
        return super().now() - 3600


@pytest.fixture
def long_ago(bare_scenario: Scenario) -> Iterator[Scenario]:
    """A scenario whose identity server accepted everything an hour ago."""
    with EmbeddedIdentityServer(PROMPT, clock=_AnHourBehind(), keep_alive=KEPT) as identity:
        bare_scenario.identity.stop()
        bare_scenario.identity = identity
        bare_scenario.apply(bare_scenario.secret(), bare_scenario.backend())
        bare_scenario.wait_ready("default", kind="IdentityBackend")
        yield bare_scenario


def test_a_deletion_that_lasts_is_called_blocked_and_ends_when_it_can(long_ago: Scenario) -> None:
    long_ago.apply_project()
    project_id = long_ago.wait_ready()["status"]["id"]
    long_ago.identity.admin.add_reference(project_id, "network-7")

    long_ago.delete()

    held = long_ago.wait_for("False", "DeletionBlocked")
    message = condition(held, "Ready")["message"]
    assert (
        f"project {project_id} has been 'deprovisioning' since {held['status']['observed']['deletionTime']}" in message
    )
    assert "look for resources in the project" in message
    assert condition(held, "Reconciling")["reason"] == "ProgressingWithRetry"
    assert long_ago.wait_for_event("DeletionBlocked")[0] == "Warning"
    long_ago.assert_quiet()

    long_ago.identity.admin.remove_reference(project_id, "network-7")
    long_ago.wait_gone()
    assert long_ago.identity.admin.projects() == []
    assert len(long_ago.calls("deleteProject")) == 1


def test_a_protected_project_is_held_and_let_go(scenario: Scenario) -> None:
    scenario.apply_project(deletionProtection=True)
    scenario.wait_ready()

    scenario.delete()

    held = scenario.wait_for("False", "DeletionProtected")
    assert "set it to false to let the deletion go on" in condition(held, "Ready")["message"]
    assert condition(held, "Stalled")["reason"] == "DeletionProtected"
    scenario.assert_quiet()
    assert scenario.remote().deletion_time is None

    scenario.edit({"deletionProtection": False})
    scenario.wait_gone()
    assert scenario.identity.admin.projects() == []
