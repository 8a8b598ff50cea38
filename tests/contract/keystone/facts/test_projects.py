"""K1: projects."""

from typing import Any

import pytest
from keystone import Domain
from keystone_caller import NOBODY, Caller, media_type, message, unused_name

KNOWN = {
    *("id", "name", "domain_id", "description", "enabled", "parent_id", "is_domain", "tags", "options", "links"),
}


def test_k1_1_2_3_5_14_what_is_created_is_finished_and_has_no_times(manager: Caller, domain: Domain) -> None:
    created = manager.create(domain.id)
    assert (created.status_code, set(created.json())) == (201, {"project"})
    project = created.json()["project"]
    assert set(project) == KNOWN
    assert manager.project(project["id"]) == project
    listing = manager("GET", f"/projects?domain_id={domain.id}")
    assert (listing.status_code, set(listing.json())) == (200, {"projects", "links"})
    assert project in listing.json()["projects"]
    deleted = manager("DELETE", f"/projects/{project['id']}")
    assert (deleted.status_code, deleted.content) == (204, b"")


def test_k1_4_patch_answers_with_an_extra_and_put_is_no_method(manager: Caller, domain: Domain) -> None:
    project_id = manager.make(domain.id)
    changed = manager.change(project_id, description="x")
    assert (changed.status_code, set(changed.json()["project"])) == (200, KNOWN | {"extra"})
    refused = manager("PUT", f"/projects/{project_id}", {"project": {}})
    assert (refused.status_code, set(refused.json())) == (405, {"message"})


@pytest.mark.parametrize("name", ["x", "x" * 64, "größe/ü?&=,", "日本語", "a b"])
def test_k1_6_names_of_any_text(manager: Caller, domain: Domain, name: str) -> None:
    assert manager.create(domain.id, name=name).json()["project"]["name"] == name


@pytest.mark.parametrize("name", ["", "  ", "x" * 65])
def test_k1_6_other_names_are_refused(manager: Caller, domain: Domain, name: str) -> None:
    assert manager.create(domain.id, name=name).status_code == 400


def test_k1_6_blanks_around_a_name_are_cut_off_after_its_length_was_checked(manager: Caller, domain: Domain) -> None:
    name = unused_name()
    assert manager.create(domain.id, name=f" {name} ").json()["project"]["name"] == name
    assert manager.create(domain.id, name=" " + "x" * 64).status_code == 400


def test_k1_7_names_are_unique_in_the_domain_and_case_counts(manager: Caller, domain: Domain) -> None:
    parent = manager.make(domain.id, name="Foobar")
    assert manager.create(domain.id, name="foobar").status_code == 201
    assert manager.create(domain.id, name="Foobar", parent_id=parent).status_code == 409
    assert manager.listed(f"domain_id={domain.id}&name=FOOBAR") == []


def test_k1_8_descriptions(manager: Caller, domain: Domain) -> None:
    for description in (None, "", "x" * 70_000):
        project_id = manager.make(domain.id, description=description)
        assert manager.project(project_id)["description"] == description
    assert manager.project(manager.make(domain.id))["description"] == ""


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
def test_k1_9_k6_12_tags(manager: Caller, domain: Domain, tags: list[str], status: int) -> None:
    response = manager.create(domain.id, tags=tags)
    assert response.status_code == status
    if status == 201:
        name = response.json()["project"]["name"]
        (listed,) = manager.listed(f"domain_id={domain.id}&name={name}")
        assert listed["tags"] == sorted(tags), "in the order of the database, not as they were sent"


def test_k1_10_without_a_domain_it_is_the_tokens_or_the_default_one(
    admin: Caller, sign_in: Any, domain: Domain
) -> None:
    at_home = sign_in(domain.make_user("", "admin"), {"domain": {"id": domain.id}})
    assert at_home.create().json()["project"]["domain_id"] == domain.id
    assert admin.create().json()["project"]["domain_id"] == "default"


def test_k1_11_k6_4_levels(manager: Caller, domain: Domain) -> None:
    assert manager.project(manager.make(domain.id))["parent_id"] == domain.id
    parent = manager.make(domain.id, parent_id=None)
    assert manager.project(parent)["parent_id"] == domain.id
    for _ in range(4):
        parent = manager.make(domain.id, parent_id=parent)
    assert manager.create(domain.id, parent_id=parent).status_code == 403


