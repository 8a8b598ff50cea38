"""What docs/backends/keystone.md says was measured, measured again: by hand, without the backend."""

import uuid
from typing import Any

import httpx
import pytest
from keystone import Domain

NOBODY = "0" * 32


def make(caller: Any, domain: Domain, name: str = "", **fields: Any) -> str:
    response = caller.create(name=name or f"p-{uuid.uuid4().hex[:8]}", domain_id=domain.id, **fields)
    assert response.status_code == 201, response.text
    return str(response.json()["project"]["id"])


def text(response: httpx.Response) -> str:
    return str(response.json()["error"]["message"])


class TestProjects:
    def test_k1_2_3_14_what_is_created_is_finished_and_has_no_times(self, manager: Any, domain: Domain) -> None:
        project = manager("GET", f"/projects/{make(manager, domain)}").json()["project"]
        known = {
            "id",
            "name",
            "domain_id",
            "description",
            "enabled",
            "parent_id",
            "is_domain",
            "tags",
            "options",
            "links",
        }
        assert set(project) == known

    def test_k1_4_put_is_no_method(self, manager: Any, domain: Domain) -> None:
        response = manager("PUT", f"/projects/{make(manager, domain)}", {"project": {}})
        assert (response.status_code, set(response.json())) == (405, {"message"})

    @pytest.mark.parametrize("name", ["x", "x" * 64, "größe/ü?&=,", "日本語", "a b"])
    def test_k1_6_names_of_any_text(self, manager: Any, domain: Domain, name: str) -> None:
        assert manager.create(name=name, domain_id=domain.id).json()["project"]["name"] == name

    @pytest.mark.parametrize("name", ["", "  ", "x" * 65])
    def test_k1_6_other_names_are_refused(self, manager: Any, domain: Domain, name: str) -> None:
        assert manager.create(name=name, domain_id=domain.id).status_code == 400

    def test_k1_6_blanks_around_a_name_are_cut_off_after_its_length_was_checked(
        self, manager: Any, domain: Domain
    ) -> None:
        assert manager.create(name=" a ", domain_id=domain.id).json()["project"]["name"] == "a"
        assert manager.create(name=" " + "x" * 64, domain_id=domain.id).status_code == 400

    def test_k1_7_names_are_unique_in_the_domain_and_case_counts(self, manager: Any, domain: Domain) -> None:
        parent = make(manager, domain, "Foobar")
        assert manager.create(name="foobar", domain_id=domain.id).status_code == 201
        assert manager.create(name="Foobar", domain_id=domain.id, parent_id=parent).status_code == 409
        assert manager("GET", f"/projects?domain_id={domain.id}&name=FOOBAR").json()["projects"] == []

    def test_k1_8_descriptions(self, manager: Any, domain: Domain) -> None:
        for description, kept in ((None, None), ("", ""), ("x" * 70_000, "x" * 70_000)):
            response = manager.create(name=uuid.uuid4().hex, domain_id=domain.id, description=description)
            assert response.json()["project"]["description"] == kept
        left_out = make(manager, domain)
        assert manager("GET", f"/projects/{left_out}").json()["project"]["description"] == ""

    @pytest.mark.parametrize(
        ("tags", "status"),
        [
            (["x" * 255], 201),
            (["a=b:c", "größe", "A", "a"], 201),
            ([f"t{number}" for number in range(80)], 201),
            ([f"t{number}" for number in range(81)], 400),
            (["x" * 256], 400),
            ([""], 400),
            (["a,b"], 400),
            (["a/b"], 400),
            (["a", "a"], 400),
        ],
    )
    def test_k1_9_k6_12_tags(self, manager: Any, domain: Domain, tags: list[str], status: int) -> None:
        response = manager.create(name="a", domain_id=domain.id, tags=tags)
        assert response.status_code == status
        if status == 201:
            project_id = response.json()["project"]["id"]
            assert sorted(manager("GET", f"/projects/{project_id}").json()["project"]["tags"]) == sorted(tags)

    def test_k1_11_k6_4_levels(self, manager: Any, domain: Domain) -> None:
        parent = domain.id
        for _ in range(5):
            parent = make(manager, domain, parent_id=parent)
        assert manager.create(name="deep", domain_id=domain.id, parent_id=parent).status_code == 403

    def test_k1_12_enabled_is_a_real_boolean(self, manager: Any, domain: Domain) -> None:
        assert manager.create(name="a", domain_id=domain.id, enabled="yes").status_code == 500

    @pytest.mark.parametrize(
        ("field", "status"), [("id", 400), ("domain_id", 400), ("parent_id", 403), ("is_domain", 400)]
    )
    def test_k1_16_what_cannot_change(self, manager: Any, domain: Domain, field: str, status: int) -> None:
        project_id = make(manager, domain)
        current = manager("GET", f"/projects/{project_id}").json()["project"][field]
        other = True if field == "is_domain" else NOBODY
        assert manager.change(project_id, **{field: current}).status_code == 200
        assert manager.change(project_id, **{field: other}).status_code == status


