"""What the embedded platform does, row by row of docs/backends/csp.md."""

import pytest
from csp_bench import IAM, RESOURCE, Bench

from project_operator.sandbox.identity.csp.resources import Group, HeldRole
from project_operator.sandbox.identity.csp.settings import NameFilter
from project_operator.sandbox.identity.csp.state import MEMBER, PROJECT_ADMIN


class TestSigningIn:
    async def test_an_api_token_in_the_form(self, bench: Bench) -> None:
        path = f"{IAM}/auth/api-tokens/authorize"
        for field in ("api_token", "refresh_token"):  # V3-1
            answer = await bench.client.post(path, data={field: bench.state.api_token})
            assert answer.status_code == 200
            assert answer.json()["expires_in"] == 1800  # V3-3, V3-6
        assert (await bench.client.post(path, data={"api_token": "x"})).status_code == 400  # V3-4
        assert (await bench.client.post(f"{path}?refresh_token=x", data={})).status_code == 400
        assert (await bench.client.post(path, json={"api_token": bench.state.api_token})).status_code == 400

    @pytest.mark.parametrize("path", ["/auth/token", "/auth/authorize"])
    async def test_a_client_with_basic(self, bench: Bench, path: str) -> None:
        form, client = {"grant_type": "client_credentials"}, (bench.state.client_id, bench.state.client_secret)
        answer = await bench.client.post(IAM + path, data=form, auth=client)  # V3-2
        headers = {"authorization": f"Bearer {answer.json()['access_token']}"}
        assert (await bench.call("GET", bench.v1, headers=headers)).status_code == 200
        assert (await bench.client.post(IAM + path, data=form, auth=("a", "b"))).status_code == 401  # V3-5
        assert (await bench.client.post(IAM + path, data={}, auth=client)).status_code == 400

    async def test_tokens_end(self, bench: Bench) -> None:
        bench.clock.advance(1801)
        answer = await bench.call("GET", bench.v1)
        assert answer.status_code == 401
        assert set(answer.json()) == {"message", "statusCode", "cspErrorCode", "moduleCode", "requestId"}  # V6-1

    async def test_either_header_is_taken(self, bench: Bench) -> None:
        assert (await bench.call("GET", bench.v1, headers={"csp-auth-token": bench.token})).status_code == 200  # V1-3
        assert (await bench.call("GET", bench.v1, headers={"authorization": bench.token})).status_code == 401


class TestRights:
    async def test_who_may_what(self, bench: Bench) -> None:
        bench.state.role = PROJECT_ADMIN
        assert (await bench.call("GET", bench.v1)).status_code == 200  # V2-22
        assert (await bench.call("GET", f"{bench.v1}/deleted")).status_code == 403  # V2-5
        assert (await bench.call("GET", bench.groups)).status_code == 403  # V7-1
        bench.state.role = MEMBER
        assert (await bench.call("POST", bench.v2, {"displayName": "a"})).status_code == 403

    async def test_another_organization_is_not_found(self, bench: Bench) -> None:
        assert (await bench.call("GET", f"{RESOURCE}/v1/orgs/other/projects")).status_code == 404

    async def test_what_is_no_call_is_answered_by_something_else(self, bench: Bench) -> None:
        assert (await bench.call("GET", "/elsewhere")).headers["content-type"] == "text/html"  # V6-4
        assert (await bench.call("PUT", bench.v1)).status_code == 405