def test_k1_12_enabled_is_a_real_boolean(manager: Caller, domain: Domain) -> None:
    for wrong, status in (("yes", 500), ("true", 500), (1, 400), (None, 400)):
        assert manager.create(domain.id, enabled=wrong).status_code == status, wrong


def test_k1_13_there_is_one_option(manager: Caller, domain: Domain) -> None:
    assert manager.create(domain.id, options={"immutable": False}).status_code == 201
    for wrong in ({"other": 1}, {"immutable": "yes"}):
        assert manager.create(domain.id, options=wrong).status_code == 400


def test_k1_15_whatever_else_is_sent_stays(manager: Caller, domain: Domain) -> None:
    project_id = manager.make(domain.id, **{"cost-centre": "7", "owner:team": ["x"], "plain": 1})
    more = {name: value for name, value in manager.project(project_id).items() if name not in KNOWN}
    assert more == {"cost_centre": "7", "owner_team": ["x"], "plain": 1}
    manager.change(project_id, **{"plain": None, "as-it-is": 2})
    more = {name: value for name, value in manager.project(project_id).items() if name not in KNOWN}
    assert more == {"cost_centre": "7", "owner_team": ["x"], "plain": None, "as-it-is": 2}


@pytest.mark.parametrize(
    ("field", "status", "words"),
    [
        ("id", 400, "Cannot change ID"),
        ("domain_id", 400, "Cannot change Domain ID"),
        ("parent_id", 403, "Update of `parent_id` is not allowed"),
        ("is_domain", 400, "Update of `is_domain` is not allowed"),
    ],
)
def test_k1_16_what_cannot_change(manager: Caller, domain: Domain, field: str, status: int, words: str) -> None:
    project_id = manager.make(domain.id)
    assert manager.change(project_id, **{field: manager.project(project_id)[field]}).status_code == 200
    refused = manager.change(project_id, **{field: True if field == "is_domain" else NOBODY})
    assert refused.status_code == status
    assert words in message(refused)


def test_k1_17_sqlite_keeps_what_postgresql_cannot(manager: Caller, domain: Domain) -> None:
    assert manager.project(manager.make(domain.id, name="with\0in"))["name"] == "with\0in"


def test_k1_18_a_body_without_a_project_breaks_the_server(admin: Caller, manager: Caller) -> None:
    broken = admin("POST", "/projects", {})
    assert (broken.status_code, media_type(broken)) == (500, "text/html")
    refused = manager("POST", "/projects", {})
    assert (refused.status_code, message(refused)[:24]) == (403, "You are not authorized t")
    assert admin("POST", "/projects", b"{").status_code == admin("POST", "/projects", []).status_code == 400


class TestTags:
    """K10: tags have addresses of their own."""

    def test_k10_1_all_of_them(self, manager: Caller, domain: Domain) -> None:
        path = f"/projects/{manager.make(domain.id, tags=['before'])}/tags"
        for method, body, status, tags in (
            ("GET", None, 200, ["before"]),
            ("PUT", {"tags": ["b", "a"]}, 200, ["a", "b"]),
            ("DELETE", None, 204, []),
        ):
            assert manager(method, path, body).status_code == status
            assert manager("GET", path).json()["tags"] == tags

    def test_k10_2_a_single_one(self, manager: Caller, domain: Domain) -> None:
        path = f"/projects/{manager.make(domain.id)}/tags/a"
        asked = ["HEAD", "PUT", "PUT", "GET", "HEAD", "DELETE", "DELETE"]
        assert [manager(method, path).status_code for method in asked] == [404, 201, 400, 204, 204, 204, 404]
        assert message(manager("GET", path)) == "Could not find project tag: a."

    def test_k10_3_only_the_list_is_trimmed_and_two_that_become_one_break_the_server(
        self, manager: Caller, domain: Domain
    ) -> None:
        project_id = manager.make(domain.id, tags=[" a", "a"])
        assert manager.project(project_id)["tags"] == [" a", "a"]
        path = f"/projects/{project_id}/tags"
        assert manager("PUT", path, {"tags": [" b "]}).json()["tags"] == ["b"]
        broken = manager("PUT", path, {"tags": ["c", " c"]})
        assert (broken.status_code, media_type(broken)) == (500, "text/html")
        manager.change(project_id, tags=[" a", "a"])
        assert manager.project(project_id)["tags"] == [" a", "a"]
