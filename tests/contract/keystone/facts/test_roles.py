"""K7: roles of groups."""

from keystone import Domain
from keystone_caller import NOBODY, Caller, message, unused_name


def test_k7_1_2_10_granting_and_taking(manager: Caller, domain: Domain) -> None:
    project_id, group, role = manager.make(domain.id), domain.make_group(unused_name()), domain.admin.role_id("member")
    path = f"/projects/{project_id}/groups/{group}/roles/{role}"
    asked = ["HEAD", "GET", "PUT", "PUT", "HEAD", "GET", "DELETE", "DELETE"]
    assert [manager(method, path).status_code for method in asked] == [404, 404, 204, 204, 204, 204, 204, 404]
    assert all(name in message(manager("DELETE", path)) for name in (role, group, project_id))
    for missing in (project_id, group, role):
        response = manager("PUT", path.replace(missing, NOBODY))
        assert response.status_code == 404
        assert NOBODY in message(response)


def test_k7_3_4_5_what_is_listed(admin: Caller, domain: Domain) -> None:
    project_id, group = admin.make(domain.id), domain.make_group(unused_name())
    member, reader = domain.admin.role_id("member"), domain.admin.role_id("reader")
    on = f"projects/{project_id}"
    domain.admin.grant(member, on, group=group)
    domain.admin.grant(member, on, group=group, inherited=True)
    domain.admin.grant(reader, on, user=domain.manager.id)
    query = f"/role_assignments?scope.project.id={project_id}"
    found = admin("GET", query).json()["role_assignments"]
    assert sorted(("group" in one, "OS-INHERIT:inherited_to" in one["scope"]) for one in found) == [
        *((False, False), (True, False), (True, True)),
    ]
    named = admin("GET", f"{query}&include_names").json()["role_assignments"]
    assert {one["role"]["name"] for one in named} == {"member", "reader"}
    effective = admin("GET", f"{query}&effective").json()["role_assignments"]
    assert [one for one in effective if "group" in one] == []
    for wrong in (f"&effective&group.id={group}", f"&user.id={domain.manager.id}&group.id={group}"):
        assert admin("GET", query + wrong).status_code == 400
    of_group = admin("GET", f"/projects/{project_id}/groups/{group}/roles").json()["roles"]
    assert [one["id"] for one in of_group] == [member]


def test_k7_6_7_of_what_is_gone_there_are_none(admin: Caller, domain: Domain) -> None:
    kept, project_id = admin.make(domain.id), admin.make(domain.id, enabled=False)
    group, role = domain.make_group(unused_name()), domain.admin.role_id("member")
    for one in (kept, project_id):
        assert admin("PUT", f"/projects/{one}/groups/{group}/roles/{role}").status_code == 204
    admin("DELETE", f"/projects/{project_id}")
    found = admin("GET", f"/role_assignments?scope.project.id={project_id}")
    assert (found.status_code, found.json()["role_assignments"]) == (200, [])
    domain.admin.remove_group(group)
    assert admin("GET", f"/role_assignments?scope.project.id={kept}").json()["role_assignments"] == []
    gone = admin("GET", f"/projects/{kept}/groups/{group}/roles")
    assert (gone.status_code, message(gone)) == (404, f"Could not find group: {group}.")


def test_k7_8_the_roles_of_bootstrap_are_locked(admin: Caller, domain: Domain) -> None:
    roles = {one["name"]: one for one in admin("GET", "/roles").json()["roles"]}
    for name in ("admin", "manager", "member", "reader", "service"):
        assert roles[name]["options"] == {"immutable": True}
    assert admin("DELETE", f"/roles/{domain.admin.role_id('member')}").status_code == 403


def test_k7_9_names_to_ids(admin: Caller, domain: Domain) -> None:
    group, role = domain.make_group("Those who may"), domain.admin.make_role("of this domain", domain.id)
    for query, ids in (
        (f"groups?domain_id={domain.id}&name=Those who may", [group]),
        (f"groups?domain_id={domain.id}&name=those who may", []),
        (f"groups?domain_id={domain.make_domain()}&name=Those who may", []),
        ("roles?name=of this domain", []),
        (f"roles?domain_id={domain.id}&name=of this domain", [role]),
        (f"domains?name={domain.name}", [domain.id]),
        (f"domains?name={domain.name.upper()}", []),
    ):
        answer = admin("GET", f"/{query}")
        assert (answer.status_code, [one["id"] for one in answer.json()[query.partition("?")[0]]]) == (200, ids)
