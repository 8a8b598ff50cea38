"""K6: creating and changing."""

from concurrent.futures import ThreadPoolExecutor

from keystone import Domain
from keystone_caller import NOBODY, Caller, media_type, message, unused_name


def test_k6_1_the_id_in_a_conflict_is_nobodys(manager: Caller, domain: Domain) -> None:
    name = unused_name()
    taken = manager.make(domain.id, name=name)
    response = manager.create(domain.id, name=name)
    assert response.status_code == 409
    assert "project id" in message(response).lower()
    assert taken not in message(response)


def test_k6_1_of_creations_at_the_same_time_one_succeeds(manager: Caller, domain: Domain) -> None:
    name = unused_name()
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: manager.create(domain.id, name=name), range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


def test_k6_2_the_next_read_shows_it(manager: Caller, domain: Domain) -> None:
    name = unused_name()
    query = f"domain_id={domain.id}&name={name}"
    for _ in range(3):
        project_id = manager.make(domain.id, name=name, tags=["new"])
        for tags in (["new"], ["changed"]):
            manager.change(project_id, tags=tags)
            assert manager.project(project_id)["tags"] == tags
            assert [one["tags"] for one in manager.listed(query)] == [tags]
        manager("DELETE", f"/projects/{project_id}")
        assert manager("GET", f"/projects/{project_id}").status_code == 403
        assert manager.listed(query) == []


def test_k6_3_domains_and_parents_that_are_not_there(admin: Caller, domain: Domain) -> None:
    for wrong, words in (
        (admin.create(NOBODY), f"Could not find domain: {NOBODY}."),
        (admin.create(domain.id, parent_id=NOBODY), f"Could not find project: {NOBODY}."),
    ):
        assert (wrong.status_code, words in message(wrong)) == (400, True)
    away = domain.make_domain()
    domain.admin.call("PATCH", f"/domains/{away}", {"domain": {"enabled": False}})
    for off in (
        admin.create(domain.id, parent_id=admin.make(domain.id, enabled=False)),
        admin.create(away),
    ):
        assert (off.status_code, "disabled" in message(off)) == (400, True)


def test_k6_4_the_server_chooses_the_id(manager: Caller, domain: Domain) -> None:
    assert manager.make(domain.id, id="f" * 32) != "f" * 32


def test_k6_5_a_rename_to_a_taken_name_is_only_a_conflict_with_the_id(manager: Caller, domain: Domain) -> None:
    name = unused_name()
    manager.make(domain.id, name=name)
    project_id = manager.make(domain.id)
    without = manager.change(project_id, name=name)
    assert (without.status_code, media_type(without)) == (500, "text/html")
    assert manager.change(project_id, id=project_id, name=name).status_code == 409


def test_k6_6_7_patch_leaves_what_it_does_not_name(manager: Caller, domain: Domain) -> None:
    project_id = manager.make(domain.id, description=None, tags=["a"])
    assert manager.change(project_id).status_code == 200
    changed = manager.change(project_id, tags=["b"]).json()["project"]
    assert (changed["description"], changed["tags"], changed["extra"]) == (None, ["b"], {})


def test_k6_8_9_disabled_parents(manager: Caller, domain: Domain) -> None:
    parent = manager.make(domain.id)
    child = manager.make(domain.id, parent_id=parent)
    assert manager.change(parent, enabled=False).status_code == 403
    manager.change(child, enabled=False)
    assert manager.change(parent, enabled=False).status_code == 200
    refused = manager.change(child, description="x")
    assert (refused.status_code, "annot enable project" in message(refused)) == (403, True)
    assert manager.change(child, description="x", enabled=False).status_code == 200
    assert manager.change(child, enabled=True).status_code == 403


def test_k6_10_11_immutable(manager: Caller, domain: Domain) -> None:
    project_id = manager.make(domain.id, options={"immutable": True})
    path = f"/projects/{project_id}"
    role = f"{path}/groups/{domain.make_group('of a locked one')}/roles/{domain.admin.role_id('member')}"
    assert manager("PUT", role).status_code == 204
    assert manager("DELETE", role).status_code == 204
    assert manager.change(project_id, description="x").status_code == 403
    assert manager("PUT", f"{path}/tags", {"tags": ["x"]}).status_code == 403
    assert manager.change(project_id, options={"immutable": True}).status_code == 403
    assert manager("DELETE", path).status_code == 403
    assert manager.change(project_id, id=project_id, options={"immutable": False}).status_code == 403
    assert manager.change(project_id, description="x", options={"immutable": False}).status_code == 403
    assert manager.change(project_id, options={"immutable": False}).status_code == 200
    assert manager.change(project_id, description="x", options={"immutable": True}).status_code == 200
    assert manager.change(project_id, options={"immutable": None}).status_code == 200
    assert manager.project(project_id)["options"] == {}