class TestErrors:
    def test_k2_shapes(self, manager: Any, domain: Domain) -> None:
        document = manager("GET", "/projects/" + NOBODY)
        assert set(document.json()["error"]) == {"code", "message", "title"}
        assert document.headers["x-openstack-request-id"].startswith("req-")
        route = manager("GET", "/nothing/there")
        assert (route.status_code, route.headers["content-type"].split(";")[0]) == (404, "text/html")
        large = manager.create(name="a", domain_id=domain.id, description="x" * 200_000)
        assert (large.status_code, large.headers["content-type"].split(";")[0]) == (413, "text/html")


class TestWhoMaySeeWhat:
    def test_k4_1_a_manager_hears_403_of_what_is_missing_and_of_what_is_elsewhere(
        self, manager: Any, admin: Any, domain: Domain
    ) -> None:
        elsewhere = domain.admin.make_project("elsewhere", domain.make_domain())
        for project_id in (NOBODY, elsewhere):
            for response in (
                manager("GET", f"/projects/{project_id}"),
                manager.change(project_id, name="x"),
                manager("DELETE", f"/projects/{project_id}"),
            ):
                assert response.status_code == 403
                assert text(response).startswith("You are not authorized to perform the requested action: identity:")
        assert admin("GET", f"/projects/{elsewhere}").status_code == 200
        missing = admin("GET", f"/projects/{NOBODY}")
        assert (missing.status_code, text(missing)) == (404, f"Could not find project: {NOBODY}.")

    def test_k4_4_a_manager_must_name_the_domain(self, manager: Any, domain: Domain) -> None:
        assert manager.create(name="a").status_code == 403
        assert manager.create(name="a", domain_id=domain.id).status_code == 201

    def test_k3_11_what_a_manager_may_list_and_grant(self, manager: Any, domain: Domain) -> None:
        project_id = make(manager, domain)
        group = domain.make_group("ours")
        theirs = domain.admin.make_group("theirs", domain.make_domain())
        special = domain.admin.make_role("special", domain.id)
        for path in (
            f"/domains/{domain.id}",
            f"/projects?domain_id={domain.id}",
            f"/groups?domain_id={domain.id}",
            f"/role_assignments?scope.project.id={project_id}",
            f"/projects/{project_id}/groups/{group}/roles",
            "/roles",
        ):
            assert manager("GET", path).status_code == 200, path
        assert manager("GET", f"/roles?domain_id={domain.id}").status_code == 403
        for role, status in (("reader", 204), ("member", 204), ("manager", 204), ("admin", 403), ("service", 403)):
            path = f"/projects/{project_id}/groups/{group}/roles/{domain.admin.role_id(role)}"
            assert manager("PUT", path).status_code == status, role
        assert manager("PUT", f"/projects/{project_id}/groups/{group}/roles/{special}").status_code == 403
        member = domain.admin.role_id("member")
        assert manager("PUT", f"/projects/{project_id}/groups/{theirs}/roles/{member}").status_code == 403

    def test_k5_5_the_list_of_another_domain_is_empty_for_a_manager(self, manager: Any, domain: Domain) -> None:
        other = domain.make_domain()
        domain.admin.make_project("theirs", other)
        response = manager("GET", f"/projects?domain_id={other}")
        assert (response.status_code, response.json()["projects"]) == (200, [])


