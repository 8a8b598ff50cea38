"""What the server does with groups and organizations (N4)."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from project_operator.sandbox.identity.dispatch import ConnectionDropped
from project_operator.sandbox.identity.nscale import groups
from project_operator.sandbox.identity.nscale.authorization import ROLES
from project_operator.sandbox.identity.nscale.identity import add_organization

if TYPE_CHECKING:
    from tests.sandbox.identity.nscale.conftest import Bench

MakeBench = Callable[..., "Bench"]


def group(name: str = "team", *role_ids: str) -> dict[str, Any]:
    return {"metadata": {"name": name}, "spec": {"roleIDs": list(role_ids), "serviceAccountIDs": []}}


async def test_the_life_of_a_group(bench: Bench) -> None:  # N4-4, N4-5
    path = f"{bench.base}/groups"
    created = await bench.call("POST", path, group("team", ROLES["reader"].id))
    assert created.status_code == 201
    group_id = created.json()["metadata"]["id"]
    assert created.json()["spec"] == {
        "roleIDs": [ROLES["reader"].id], "serviceAccountIDs": [], "subjects": [], "userIDs": []
    }  # fmt: skip
    bench.after(1.0)
    assert group_id in [item["metadata"]["id"] for item in (await bench.call("GET", path)).json()]
    updated = await bench.call("PUT", f"{path}/{group_id}", group("renamed"))
    assert (updated.status_code, updated.content) == (200, b"")
    bench.after(1.0)
    read = (await bench.call("GET", f"{path}/{group_id}")).json()
    assert (read["metadata"]["name"], read["spec"]["roleIDs"]) == ("renamed", [])
    assert (await bench.call("DELETE", f"{path}/{group_id}")).status_code == 200
    bench.after(1.0)
    assert (await bench.call("GET", f"{path}/{group_id}")).status_code == 404


async def test_a_group_s_names_are_not_unique(bench: Bench) -> None:  # N4-4
    ids = {(await bench.call("POST", f"{bench.base}/groups", group())).json()["metadata"]["id"] for _ in range(2)}
    assert len(ids) == 2


async def test_a_new_group_is_unknown_to_projects_until_reads_see_it(bench: Bench) -> None:  # N0-9, N0-2
    group_id = (await bench.call("POST", f"{bench.base}/groups", group())).json()["metadata"]["id"]
    body = {"metadata": {"name": "p"}, "spec": {"groupIDs": [group_id]}}
    assert (await bench.call("POST", bench.projects, body)).status_code == 400
    bench.after(1.0)
    assert (await bench.call("POST", bench.projects, body)).status_code == 202


async def test_deleting_a_group_silently_edits_its_projects(bench: Bench) -> None:  # N0-9, N4-5
    gone, kept = bench.group("gone"), bench.group("kept")
    project_id = await bench.settled(groupIDs=[kept, gone, gone])
    before = (await bench.read(project_id))["metadata"]
    assert (await bench.call("DELETE", f"{bench.base}/groups/{gone}")).status_code == 200
    bench.after(1.0)
    document = await bench.read(project_id)
    assert document["spec"]["groupIDs"] == [kept, gone]  # one occurrence went
    assert document["metadata"] == before  # no trace in modifiedTime
    stale = {"metadata": {"name": "p"}, "spec": {"groupIDs": [kept, gone]}}
    assert (await bench.put(project_id, stale)).status_code == 400


async def test_a_server_that_leaves_groups_in_projects_would_be_noticed(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(groups, "unlink_group", lambda *_: None)
    with pytest.raises(AssertionError):
        await test_deleting_a_group_silently_edits_its_projects(bench)


async def test_an_unknown_role_panics_on_create_and_is_refused_on_update(bench: Bench) -> None:  # N1.3-9
    unknown = str(uuid.uuid4())
    with pytest.raises(ConnectionDropped):
        await bench.call("POST", f"{bench.base}/groups", group("team", unknown))
    existing = bench.group()
    response = await bench.call("PUT", f"{bench.base}/groups/{existing}", group("team", unknown))
    assert response.status_code == 400
    assert response.json()["error_description"] == f"role ID {unknown} does not exist"
    protected = group("team", ROLES["platform-administrator"].id)
    assert (await bench.call("PUT", f"{bench.base}/groups/{existing}", protected)).status_code == 403


async def test_roles_that_can_be_granted_are_listed(bench: Bench) -> None:  # N3.3
    listed = (await bench.call("GET", f"{bench.base}/roles")).json()
    assert {item["metadata"]["name"] for item in listed} == set(ROLES) - {"platform-administrator"}


async def test_a_robot_sees_its_own_organization_and_the_platform_all(bench: Bench) -> None:  # N4-1
    other = add_organization(bench.state, "demo", bench.clock.now()).id
    bench.after(1.0)
    own = (await bench.call("GET", "/api/v1/organizations")).json()
    assert [(item["metadata"]["id"], item["metadata"]["name"]) for item in own] == [(bench.organization, "demo")]
    everything = (await bench.call("GET", "/api/v1/organizations", token=bench.server.platform_token)).json()
    assert [item["metadata"]["id"] for item in everything] == sorted([bench.organization, other])


async def test_one_organization(bench: Bench) -> None:  # N4-2
    assert (await bench.call("GET", bench.base)).json()["metadata"]["name"] == "demo"
    assert (await bench.call("GET", bench.base, token=bench.robot("").token)).status_code == 403
    with pytest.raises(ConnectionDropped):
        await bench.call("GET", f"/api/v1/organizations/{uuid.uuid4()}", token=bench.server.platform_token)


@pytest.mark.parametrize(("method", "path"), [("PATCH", "/projects"), ("HEAD", "/projects"), ("POST", "/projects/x")])
async def test_a_method_that_a_path_does_not_have(bench: Bench, method: str, path: str) -> None:  # N1.3-5
    assert (await bench.call(method, bench.base + path)).status_code == 405


@pytest.mark.parametrize(
    "path", ["/", "/api/v1/nothing", "/projects", "//api/v1/organizations", "/api/v1/organizations/"]
)
async def test_an_unknown_path(bench: Bench, path: str) -> None:  # N1.3-4
    response = await bench.call("GET", path)
    assert response.status_code == 404
    assert response.json() == {"error": "not_found", "error_description": "resource not found"}


async def test_an_encoded_slash_stays_inside_of_an_id(bench: Bench) -> None:  # N1-6
    assert (await bench.call("GET", f"{bench.projects}/a%2Fb")).status_code == 404
    route = bench.identity.service.route("PUT", f"{bench.projects}/p/references/servers.compute%2Fx")
    assert (route.operation, route.parameters["reference"]) == ("addReference", "servers.compute/x")
