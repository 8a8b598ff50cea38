"""What status says is what Keystone's own client reads: for a tree of parents, domains, tags and roles of groups."""

from collections.abc import Iterator, Mapping
from typing import Any

import openstack
import pytest
from keystone_scenario import KeystoneScenario
from openstack.identity.v3._proxy import Proxy

# The client warns of its own inner workings, at every connection and every answer.
pytestmark = [
    pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK50Warning"),
    pytest.mark.filterwarnings("ignore::openstack.warnings.RemovedInSDK60Warning"),
]


@pytest.fixture
def cloud(bare_stage: KeystoneScenario) -> Iterator[Proxy]:
    """The client, as the administrator of the cloud."""
    server = bare_stage.domain.server
    connection = openstack.connect(
        load_yaml_config=False,
        load_envvars=False,
        auth={
            "auth_url": server.url,
            "username": "admin",
            "password": server.admin_password,
            "project_name": "admin",
            "user_domain_id": "default",
            "project_domain_id": "default",
        },
        identity_endpoint_override=server.url,
    )
    with connection:
        assert isinstance(connection.identity, Proxy)
        yield connection.identity


def as_read(cloud: Proxy, project_id: str) -> dict[str, Any]:
    """A project as the client shows it, in the words of our status."""
    project = cloud.get_project(project_id)
    assignments = cloud.role_assignments(scope_project_id=project_id)
    return {
        "id": project.id,
        "name": project.name,
        "organizationID": project.domain_id,
        "description": project.description,
        "parentID": project.parent_id,
        "enabled": project.is_enabled,
        "isDomain": project.is_domain,
        "tags": {tag for tag in project.tags if not tag.startswith("iproj1:")},
        "roles": {
            (one.group["id"], one.role["id"])
            for one in assignments
            if one.group and "OS-INHERIT:inherited_to" not in one.scope
        },
    }


def as_said(status: Mapping[str, Any]) -> dict[str, Any]:
    """The same, as our status shows it."""
    observed = status["observed"]
    return {
        "id": status["id"],
        "name": status["name"],
        "organizationID": status["organizationID"],
        "description": observed.get("description", ""),
        "parentID": observed["parentID"],
        "enabled": observed["enabled"],
        "isDomain": observed["particulars"]["keystone.isDomain"] == "true",
        "tags": {f"{tag['name']}={tag['value']}" if tag["value"] else tag["name"] for tag in observed.get("tags", [])},
        "roles": {(one["groupID"], one["roleID"]) for one in observed["roleAssignments"]},
    }


def test_status_says_what_the_client_reads(bare_stage: KeystoneScenario, cloud: Proxy) -> None:
    stage = bare_stage
    further = stage.domain.make_domain()
    credential, _ = stage.domain.make_application_credential()
    member = {
        "auth": {"applicationCredential": {"secretRef": {"name": "credentials"}}},
        "additionalDomains": [further],
    }
    secret = stage.secret(id=credential.id, secret=credential.secret)
    stage.connect(secret, stage.backend(keystone=member))
    group, elsewhere = stage.domain.make_group("developers"), stage.admin.make_group("auditors", further)
    developers = {"name": "developers", "roles": [{"name": "member"}, {"name": "reader"}]}
    projects: dict[str, dict[str, Any]] = {
        "root": {"description": "the root", "tags": [{"name": "level", "value": "0"}], "groups": [developers]},
        "branch": {"parentRef": {"name": "root"}, "description": "", "groups": [developers]},
        "leaf": {
            "parentRef": {"name": "branch"},
            "name": "Blatt & Stiel",
            "enabled": False,
            "tags": [{"name": "ü", "value": "é=1"}, {"name": "bare", "value": ""}],
            "groups": [{"id": group, "roles": [{"name": "reader"}]}],
        },
        "far": {"keystone": {"domainID": further}, "groups": [{"id": elsewhere, "roles": [{"name": "member"}]}]},
    }

    stage.apply(*(stage.project(name, **spec) for name, spec in projects.items()))
    status = {name: stage.wait_ready(name)["status"] for name in projects}

    for said in status.values():
        assert as_said(said) == as_read(cloud, said["id"])
    assert status["leaf"]["observed"]["parentID"] == status["branch"]["id"]
    assert status["branch"]["observed"]["parentID"] == status["root"]["id"]
    assert status["root"]["observed"]["parentID"] == stage.domain.id
    assert status["far"]["organizationID"] == further
    assert len(as_said(status["root"])["roles"]) == 2

    # The comparison can fail: what the client reads changes, and no longer fits what was said.
    cloud.update_project(status["root"]["id"], description="changed behind the operator's back")
    assert as_said(status["root"]) != as_read(cloud, status["root"]["id"])