class TestLists:
    def test_k5_2_3_limits(self, manager: Any, domain: Domain) -> None:
        make(manager, domain)
        make(manager, domain)
        cut = manager("GET", f"/projects?domain_id={domain.id}&limit=1").json()
        assert cut["truncated"] is True
        assert "marker=" in cut["links"]["next"]
        for limit in ("0", "-1", "5000"):
            assert len(manager("GET", f"/projects?domain_id={domain.id}&limit={limit}").json()["projects"]) == 2
        assert manager("GET", f"/projects?domain_id={domain.id}&limit=x").status_code == 500

    def test_k5_4_a_full_last_page_has_an_empty_one_behind_it(self, manager: Any, domain: Domain) -> None:
        last = make(manager, domain)
        full = manager("GET", f"/projects?domain_id={domain.id}&limit=1").json()
        assert full["links"]["next"] is not None
        behind = manager("GET", f"/projects?domain_id={domain.id}&limit=1&marker={last}").json()
        assert (behind["projects"], behind["links"]["next"]) == ([], None)

    def test_k5_6_filters_on_tags_end_a_list_early(self, manager: Any, domain: Domain) -> None:
        ids = sorted(make(manager, domain) for _ in range(3))
        manager.change(ids[2], tags=["wanted"])
        found = manager("GET", f"/projects?domain_id={domain.id}&tags=wanted&limit=1").json()
        assert found["projects"] == []

    def test_k5_7_a_page_after_something_that_is_gone(self, manager: Any, domain: Domain) -> None:
        gone = make(manager, domain)
        manager("DELETE", f"/projects/{gone}")
        response = manager("GET", f"/projects?domain_id={domain.id}&limit=1&marker={gone}")
        assert (response.status_code, text(response)) == (404, f"Marker {gone} could not be found.")

    def test_k5_8_domains_are_hidden(self, admin: Any, domain: Domain) -> None:
        def shown(query: str) -> set[str]:
            return {project["id"] for project in admin("GET", f"/projects?limit=1000{query}").json()["projects"]}

        assert domain.id not in shown("")
        assert domain.id in shown("&is_domain=true")

    def test_k5_10_unknown_filters_are_ignored_and_names_are_exact(self, manager: Any, domain: Domain) -> None:
        make(manager, domain, "exactly")
        for query, count in (("nonsense=1", 1), ("name=exactly", 1), ("name=exact", 0), ("name=%20exactly", 0)):
            assert len(manager("GET", f"/projects?domain_id={domain.id}&{query}").json()["projects"]) == count, query


class TestChanges:
    def test_k6_1_the_id_in_a_conflict_is_nobodys(self, manager: Any, domain: Domain) -> None:
        taken = make(manager, domain, "taken")
        response = manager.create(name="taken", domain_id=domain.id)
        assert response.status_code == 409
        assert taken not in text(response)

    def test_k6_3_domains_and_parents_that_are_not_there(self, admin: Any, domain: Domain) -> None:
        assert admin.create(name="a", domain_id=NOBODY).status_code == 400
        assert admin.create(name="a", domain_id=domain.id, parent_id=NOBODY).status_code == 400
        parent = make(admin, domain, enabled=False)
        disabled = admin.create(name="a", domain_id=domain.id, parent_id=parent)
        assert disabled.status_code == 400
        assert "disabled" in text(disabled)

    def test_k6_5_a_rename_to_a_taken_name_is_only_a_conflict_with_the_id(self, manager: Any, domain: Domain) -> None:
        make(manager, domain, "taken")
        project_id = make(manager, domain)
        without = manager.change(project_id, name="taken")
        assert (without.status_code, without.headers["content-type"].split(";")[0]) == (500, "text/html")
        assert manager.change(project_id, id=project_id, name="taken").status_code == 409

    def test_k6_6_7_patch_leaves_what_it_does_not_name(self, manager: Any, domain: Domain) -> None:
        project_id = make(manager, domain, description=None, tags=["a"])
        assert manager.change(project_id).status_code == 200
        changed = manager.change(project_id, tags=["b"]).json()["project"]
        assert (changed["description"], changed["tags"], changed["extra"]) == (None, ["b"], {})

    def test_k6_8_9_disabled_parents(self, manager: Any, domain: Domain) -> None:
        parent = make(manager, domain)
        child = make(manager, domain, parent_id=parent)
        assert manager.change(parent, enabled=False).status_code == 403
        manager.change(child, enabled=False)
        assert manager.change(parent, enabled=False).status_code == 200
        assert manager.change(child, description="x").status_code == 403
        assert manager.change(child, description="x", enabled=False).status_code == 200
        assert manager.change(child, enabled=True).status_code == 403

    def test_k6_10_11_immutable(self, manager: Any, domain: Domain) -> None:
        project_id = make(manager, domain, options={"immutable": True})
        path = f"/projects/{project_id}"
        role = f"{path}/groups/{domain.make_group('g')}/roles/{domain.admin.role_id('member')}"
        assert manager("PUT", role).status_code == 204
        assert manager("DELETE", role).status_code == 204
        assert manager.change(project_id, description="x").status_code == 403
        assert manager.change(project_id, options={"immutable": True}).status_code == 403
        assert manager("DELETE", path).status_code == 403
        assert manager.change(project_id, id=project_id, options={"immutable": False}).status_code == 403
        assert manager.change(project_id, description="x", options={"immutable": False}).status_code == 403
        assert manager.change(project_id, options={"immutable": False}).status_code == 200
        assert manager.change(project_id, description="x", options={"immutable": True}).status_code == 200
        manager.change(project_id, options={"immutable": False})


