"""The embedded K5 does what its pages say; rows are of docs/backends/k5.md."""

from typing import Any

import pytest
from k5_bench import PROJECTS, TOKENS, Bench


class TestSigningIn:
    async def test_f1_2_the_version_needs_no_token(self, bench: Bench) -> None:
        answer = await bench.client.get("/v3")
        assert answer.json()["version"]["id"] == "v3.0"

    async def test_f3_1_by_name_or_by_id(self, bench: Bench) -> None:
        state = bench.state
        for user in (
            {"name": state.user.name, "domain": {"id": state.domain.id}},
            {"name": state.user.name, "domain": {"name": state.domain.name}},
            {"id": state.user.id},
        ):
            assert (await bench.sign_in(**user)).status_code == 201
        assert (await bench.sign_in(name=state.user.name)).status_code == 401
        assert (await bench.sign_in(id="another")).status_code == 401

    async def test_f3_2_f3_4_f3_5_the_token_and_its_account_of_itself(self, bench: Bench) -> None:
        answer = await bench.sign_in()
        assert answer.headers["x-subject-token"].startswith("MII")
        token = answer.json()["token"]
        home = {"id": bench.state.domain.id, "name": bench.state.domain.name}
        assert token["project"]["id"] == bench.state.home_id
        assert token["project"]["domain"] == token["user"]["domain"] == home
        assert token["expires_at"].endswith("Z")
        bench.clock.advance(7201)
        assert (await bench.call("GET", f"{PROJECTS}/{bench.state.home_id}")).status_code == 401

    async def test_f3_4_a_scope_is_a_project_or_the_domain(self, bench: Bench) -> None:
        state = bench.state
        named = {"name": f"{state.domain.name}-PRJ", "domain": {"id": state.domain.id}}
        for scope, key in (
            ({"project": {"id": state.home_id}}, "project"),
            ({"project": named}, "project"),
            ({"domain": {"id": state.domain.id}}, "domain"),
        ):
            assert key in (await bench.sign_in(scope=scope)).json()["token"]
        for wrong in ({"project": {"id": "none"}}, {"domain": {"id": "default"}}, {"project": {"name": "none"}}):
            assert (await bench.sign_in(scope=wrong)).status_code == 401

    async def test_f3_6_five_wrong_passwords_lock_the_user_for_a_while(self, bench: Bench) -> None:
        answers = [await bench.sign_in(password="wrong") for _ in range(5)]
        assert {one.status_code for one in answers} == {401}
        locked = await bench.sign_in()
        assert (locked.status_code, locked.content) == (401, answers[0].content)
        bench.clock.advance(901)
        assert (await bench.sign_in()).status_code == 201

    async def test_what_is_wrong_in_a_sign_in_is_not_given_back(self, bench: Bench) -> None:
        answer = await bench.client.post(TOKENS, json={"auth": {"identity": "pass-word"}})
        assert answer.status_code == 400
        assert "pass-word" not in answer.text


class TestRights:
    async def test_f3_3_f4_1_the_administrator_with_a_token_of_the_region(self, bench: Bench) -> None:
        bench.state.administrator = False
        refused = await bench.create()
        assert refused.status_code == 403
        assert refused.json()["error"]["message"].startswith("You are not authorized to perform")
        bench.state.administrator = True
        bench.configure(regional=False)
        bench.token = ""
        await bench.sign_in()
        assert (await bench.create()).status_code == 403

    async def test_f4_2_another_domain_is_forbidden(self, bench: Bench) -> None:
        assert (await bench.call("GET", f"{PROJECTS}?domain_id=default")).status_code == 403
        assert (await bench.create(domain_id="default")).status_code == 403

    async def test_f4_3_a_domain_is_shown_and_none_are_listed(self, bench: Bench) -> None:
        shown = await bench.call("GET", f"/v3/domains/{bench.state.domain.id}")
        assert shown.json()["domain"]["name"] == bench.state.domain.name
        assert (await bench.call("GET", "/v3/domains?name=x")).status_code == 501
        assert (await bench.call("GET", "/v3/domains/default")).status_code == 403

    async def test_without_a_token_it_is_401(self, bench: Bench) -> None:
        bench.token = ""
        assert (await bench.create()).status_code == 401


