"""K8: deleting."""

from keystone import Domain
from keystone_caller import Caller, message, unused_name


def test_k8_1_2_a_leaf_at_once_and_a_parent_not(manager: Caller, admin: Caller, domain: Domain) -> None:
    parent = manager.make(domain.id)
    child = manager.make(domain.id, parent_id=parent)
    refused = manager("DELETE", f"/projects/{parent}?cascade=true")
    assert refused.status_code == 403
    assert "not a leaf" in message(refused)
    assert "cascade" in message(refused)
    assert [admin("DELETE", f"/projects/{child}").status_code for _ in range(2)] == [204, 404]
    manager.change(parent, enabled=False)
    assert manager("DELETE", f"/projects/{parent}").status_code == 204


def test_k8_3_4_a_domain_is_disabled_before(admin: Caller) -> None:
    made = admin.create(name=unused_name(), is_domain=True).json()["project"]
    assert (made["domain_id"], made["parent_id"]) == (None, None)
    path = f"/projects/{made['id']}"
    assert admin("DELETE", path).status_code == 403
    assert admin.change(made["id"], enabled=False).status_code == 200
    assert admin("DELETE", path).status_code == 204


def test_k8_7_with_a_domain_goes_all_that_is_in_it(admin: Caller, domain: Domain) -> None:
    made = admin.create(name=unused_name(), is_domain=True).json()["project"]["id"]
    project_id, group = admin.make(made), domain.admin.make_group("in it", made)
    user = domain.admin.make_user("in-it", "correct-horse-battery-staple", made)
    admin.change(made, enabled=False)
    assert admin("DELETE", f"/projects/{made}").status_code == 204
    for path in (f"/projects/{project_id}", f"/groups/{group}", f"/users/{user.id}"):
        assert admin("GET", path).status_code == 404, path


def test_k8_8_a_locked_project_stops_the_deletion_of_its_domain_half_way(admin: Caller) -> None:
    made = admin.create(name=unused_name(), is_domain=True).json()["project"]["id"]
    gone, locked = admin.make(made, name="a"), admin.make(made, name="b", options={"immutable": True})
    admin.change(made, enabled=False)
    refused = admin("DELETE", f"/projects/{made}")
    assert (refused.status_code, locked in message(refused)) == (403, True)
    assert [admin("GET", f"/projects/{one}").status_code for one in (gone, locked)] == [404, 200]
    assert admin.project(made)["enabled"] is False
