"""The admin interface: what tests do to a server behind its API's back."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import httpx
import pytest
from waiting import wait_until

from project_operator.errors import SandboxError
from project_operator.sandbox.identity.admin_client import AdminClient
from project_operator.sandbox.identity.faults import Fault, FaultAction
from project_operator.sandbox.identity.nscale.embedded import EmbeddedIdentityServer

if TYPE_CHECKING:
    from tests.sandbox.identity.conftest import Caller


def read(caller: Caller, project_id: str) -> httpx.Response:
    return caller.client.get(f"{caller.path}/{project_id}")


def test_it_needs_its_own_token(server: EmbeddedIdentityServer) -> None:
    for token in ("wrong", server.token, server.platform_token):
        response = httpx.get(
            f"{server.url}/_admin/state", headers={"authorization": f"Bearer {token}"}, trust_env=False
        )
        assert response.status_code == 401
    with pytest.raises(SandboxError, match="send the admin token"), AdminClient(server.url, "wrong") as client:
        client.counts()


def test_it_is_struck_by_no_fault_and_not_logged(server: EmbeddedIdentityServer) -> None:
    server.admin.add_fault(Fault(action=FaultAction.SERVER_ERROR, count=None))
    server.admin.configure(read_lag=0)
    assert server.admin.requests() == []
    assert server.admin.counts() == {}


def test_faults_can_be_looked_at_and_taken_away(server: EmbeddedIdentityServer, caller: Caller) -> None:
    first = server.admin.add_fault(Fault(action=FaultAction.SERVER_ERROR, count=None))
    server.admin.add_fault(Fault(action=FaultAction.DROP, nth=9))
    assert caller.create().status_code == 500
    assert [(state.id, state.hit) for state in server.admin.faults()] == [(first, 1), (first + 1, 0)]
    server.admin.remove_fault(first)
    assert caller.create().status_code == 202
    server.admin.clear_faults()
    assert server.admin.faults() == []
    with pytest.raises(SandboxError, match="no fault with this id"):
        server.admin.remove_fault(first)


def test_the_log_can_be_cleared_and_read_from_a_sequence_on(server: EmbeddedIdentityServer, caller: Caller) -> None:
    caller.create()
    caller.list()
    assert [record.operation for record in server.admin.requests(after=1)] == ["listProjects"]
    server.admin.clear_requests()
    assert server.admin.requests() == []
    caller.list()
    assert server.admin.requests()[0].sequence == 3


def test_projects_are_made_changed_and_removed_as_by_another_user(
    server: EmbeddedIdentityServer, caller: Caller
) -> None:
    ids = server.admin.make_projects(3, name_prefix="made", tags={"owner": "x"}, description="d")
    assert sorted(ids) == caller.list()
    document = read(caller, ids[0]).json()
    assert document["metadata"]["provisioningStatus"] == "provisioned"
    assert document["metadata"]["createdBy"] == "somebody@example.com"
    assert document["metadata"]["tags"] == [{"name": "owner", "value": "x"}]

    server.admin.edit_project(ids[0], name="renamed", tags={}, description=None)
    metadata = read(caller, ids[0]).json()["metadata"]
    assert (metadata["name"], metadata["modifiedBy"]) == ("renamed", "somebody@example.com")
    assert not {"tags", "description"} & set(metadata)

    server.admin.remove_project(ids[0], at_once=True)
    assert read(caller, ids[0]).status_code == 404
    server.admin.configure(deprovision_delay=60)
    server.admin.remove_project(ids[1])
    assert read(caller, ids[1]).json()["metadata"]["provisioningStatus"] == "deprovisioning"
    server.admin.remove_all_projects()
    assert caller.list() == []
    with pytest.raises(SandboxError, match="no project with this id"):
        server.admin.remove_project(ids[0])


def test_references_block_deletion(server: EmbeddedIdentityServer, caller: Caller) -> None:
    server.admin.configure(controller_retry=0.01)
    (project_id,) = server.admin.make_projects()
    server.admin.add_reference(project_id, "servers.compute/x")
    caller.client.delete(f"{caller.path}/{project_id}")
    (project,) = server.admin.projects()
    assert (project.provisioning_status, project.references) == ("deprovisioning", ("servers.compute/x",))
    server.admin.remove_reference(project_id, "servers.compute/x")
    wait_until(lambda: not server.admin.projects(), "the project's end")
    assert read(caller, project_id).status_code == 404


def test_the_snapshot_does_not_lag(server: EmbeddedIdentityServer, caller: Caller) -> None:
    server.admin.configure(read_lag=3600)
    revision = server.admin.state().revision
    project_id = caller.create("fresh").json()["metadata"]["id"]
    assert caller.list() == []
    assert [project.id for project in server.admin.projects("fresh")] == [project_id]
    assert server.admin.state().revision > revision
    server.admin.catch_up()
    assert caller.list() == [project_id]


def test_settings_change_while_it_runs(server: EmbeddedIdentityServer) -> None:
    server.admin.configure(dialect="1.18", provision_delay=5, token_lag=0.5)
    settings = server.admin.settings()
    assert (settings.dialect, settings.provision_delay, settings.token_lag) == ("1.18", 5.0, 0.5)
    for changes, complaint in (
        ({"dialect": "9"}, "there is no nscale dialect"),
        ({"read_lag": -1}, "readLag: Input should be greater"),
        ({"colour": "red"}, "colour: Extra inputs"),
    ):
        with pytest.raises(SandboxError, match=complaint):
            server.admin.configure(**changes)
    assert server.admin.settings() == settings


def test_credentials_are_made_rotated_revoked_and_removed(server: EmbeddedIdentityServer, caller: Caller) -> None:
    account = server.admin.make_service_account("second", "auditor")
    assert account.token not in repr(account)
    headers = {"authorization": f"Bearer {account.token}"}
    project_id = caller.create().json()["metadata"]["id"]
    path = f"{caller.path}/{project_id}"
    assert caller.client.get(path, headers=headers).status_code == 200
    server.admin.revoke(account.service_account_id)
    assert caller.client.get(caller.path, headers=headers).json() == []
    assert caller.client.get(path, headers=headers).status_code == 403
    server.admin.restore(account.service_account_id)
    assert caller.client.get(path, headers=headers).status_code == 200
    renewed = server.admin.rotate(account.service_account_id)
    assert caller.client.get(path, headers=headers).status_code == 401
    headers = {"authorization": f"Bearer {renewed.token}"}
    assert caller.client.get(path, headers=headers).status_code == 200
    server.admin.remove_service_account(account.service_account_id)
    assert caller.client.get(path, headers=headers).status_code == 401
    with pytest.raises(SandboxError, match="role: must be empty or one of platform-administrator, administrator"):
        server.admin.make_service_account("third", "king")


def test_groups_and_organizations_are_made(server: EmbeddedIdentityServer, caller: Caller) -> None:
    group_id = server.admin.make_group("team", "reader")
    body = {"metadata": {"name": "p"}, "spec": {"groupIDs": [group_id]}}
    project_id = caller.client.post(caller.path, json=body).json()["metadata"]["id"]
    server.admin.remove_group(group_id)
    assert read(caller, project_id).json()["spec"]["groupIDs"] == []
    with pytest.raises(SandboxError, match="no group with this id"):
        server.admin.remove_group(group_id)

    other = server.admin.make_organization("other", ready=False)
    path = f"/api/v1/organizations/{other}/projects"
    platform = {"authorization": f"Bearer {server.platform_token}"}
    body = {"metadata": {"name": "p"}, "spec": {"groupIDs": []}}
    assert caller.client.post(path, json=body, headers=platform).status_code == 500
    server.admin.edit_organization(other, ready=True, name="renamed")
    assert caller.client.post(path, json=body, headers=platform).status_code == 202
    with pytest.raises(SandboxError, match="no organization with this id"):
        server.admin.edit_organization(str(uuid.uuid4()), ready=True)


def test_a_document_that_does_not_fit_is_refused_by_field(server: EmbeddedIdentityServer) -> None:
    headers = {"authorization": f"Bearer {server.admin_token}"}
    with httpx.Client(base_url=server.url, headers=headers, trust_env=False) as client:
        response = client.post("/_admin/faults", json={"action": "explode"})
        assert response.status_code == 400
        assert response.json()["error"].startswith("action: Input should be 'drop'")
        assert client.post("/_admin/projects", content=b"{").status_code == 400
        assert client.get("/_admin/nothing").status_code == 404


def test_the_openapi_document_of_the_dialect_is_served(server: EmbeddedIdentityServer) -> None:
    response = httpx.get(
        f"{server.url}/_admin/openapi.json", headers={"authorization": f"Bearer {server.admin_token}"}, trust_env=False
    )
    assert response.json()["info"]["version"] == "1.11.0"


def test_a_server_that_is_away_is_named(server: EmbeddedIdentityServer) -> None:
    client = AdminClient(server.url, server.admin_token)
    server.stop()
    with client, pytest.raises(SandboxError, match="did not answer"):
        client.counts()