class TestProjects:
    async def test_f2_1_f2_9_made_at_once_and_shown_in_full(self, bench: Bench) -> None:
        answer = await bench.create("Shop", description="text", enabled=False, parent_id=None)
        project = answer.json()["project"]
        assert answer.status_code == 201
        assert set(project) == {"id", "name", "domain_id", "description", "enabled", "links"}
        assert (project["name"], project["enabled"]) == ("Shop", False)
        assert project["links"]["self"].startswith("http://identity.jp-east-1.")  # F1-5
        assert (await bench.call("GET", f"{PROJECTS}/{project['id']}")).json()["project"] == project  # F2-10
        bench.configure(shows_parent=True)
        assert (await bench.call("GET", f"{PROJECTS}/{project['id']}")).json()["project"]["parent_id"] is None

    @pytest.mark.parametrize(
        "project",
        [
            {"name": "abc"},
            {"name": "x" * 65},
            {"name": "with blank"},
            {"name": "größe"},
            {"name": "a/bc"},
            {},
            {"name": "shop", "description": "x" * 256},
            {"name": "shop", "enabled": "yes"},
            {"name": "shop", "parent_id": "p"},
            {"name": "shop", "tags": []},
            {"name": "shop", "id": "i"},
        ],
    )
    async def test_f2_3_f2_4_f2_6_f2_7_what_does_not_fit_is_400(self, bench: Bench, project: dict[str, Any]) -> None:
        body = {"project": {"domain_id": bench.state.domain.id, **project}}
        assert (await bench.call("POST", PROJECTS, body)).status_code == 400

    async def test_f2_5_without_a_domain_it_is_the_default_one(self, bench: Bench) -> None:
        assert (await bench.call("POST", PROJECTS, {"project": {"name": "shop"}})).status_code == 403

    async def test_f1_3_a_body_is_json(self, bench: Bench) -> None:
        answer = await bench.call("POST", PROJECTS, {"project": {}}, **{"content-type": "text/plain"})
        assert (answer.status_code, set(answer.json()["error"])) == (400, {"code", "message", "title"})  # F5-1

    async def test_f2_2_f2_3_f6_5_a_name_is_taken_in_any_case(self, bench: Bench) -> None:
        first = (await bench.create("Shop")).json()["project"]
        assert (await bench.create("sHOP")).status_code == 409
        other = (await bench.create("store")).json()["project"]
        path = f"{PROJECTS}/{other['id']}"
        assert (await bench.call("PATCH", path, {"project": {"name": "SHOP"}})).status_code == 409
        own = await bench.call("PATCH", f"{PROJECTS}/{first['id']}", {"project": {"name": "SHOP"}})
        assert own.json()["project"]["name"] == "SHOP"

    async def test_f2_8_a_change_leaves_what_it_does_not_name(self, bench: Bench) -> None:
        made = (await bench.create("shop", description="text")).json()["project"]
        path = f"{PROJECTS}/{made['id']}"
        changed = await bench.call("PATCH", path, {"project": {"enabled": False}})
        assert changed.json()["project"] == made | {"enabled": False}
        for wrong in ({"domain_id": "d"}, {"id": made["id"]}, {"name": "abc"}):
            assert (await bench.call("PATCH", path, {"project": wrong})).status_code == 400
        assert (await bench.call("PATCH", f"{PROJECTS}/none", {"project": {}})).status_code == 404

    async def test_f6_1_f6_2_f6_3_f6_4_a_list_is_whole_and_never_empty(self, bench: Bench) -> None:
        path = f"{PROJECTS}?domain_id={bench.state.domain.id}"
        (home,) = (await bench.call("GET", path)).json()["projects"]
        assert home["id"] == bench.state.home_id
        for number in range(30):
            await bench.create(f"shop-{number}", enabled=number != 7)
        answer = (await bench.call("GET", f"{path}&limit=1&tags=a")).json()
        assert (len(answer["projects"]), answer["links"]["next"]) == (31, None)
        assert [one["name"] for one in (await bench.call("GET", f"{path}&name=SHOP-3")).json()["projects"]] == [
            "shop-3"
        ]
        assert [one["name"] for one in (await bench.call("GET", f"{path}&enabled=false")).json()["projects"]] == [
            "shop-7"
        ]
        assert (await bench.call("GET", PROJECTS)).status_code == 400

    async def test_f8_1_f5_3_nothing_is_deleted(self, bench: Bench) -> None:
        project_id = (await bench.create()).json()["project"]["id"]
        assert (await bench.call("DELETE", f"{PROJECTS}/{project_id}")).status_code == 501
        assert project_id in bench.state.projects
        assert (await bench.call("PUT", PROJECTS)).status_code == 501

    async def test_f8_2_f8_3_f8_4_disabled_it_voids_its_tokens_and_keeps_its_name(self, bench: Bench) -> None:
        project_id = (await bench.create("shop")).json()["project"]["id"]
        scoped = await bench.sign_in(scope={"project": {"id": project_id}})
        await bench.call("PATCH", f"{PROJECTS}/{project_id}", {"project": {"enabled": False}})
        bench_token, bench.token = bench.token, scoped.headers["x-subject-token"]
        assert (await bench.call("GET", f"{PROJECTS}/{project_id}")).status_code == 401
        bench.token = bench_token
        assert (await bench.sign_in(scope={"project": {"id": project_id}})).status_code == 401
        assert (await bench.create("shop")).status_code == 409

    async def test_f5_4_f5_5_answers_hold_the_token(self, bench: Bench) -> None:
        for answer in (await bench.create(), await bench.create()):
            assert answer.headers["x-auth-token"] == bench.token
            assert answer.headers["vary"] == "X-Auth-Token"
        bench.configure(returns_token=False)
        assert "x-auth-token" not in (await bench.create()).headers

    async def test_f5_3_what_is_switched_off_is_not_implemented(self, bench: Bench) -> None:
        bench.configure(unimplemented=["createProject"])
        answer = await bench.create()
        assert (answer.status_code, answer.json()["error"]["title"]) == (501, "Not Implemented")

    async def test_what_is_no_call_is_answered_by_something_else(self, bench: Bench) -> None:
        answer = await bench.call("GET", "/v2.0/tenants")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html")


