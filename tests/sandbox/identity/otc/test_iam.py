"""What the embedded IAM does, row by row of docs/backends/otc.md."""

import pytest
from otc_bench import Bench

from project_operator.sandbox.identity.otc.resources import Group
from project_operator.sandbox.identity.otc.settings import ErrorShape


class TestSigningIn:
    async def test_a_password_for_the_account_gives_a_token(self, bench: Bench) -> None:
        """T3-1, T3-2, T3-3, T3-8."""
        for scope in ({"domain": {"id": bench.state.account_id}}, None):
            answer = await bench.sign_in(scope=scope)
            assert answer.status_code == 201
            assert answer.json()["token"]["domain"]["id"] == bench.state.account_id
            assert answer.json()["token"]["user"]["password_expires_at"] == ""
            token = answer.headers["x-subject-token"]
            assert (await bench.call("GET", "/v3/projects", x_auth_token=token)).status_code == 200

    async def test_whatever_is_wrong_is_one_401(self, bench: Bench) -> None:
        """T3-2: the account is known by its name."""
        wrong = [
            await bench.sign_in(password="another"),
            await bench.sign_in(domain={"id": bench.state.account_id}),
            await bench.sign_in(scope={"domain": {"name": "another"}}),
        ]
        assert {answer.status_code for answer in wrong} == {401}
        assert len({answer.text for answer in wrong}) == 1

    async def test_a_token_for_a_project_may_not_manage_projects(self, bench: Bench) -> None:
        """T3-3: of both scopes it is the project's that counts."""
        both = {"domain": {"id": bench.state.account_id}, "project": {"name": "eu-de"}}
        answer = await bench.sign_in(scope=both)
        assert answer.json()["token"]["project"]["id"] == bench.region_id
        token = answer.headers["x-subject-token"]
        assert (await bench.call("GET", "/v3/projects", x_auth_token=token)).status_code == 403

    async def test_tokens_end(self, bench: Bench) -> None:
        """T3-4."""
        bench.clock.advance(86400)
        assert (await bench.call("GET", "/v3/projects")).status_code == 401

    async def test_a_place_that_failed_over_says_410(self, bench: Bench) -> None:
        """T2-10."""
        bench.state.fail_over()
        answer = await bench.call("GET", "/v3-ext/projects/a")
        assert answer.status_code == 410
        assert answer.json()["error_code"] == "IAM.0020"

    async def test_the_content_type_is_looked_at(self, bench: Bench) -> None:
        """T3-6."""
        body = {"project": {"name": "eu-de_p", "parent_id": bench.region_id}}
        for kind, status in (("application/json", 400), ("application/json; charset=UTF-8", 201)):
            assert (await bench.call("POST", "/v3/projects", body, content_type=kind)).status_code == status

    async def test_rights_are_those_of_the_role(self, bench: Bench) -> None:
        """T2-4, T3-5."""
        bench.state.administrator = False
        answer = await bench.post()
        assert answer.status_code == 403
        assert "iam:projects:createProject" in answer.json()["error"]["message"]


