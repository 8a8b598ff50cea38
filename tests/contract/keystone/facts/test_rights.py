"""K4: who may see what."""

from typing import Any

from keystone import Domain
from keystone_caller import NOBODY, Caller, message, unused_name

POLICY = "You are not authorized to perform the requested action: identity:"


def test_k4_1_a_manager_hears_403_of_what_is_missing_and_of_what_is_elsewhere(
    manager: Caller, admin: Caller, domain: Domain
) -> None:
    elsewhere = domain.admin.make_project("elsewhere", domain.make_domain())
    for project_id in (NOBODY, elsewhere):
        for response in (
            manager("GET", f"/projects/{project_id}"),
            manager.change(project_id, name="x"),
            manager("DELETE", f"/projects/{project_id}"),
        ):
            assert response.status_code == 403
            assert message(response).startswith(POLICY)
    assert admin("GET", f"/projects/{elsewhere}").status_code == 200
    missing = admin("GET", f"/projects/{NOBODY}")
    assert (missing.status_code, message(missing)) == (404, f"Could not find project: {NOBODY}.")


def test_k4_3_what_the_state_forbids_does_not_speak_of_rights(manager: Caller, domain: Domain) -> None:
    parent = manager.make(domain.id)
    child = manager.make(domain.id, parent_id=parent)
    by_policy = manager.create(domain.make_domain())
    assert (by_policy.status_code, message(by_policy)) == (403, f"{POLICY}create_project.")
    for by_state in (manager("DELETE", f"/projects/{parent}"), manager.change(child, parent_id=NOBODY)):
        assert by_state.status_code == 403
        assert POLICY not in message(by_state)


def test_k4_4_the_policy_is_asked_before_the_default_is_filled_in(
    manager: Caller, sign_in: Any, domain: Domain
) -> None:
    assert manager.create().status_code == 403
    assert manager("POST", "/groups", {"group": {"name": unused_name()}}).status_code == 403
    assert manager.create(domain.id).status_code == 201
    caller = sign_in(*administrator_of_a_project(domain))
    refused = caller.create(parent_id=manager.make(domain.id))
    assert (refused.status_code, "specifies a parent in a different domain" in message(refused)) == (400, True)


def test_k4_5_6_admin_of_anything_is_admin_of_all_but_of_lists(sign_in: Any, domain: Domain) -> None:
    other = domain.make_domain()
    of_project = sign_in(*administrator_of_a_project(domain))
    of_domain = sign_in(domain.make_user("", "admin"), {"domain": {"id": domain.id}})
    for caller, seen in ((of_project, 1), (of_domain, 0)):
        project_id = caller.make(other)
        assert caller("GET", f"/projects/{project_id}").status_code == 200
        assert len(caller.listed(f"domain_id={other}&limit=10")) == seen
        assert caller("DELETE", f"/projects/{project_id}").status_code == 204
        assert caller("GET", f"/projects/{project_id}").status_code == 404


def administrator_of_a_project(domain: Domain) -> tuple[Any, dict[str, Any]]:
    """Somebody, and his scope."""
    user, project = domain.make_user(), domain.admin.make_project(unused_name(), domain.id)
    domain.admin.grant(domain.admin.role_id("admin"), f"projects/{project}", user=user.id)
    return user, {"project": {"id": project}}