class TestRoles:
    def test_k7_1_2_granting_and_taking(self, manager: Any, domain: Domain) -> None:
        project_id, group, role = make(manager, domain), domain.make_group("g"), domain.admin.role_id("member")
        path = f"/projects/{project_id}/groups/{group}/roles/{role}"
        assert [manager("PUT", path).status_code for _ in range(2)] == [204, 204]
        assert manager("DELETE", path).status_code == 204
        again = manager("DELETE", path)
        assert again.status_code == 404
        assert all(name in text(again) for name in (role, group, project_id))
        for missing in (project_id, group, role):
            response = manager("PUT", path.replace(missing, NOBODY))
            assert response.status_code == 404
            assert NOBODY in text(response)

    def test_k7_4_5_inherited_ones_and_users_are_listed_too(self, admin: Any, domain: Domain) -> None:
        project_id, group, role = make(admin, domain), domain.make_group("g"), domain.admin.role_id("member")
        domain.admin.grant(role, f"projects/{project_id}", group=group, inherited=True)
        domain.admin.grant(role, f"projects/{project_id}", user=domain.manager.id)
        found = admin("GET", f"/role_assignments?scope.project.id={project_id}").json()["role_assignments"]
        assert sorted("OS-INHERIT:inherited_to" in one["scope"] for one in found) == [False, True]
        effective = admin("GET", f"/role_assignments?scope.project.id={project_id}&effective").json()
        assert [one for one in effective["role_assignments"] if "group" in one] == []

    def test_k7_6_7_of_a_project_that_is_gone_there_are_none(self, admin: Any, domain: Domain) -> None:
        project_id = make(admin, domain, enabled=False)
        path = f"/projects/{project_id}/groups/{domain.make_group('g')}/roles/{domain.admin.role_id('member')}"
        assert admin("PUT", path).status_code == 204
        admin("DELETE", f"/projects/{project_id}")
        found = admin("GET", f"/role_assignments?scope.project.id={project_id}")
        assert (found.status_code, found.json()["role_assignments"]) == (200, [])


class TestDeleting:
    def test_k8_1_2_a_leaf_at_once_and_a_parent_not(self, manager: Any, admin: Any, domain: Domain) -> None:
        parent = make(manager, domain)
        child = make(manager, domain, parent_id=parent)
        refused = manager("DELETE", f"/projects/{parent}?cascade=true")
        assert refused.status_code == 403
        assert "not a leaf" in text(refused)
        assert [admin("DELETE", f"/projects/{child}").status_code for _ in range(2)] == [204, 404]
        assert manager("DELETE", f"/projects/{parent}").status_code == 204

    def test_k8_3_4_a_domain_is_disabled_before(self, admin: Any) -> None:
        made = admin.create(name=f"d-{uuid.uuid4().hex[:8]}", is_domain=True).json()["project"]
        assert (made["domain_id"], made["parent_id"]) == (None, None)
        path = f"/projects/{made['id']}"
        assert admin("DELETE", path).status_code == 403
        assert admin.change(made["id"], enabled=False).status_code == 200
        assert admin("DELETE", path).status_code == 204