class TestProjects:
    async def test_creation_answers_with_id_and_link_alone(self, bench: Bench) -> None:
        answer = await bench.call("POST", bench.v2, {"displayName": "a"})
        assert answer.status_code == 201
        assert set(answer.json()) == {"id", "refLink"}  # V2-1
        document = await bench.read(answer.json()["id"])
        assert document["type"] == "CUSTOM"
        assert document["createdBy"] == "robot"  # V2-18
        assert document["vrn"] == f"vrn/org:{bench.state.organization_id}/project:a"  # V2-14
        assert (document["leaf"], document["depth"]) == (True, 1)

    @pytest.mark.parametrize(
        "body",
        [
            {},
            {"displayName": 5},
            {"displayName": "x" * 256},
            {"displayName": "a", "description": "x" * 256},
            {"displayName": "a", "type": "OTHER"},
            {"displayName": "a", "subResourceServiceScopes": "s"},
        ],
    )
    async def test_what_does_not_fit_is_400(self, bench: Bench, body: dict[str, object]) -> None:
        assert (await bench.call("POST", bench.v2, body)).status_code == 400  # V2-9 to V2-13

    async def test_names_are_not_unique_unless_they_are(self, bench: Bench) -> None:
        assert await bench.create("same") != await bench.create("same")  # V5-1
        bench.configure(unique_names=True)
        assert (await bench.call("POST", bench.v2, {"displayName": "same"})).status_code == 409

    async def test_patch_changes_what_it_names(self, bench: Bench) -> None:
        project_id = await bench.create("a", description="text", subResourceServiceScopes=["s"])
        path = f"{bench.v1}/{project_id}"
        answer = await bench.call("PATCH", path, {"displayName": "b", "description": None, "type": "SYSTEM"})
        assert (answer.status_code, answer.content) == (200, b"")  # V2-4
        document = await bench.read(project_id)
        assert (document["displayName"], document["description"]) == ("b", "text")  # V2-19
        assert (document["type"], document["subResourceServiceScopes"]) == ("CUSTOM", ["s"])  # V2-12, V2-13
        await bench.call("PATCH", path, {"description": ""})
        assert (await bench.read(project_id))["description"] == ""

    async def test_a_parent_is_one_that_is_there(self, bench: Bench) -> None:
        parent, child = await bench.create("above"), await bench.create("below")
        path = f"{bench.v1}/{child}"
        assert (await bench.call("PATCH", path, {"newParentProjectId": "none"})).status_code == 404
        assert (await bench.call("PATCH", path, {"newParentProjectId": child})).status_code == 400
        await bench.call("PATCH", path, {"newParentProjectId": parent, "makeRoot": True})  # V2-15
        assert (await bench.read(child))["parentProjectId"] == parent
        assert (await bench.read(parent))["leaf"] is False
        assert [one["id"] for one in (await bench.page(parentProjectId=parent))["results"]] == [child]  # V4-7
        await bench.call("PATCH", path, {"makeRoot": True})
        assert "parentProjectId" not in await bench.read(child)

    async def test_default_is_the_default_project(self, bench: Bench) -> None:
        assert (await bench.read("default"))["type"] == "ORG_DEFAULT"  # V2-20
        bench.configure(tells_type=False)
        assert "type" not in await bench.read("default")
        bench.configure(shows_default=False)
        assert (await bench.call("GET", f"{bench.v1}/default")).status_code == 403

    async def test_reads_lag_as_they_are_told(self, bench: Bench) -> None:
        bench.configure(read_lag=5.0, list_lag=10.0)  # V5-2
        bench.clock.advance(1)
        project_id = await bench.create("a")
        assert (await bench.call("GET", f"{bench.v1}/{project_id}")).status_code == 404
        bench.clock.advance(6)
        assert (await bench.read(project_id))["displayName"] == "a"
        assert (await bench.page(displayName="a"))["totalResults"] == 1, "the default project has an a in its name"
        bench.clock.advance(5)
        assert (await bench.page(displayName="a"))["totalResults"] == 2