class TestRoles:
    async def test_f7_1_f7_2_f7_3_given_and_taken(self, bench: Bench) -> None:
        project_id = (await bench.create()).json()["project"]["id"]
        group = bench.server.state.new_id()
        assert (await bench.call("PUT", f"{PROJECTS}/{project_id}/groups/{group}/roles/x")).status_code == 404
        admin = bench.state.groups
        admin[group] = type(bench.state.domain)(group, "those who may")
        role = next(one.id for one in bench.state.roles.values() if one.name == "_member_")
        path = f"{PROJECTS}/{project_id}/groups/{group}/roles"
        assert (await bench.call("PUT", f"{path}/none")).status_code == 404
        for _ in range(2):
            assert (await bench.call("PUT", f"{path}/{role}")).status_code == 204
        assert [one["id"] for one in (await bench.call("GET", path)).json()["roles"]] == [role]
        shown = await bench.call("GET", f"/v3/role_assignments?scope.project.id={project_id}")
        (assignment,) = shown.json()["role_assignments"]
        assert (assignment["group"]["id"], assignment["role"]["id"]) == (group, role)
        assert (await bench.call("DELETE", f"{path}/{role}")).status_code == 204
        assert (await bench.call("DELETE", f"{path}/{role}")).status_code == 404

    async def test_f7_4_f7_5_filters(self, bench: Bench) -> None:
        roles = (await bench.call("GET", "/v3/roles?domain_id=x")).json()["roles"]
        assert "_member_" in {one["name"] for one in roles}
        assert len((await bench.call("GET", "/v3/roles?name=_member_")).json()["roles"]) == 1
        assert (await bench.call("GET", "/v3/groups?domain_id=default")).status_code == 403
        assert (await bench.call("GET", f"/v3/groups?domain_id={bench.state.domain.id}")).json()["groups"] == []
