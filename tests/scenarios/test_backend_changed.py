"""A project is only ever looked for where it was made: with another backend object no call is made for it."""

from collections.abc import Iterator

import pytest
from hosting import KEPT
from scenario import PROMPT, Scenario, condition

from project_operator.sandbox.identity.nscale.embedded import EmbeddedIdentityServer


@pytest.fixture
def elsewhere() -> Iterator[EmbeddedIdentityServer]:
    """Another identity server."""
    with EmbeddedIdentityServer(PROMPT, keep_alive=KEPT) as server:
        yield server


def _replace_backend(scenario: Scenario, server: EmbeddedIdentityServer) -> None:
    """As by somebody who forces it."""
    scenario.delete("default", "IdentityBackend")
    scenario.kubectl("patch", "ibackend", "default", "--type=merge", '--patch={"metadata":{"finalizers":null}}')
    scenario.wait_gone("default", "IdentityBackend")
    auth = {"serviceAccountToken": {"secretRef": {"name": "elsewhere"}}}
    scenario.apply_secret("elsewhere", token=server.token)
    scenario.apply_backend(nscale={"url": server.url, "auth": auth})
    scenario.wait_ready("default", kind="IdentityBackend")


def test_another_backend_of_the_same_name_gets_no_call(scenario: Scenario, elsewhere: EmbeddedIdentityServer) -> None:
    scenario.apply_project(missingPolicy="Recreate")
    before = scenario.wait_ready()["status"]

    _replace_backend(scenario, elsewhere)

    stalled = scenario.wait_for("False", "BackendChanged")
    message = condition(stalled, "Ready")["message"]
    assert (
        f"was made with another backend than IdentityBackend 'default' is now (uid {before['backendRef']['uid']}"
        in (message)
    )
    assert "no call is made" in message
    assert "spec.import.id" in message
    assert condition(stalled, "Stalled")["reason"] == "BackendChanged"
    assert stalled["status"]["id"] == before["id"]
    assert stalled["status"]["backendRef"] == before["backendRef"]
    asked = {one.operation for one in elsewhere.admin.requests() if before["id"] in (one.project_id, one.name)}
    assert asked == set()
    assert elsewhere.admin.projects() == []
    assert scenario.remote().id == before["id"]


def test_its_deletion_waits_and_orphan_lets_it_go(scenario: Scenario, elsewhere: EmbeddedIdentityServer) -> None:
    scenario.apply_project()
    project_id = scenario.wait_ready()["status"]["id"]
    _replace_backend(scenario, elsewhere)
    scenario.wait_for("False", "BackendChanged")

    scenario.delete()

    held = scenario.wait_for("False", "BackendChanged")
    assert condition(held, "Ready")["message"].startswith("the deletion waits: ")
    assert "set `deletionPolicy: Orphan`" in condition(held, "Ready")["message"]

    scenario.edit({"deletionPolicy": "Orphan"})
    scenario.wait_gone()
    assert scenario.remote().id == project_id
    assert elsewhere.admin.requests(operation="deleteProject") == []