class TestProjects:
    async def test_a_creation_is_finished_when_it_is_answered(self, bench: Bench) -> None:
        """T1-1, T1-2, T1-3, T1-18."""
        answer = await bench.post(description="what it is for")
        project = answer.json()["project"]
        assert project["parent_id"] == bench.region_id
        assert project["is_domain"] is False
        assert "status" not in project
        shown = (await bench.call("GET", f"/v3/projects/{project['id']}")).json()["project"]
        assert shown == project
        with_status = (await bench.call("GET", f"/v3-ext/projects/{project['id']}")).json()["project"]
        assert with_status["status"] == "normal"

    @pytest.mark.parametrize(
        "fields",
        [
            {"name": "team"},
            {"name": "eu-de_"},
            {"name": "eu-xy_team"},
            {"name": "eu-de_" + "x" * 59},
            {"name": "eu-de_a b"},
            {"description": "x" * 256},
            {"parent_id": None},
            {"parent_id": "another"},
            {"domain_id": "another"},
        ],
        ids=str,
    )
    async def test_what_the_pages_forbid_is_400(self, bench: Bench, fields: dict[str, str]) -> None:
        """T1-8, T1-9, T1-10, T1-13, T1-14, T1-15."""
        assert (await bench.post(**{"name": "eu-de_p", **fields})).status_code == 400

    async def test_the_parent_may_be_left_out_where_that_is_allowed(self, bench: Bench) -> None:
        """T1-15."""
        bench.configure(parent_required=False)
        answer = await bench.post(parent_id=None)
        assert answer.json()["project"]["parent_id"] == bench.region_id

    async def test_a_name_is_taken_whatever_its_case(self, bench: Bench) -> None:
        """T1-11, T2-6."""
        await bench.create("eu-de_Taken")
        assert (await bench.post("eu-de_taken")).status_code == 409

    async def test_a_change_needs_one_of_two_things_and_the_region_stays(self, bench: Bench) -> None:
        """T1-5, T1-12."""
        path = f"/v3/projects/{await bench.create()}"
        assert (await bench.call("PATCH", path, {"project": {}})).status_code == 400
        refused = await bench.call("PATCH", path, {"project": {"name": "eu-nl_p"}})
        assert (refused.status_code, refused.json()["error"]["message"]) == (400, "null")
        changed = await bench.call("PATCH", path, {"project": {"name": "eu-de_q"}})
        assert changed.json()["project"]["name"] == "eu-de_q"

    async def test_the_status_is_set_apart_and_enabled_does_not_tell(self, bench: Bench) -> None:
        """T1-4, T1-6, T1-16, T1-17."""
        project_id = await bench.create()
        path = f"/v3-ext/projects/{project_id}"
        assert (await bench.call("PUT", path, {"project": {"status": "frozen"}})).status_code == 400
        assert (await bench.call("PUT", path, {"project": {"status": "suspended"}})).status_code == 204
        shown = (await bench.call("GET", path)).json()["project"]
        assert (shown["status"], shown["enabled"]) == ("suspended", True)
        listed = (await bench.call("GET", "/v3/projects?name=eu-de_p")).json()["projects"]
        assert [(one["id"], one["enabled"], "status" in one) for one in listed] == [(project_id, True, False)]

    async def test_the_vendors_own_stay_as_they_are(self, bench: Bench) -> None:
        """T1-20, T7-3."""
        path = f"/v3/projects/{bench.region_id}"
        assert (await bench.call("DELETE", path)).status_code == 403
        assert (await bench.call("PATCH", path, {"project": {"description": "x"}})).status_code == 403


class TestDeletion:
    async def test_it_goes_on_after_the_answer(self, bench: Bench) -> None:
        """T1-7, T7-1, T7-2, T7-5."""
        project_id = await bench.create()
        for _ in range(2):
            assert (await bench.call("DELETE", f"/v3/projects/{project_id}")).status_code == 204
        bench.clock.advance(9.9)
        shown = (await bench.call("GET", f"/v3-ext/projects/{project_id}")).json()["project"]
        assert shown["status"] == "deleting"
        assert (await bench.post()).status_code == 409, "its name is its own until then"
        bench.clock.advance(0.1)
        assert (await bench.call("GET", f"/v3-ext/projects/{project_id}")).status_code == 404
        assert (await bench.call("DELETE", f"/v3/projects/{project_id}")).status_code == 404