class TestLists:
    async def test_pages_count_items(self, bench: Bench) -> None:
        ids = [bench.state.default_id, *[await bench.create(f"p{number}") for number in range(4)]]
        first = await bench.page(pageLimit=2, orderByCreationDate="false")
        assert first["totalResults"] == 5
        assert first["nextLink"] == f"{bench.v1}?pageStart=3&pageLimit=2"  # V4-2, V4-3
        assert "prevLink" not in first
        last = (await bench.call("GET", first["nextLink"].replace("pageStart=3", "pageStart=5"))).json()
        assert "nextLink" not in last
        assert [one["id"] for one in last["results"]] == ids[4:]

    @pytest.mark.parametrize("query", [{"pageStart": 0}, {"pageLimit": 1001}, {"pageLimit": 0}, {"pageStart": "x"}])
    async def test_bounds(self, bench: Bench, query: dict[str, object]) -> None:
        assert (await bench.call("GET", bench.v1, params=query)).status_code == 400  # V4-4

    async def test_scopes_are_shown_where_they_are_asked_for(self, bench: Bench) -> None:
        await bench.create("a", subResourceServiceScopes=["s"])
        assert "subResourceServiceScopes" not in (await bench.page())["results"][1]  # V4-5
        assert (await bench.page(expandProject="true"))["results"][1]["subResourceServiceScopes"] == ["s"]

    async def test_what_a_name_filter_means_is_a_setting(self, bench: Bench) -> None:
        for name in ("web", "Webshop"):
            await bench.create(name)
        assert (await bench.page(displayName="web"))["totalResults"] == 2  # V4-6
        bench.configure(name_filter=NameFilter.EXACT)
        assert (await bench.page(displayName="web"))["totalResults"] == 1

    async def test_a_fault_can_hide_an_item(self, bench: Bench) -> None:
        project_id = await bench.create("a")
        fault = {"action": "listWithout", "operation": "listProjects", "ids": [project_id]}
        headers = {"authorization": f"Bearer {bench.server.admin_token}"}
        assert (await bench.client.post("/_admin/faults", json=fault, headers=headers)).status_code == 201
        page = await bench.page()
        assert (page["totalResults"], len(page["results"])) == (1, 1)  # V4-1


class TestDeletion:
    async def test_there_is_none_unless_switched_on(self, bench: Bench) -> None:
        path = f"{bench.v1}/{await bench.create('a')}"
        assert (await bench.call("DELETE", path)).status_code == 405  # V2-7
        bench.configure(deletes=True)
        assert (await bench.call("DELETE", path)).status_code == 200
        assert (await bench.call("GET", path)).status_code == 404
        deleted = (await bench.call("GET", f"{bench.v1}/deleted")).json()
        assert [one["displayName"] for one in deleted["results"]] == ["a"]  # V8-2

    async def test_what_is_in_use_stays(self, bench: Bench) -> None:
        bench.configure(deletes=True)
        parent = await bench.create("above")
        await bench.create("below", parentProjectId=parent)
        assert (await bench.call("DELETE", f"{bench.v1}/{parent}")).status_code == 409  # V5-3
        used = await bench.create("used")
        vrn = (await bench.read(used))["vrn"]
        bench.state.groups["g"] = Group("g", "admins", {HeldRole("customRoles", "x", vrn)})
        assert (await bench.call("DELETE", f"{bench.v1}/{used}")).status_code == 409  # V8-1, V8-3
        assert (await bench.call("DELETE", f"{bench.v1}/default")).status_code == 400


class TestGroups:
    async def test_roles_are_given_and_taken(self, bench: Bench) -> None:
        nested = HeldRole("customRoles", "x", "vrn/a", membership="NESTED")
        bench.state.groups["g"] = Group("g", "admins", {nested})
        path = f"{bench.groups}/g/roles"
        role = {"name": "x", "resource": "vrn/a"}
        services = [{"serviceDefinitionId": "s", "rolesToAdd": [role]}]
        await bench.call("PATCH", path, {"customRoles": {"rolesToAdd": [role]}, "serviceRoles": services})  # V7-3
        shown = (await bench.call("GET", path)).json()
        assert [one["membershipType"] for one in shown["customRoles"]] == ["DIRECT", "NESTED"]  # V7-2, V7-6
        assert shown["serviceRoles"][0]["serviceRoles"][0] == {**role, "membershipType": "DIRECT"}
        assert bench.state.mails == 1  # V7-8
        await bench.call("PATCH", path, {"customRoles": {"rolesToRemove": [role]}, "notifyUsersInGroups": False})
        assert [one["membershipType"] for one in (await bench.call("GET", path)).json()["customRoles"]] == ["NESTED"]
        assert bench.state.mails == 1

    async def test_a_role_without_a_resource_is_for_everything(self, bench: Bench) -> None:
        bench.state.groups["g"] = Group("g", "admins")
        await bench.call("PATCH", f"{bench.groups}/g/roles", {"organizationRoles": {"rolesToAdd": [{"name": "x"}]}})
        (listed,) = (await bench.call("GET", bench.groups)).json()["results"]
        assert listed["displayName"] == "admins"
        assert "resource" not in listed["organizationRoles"][0]  # V7-4
