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
        # A project that is a domain is in none, and is called its own organization.
        "organizationID": project.id if project.is_domain else project.domain_id,
        "description": project.description,
        "parentID": project.parent_id,
        "enabled": project.is_enabled,
        "isDomain": project.is_domain,
        "immutable": bool(project.options.get("immutable")),
        "tags": {tag for tag in project.tags if not tag.startswith("iproj1:")},
        "roles": {
            (one.group["id"], one.role["id"])
            for one in assignments
            if one.group and "OS-INHERIT:inherited_to" not in one.scope
        },
    }


def as_said(status: Mapping[str, Any]) -> dict[str, Any]:
    """The same, as our status shows it: without roles where the spec names no groups, as then nobody looks for any."""
    observed = status["observed"]
    roles = observed.get("roleAssignments")
    particulars = observed["particulars"]
    return {
        "id": status["id"],
        "name": status["name"],
        "organizationID": status["organizationID"],
        "description": observed.get("description", ""),
        "parentID": observed.get("parentID"),
        "enabled": observed["enabled"],
        "isDomain": particulars["keystone.isDomain"] == "true",
        "immutable": particulars["keystone.immutable"] == "true",
        "tags": {f"{tag['name']}={tag['value']}" if tag["value"] else tag["name"] for tag in observed.get("tags", [])},
    } | ({} if roles is None else {"roles": {(one["groupID"], one["roleID"]) for one in roles}})


def compared(stage: KeystoneScenario, cloud: Proxy, projects: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """What status says of these Projects once they are as written; it is what the client reads."""
    stage.apply(*(stage.project(name, **spec) for name, spec in projects.items()))
    said = {name: as_said(stage.wait_ready(name)["status"]) for name in projects}
    for name, one in said.items():
        read = as_read(cloud, one["id"])
        assert one == {field: read[field] for field in one}
        assert bool(projects[name].get("groups")) <= ("roles" in one)
    return said


@pytest.mark.whole
def test_status_says_what_the_client_reads(bare_stage: KeystoneScenario, cloud: Proxy) -> None:
    stage, admin = bare_stage, bare_stage.admin
    further = stage.domain.make_domain()
    credential, _ = stage.domain.make_application_credential()
    member = {
        "auth": {"applicationCredential": {"secretRef": {"name": "credentials"}}},
        "additionalDomains": [further],
        "manageDomains": True,
    }
    secret = stage.secret(id=credential.id, secret=credential.secret)
    stage.connect(secret, stage.backend(keystone=member))
    group, elsewhere = stage.domain.make_group("developers"), admin.make_group("auditors", further)
    foreign = stage.domain.make_group("somebody else's")
    member_id, reader_id = admin.role_id("member"), admin.role_id("reader")
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
        "locked": {"keystone": {"immutable": True}, "groups": [developers]},
        "company": {"name": f"company of {stage.namespace}", "keystone": {"isDomain": True}},
    }

    said = compared(stage, cloud, projects)

    parents = {name: one["parentID"] for name, one in said.items()}
    assert parents == {
        "root": stage.domain.id,
        "branch": said["root"]["id"],
        "leaf": said["branch"]["id"],
        "far": further,
        "locked": stage.domain.id,
        "company": None,
    }
    assert [name for name, one in said.items() if one["isDomain"]] == ["company"]
    assert [name for name, one in said.items() if one["immutable"]] == ["locked"]
    assert said["far"]["organizationID"] == further
    assert said["root"]["roles"] == {(group, member_id), (group, reader_id)}

    # Others give roles of their own, and everything is edited: a name, descriptions, tags, roles, enabled.
    root = f"projects/{said['root']['id']}"
    admin.grant(reader_id, root, group=foreign)
    admin.grant(reader_id, root, group=group, inherited=True)
    admin.grant(member_id, root, user=stage.domain.manager.id)
    admin.grant(reader_id, f"domains/{stage.domain.id}", group=foreign, inherited=True)
    changes: dict[str, dict[str, Any]] = {
        "root": {"name": "Wurzel", "groups": [developers | {"roles": [{"name": "member"}]}]},
        "branch": {"description": "no longer empty", "enabled": False, "groups": []},
        "leaf": {"tags": [{"name": "ü", "value": "é=2"}]},
        "far": {"enabled": False},
        "locked": {"description": "changed all the same"},
        "company": {"description": "a domain", "tags": [{"name": "level", "value": "domain"}]},
    }

    edited = compared(stage, cloud, {name: spec | changes[name] for name, spec in projects.items()})

    assert edited["root"] == said["root"] | {"name": "Wurzel", "roles": {(group, member_id), (foreign, reader_id)}}
    untold = {field: value for field, value in said["branch"].items() if field != "roles"}
    assert edited["branch"] == untold | {"description": "no longer empty", "enabled": False}
    assert as_read(cloud, said["branch"]["id"])["roles"] == set()
    assert edited["leaf"] == said["leaf"] | {"tags": {"ü=é=2"}}
    assert edited["far"] == said["far"] | {"enabled": False}
    assert edited["locked"] == said["locked"] | {"description": "changed all the same"}
    assert edited["company"] == said["company"] | {"description": "a domain", "tags": {"level=domain"}}

    unlocked = {"locked": projects["locked"] | {"keystone": {"immutable": False}}}
    assert not compared(stage, cloud, unlocked)["locked"]["immutable"]

    # The comparison can fail: what the client reads changes, and no longer fits what was said.
    cloud.update_project(said["root"]["id"], description="changed behind the operator's back")
    assert edited["root"] != as_read(cloud, said["root"]["id"])