class TestLists:
    async def test_pages_are_counted(self, bench: Bench) -> None:
        """T4-1, T4-2, T4-5."""
        for number in range(3):
            await bench.create(f"eu-de_{number}")
        names: list[str] = []
        for number in (1, 2, 3):
            answer = (await bench.call("GET", f"/v3/projects?page={number}&per_page=3")).json()
            assert answer["links"]["next"] is None
            names += [one["name"] for one in answer["projects"]]
        assert names == ["eu-de", "eu-nl", "MOS", "eu-de_0", "eu-de_1", "eu-de_2"]

    @pytest.mark.parametrize(
        "query", ["page=1", "per_page=1", "page=0&per_page=1", "page=1&per_page=5001", "page=a&per_page=1"]
    )
    async def test_a_page_needs_both_of_its_numbers(self, bench: Bench, query: str) -> None:
        """T4-1."""
        assert (await bench.call("GET", f"/v3/projects?{query}")).status_code == 400

    async def test_what_was_made_is_late(self, bench: Bench) -> None:
        """T5-1, T5-2."""
        bench.configure(read_lag=5.0, list_lag=5.0)
        bench.clock.advance(1)
        project_id = await bench.create()
        for age, status, there in ((4.75, 404, []), (0.25, 200, [project_id])):
            bench.clock.advance(age)
            assert (await bench.call("GET", f"/v3-ext/projects/{project_id}")).status_code == status
            listed = (await bench.call("GET", "/v3/projects?name=eu-de_p")).json()["projects"]
            assert [one["id"] for one in listed] == there


class TestRoles:
    async def test_the_second_time_is_a_conflict(self, bench: Bench) -> None:
        """T6-1, T6-2, T6-6."""
        project_id = await bench.create()
        bench.state.groups["g"] = Group("g", "those who may")
        path = f"/v3/projects/{project_id}/groups/g/roles"
        statuses = [(await bench.call("PUT", f"{path}/{role}")).status_code for role in ("0a04", "0a04", "0a03", "x")]
        assert statuses == [204, 409, 400, 404]
        held = (await bench.call("GET", path)).json()["roles"]
        assert [role["display_name"] for role in held] == ["VPC FullAccess"]
        assert [(await bench.call("DELETE", f"{path}/0a04")).status_code for _ in range(2)] == [204, 404]

    async def test_the_systems_and_the_accounts_own_are_two_lists(self, bench: Bench) -> None:
        """T6-4, T6-7."""
        system = (await bench.call("GET", "/v3/roles")).json()["roles"]
        own = (await bench.call("GET", f"/v3/roles?domain_id={bench.state.account_id}")).json()["roles"]
        assert {role["name"] for role in system} >= {"te_admin", "system_all_5"}
        assert own == []

    async def test_the_list_of_all_is_not_there(self, bench: Bench) -> None:
        """T6-3."""
        assert (await bench.call("GET", "/v3/role_assignments")).status_code == 404


class TestErrors:
    async def test_the_form_is_that_of_the_path_unless_it_is_chosen(self, bench: Bench) -> None:
        """T2-1, T2-2, T2-5."""
        keystone, iam = "/v3/projects/a", "/v3-ext/projects/a"
        assert set((await bench.call("GET", keystone)).json()) == {"error"}
        assert (await bench.call("GET", iam)).json()["error_code"] == "IAM.0004"
        bench.configure(error_shape=ErrorShape.IAM)
        assert set((await bench.call("GET", keystone)).json()) == {"error_msg", "error_code"}

    async def test_a_long_body_is_refused(self, bench: Bench) -> None:
        """T2-12."""
        assert (await bench.post(description="x" * 33_000)).status_code == 400

    async def test_what_is_too_much_says_so_in_an_odd_form(self, bench: Bench) -> None:
        """T2-8, T5-3."""
        bench.configure(limit=2, window=30.0)
        answers = [await bench.call("GET", "/v3/projects") for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[2].json()["error_code"] == "IAM.0012"
        assert "2 times per 30 seconds" in answers[2].json()["error_msg"]
        assert "retry-after" not in answers[2].headers
        bench.clock.advance(30)
        assert (await bench.call("GET", "/v3/projects")).status_code == 200

    async def test_what_nobody_documents_is_the_gateways(self, bench: Bench) -> None:
        """T2-13."""
        for method, path, status in (("GET", "/v2.0/tenants", 404), ("PUT", "/v3/projects", 405)):
            answer = await bench.call(method, path)
            assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html")
