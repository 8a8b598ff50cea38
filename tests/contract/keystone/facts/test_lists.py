"""K5: lists, and how they end too early."""

from collections.abc import Callable

import pytest
from keystone import Domain, make_domain
from keystone_caller import Caller, make_identity_provider, message


def in_a_domain(admin: Caller, domain: Domain, *names: str) -> tuple[str, list[str]]:
    """A domain that has these projects and no others: its id, and theirs in the order of lists."""
    alone = domain.make_domain()
    return alone, sorted(admin.make(alone, name=name) for name in names)


def test_k5_1_6_a_thousand_are_shown_and_nothing_says_that_there_are_more(admin: Caller, domain: Domain) -> None:
    alone = make_domain(domain.server)
    ids = sorted(alone.make_many(1001))
    first, last = ids[0], ids[-1]
    answer = admin("GET", f"/projects?domain_id={alone.id}").json()
    assert [project["id"] for project in answer["projects"]] == ids[:1000]
    assert (set(answer), answer["links"]["next"]) == ({"projects", "links"}, None)
    for tagged in (first, last):
        admin.change(tagged, tags=["wanted"])
    assert [one["id"] for one in admin.listed(f"domain_id={alone.id}&tags=wanted")] == [first], "of two"
    cut = admin("GET", f"/projects?domain_id={alone.id}&limit=5000").json()
    assert (len(cut["projects"]), cut["truncated"]) == (1000, True)
    assert f"marker={ids[999]}" in cut["links"]["next"]


def test_k5_2_3_limits(admin: Caller, domain: Domain) -> None:
    alone, ids = in_a_domain(admin, domain, "a", "b")
    cut = admin("GET", f"/projects?domain_id={alone}&limit=1").json()
    assert ([one["id"] for one in cut["projects"]], cut["truncated"]) == (ids[:1], True)
    assert f"marker={ids[0]}" in cut["links"]["next"]
    for limit in ("0", "-1", "5000"):
        assert len(admin.listed(f"domain_id={alone}&limit={limit}")) == 2
    assert admin("GET", f"/projects?domain_id={alone}&limit=x").status_code == 500


def test_k5_4_a_full_last_page_has_an_empty_one_behind_it(admin: Caller, domain: Domain) -> None:
    alone, (only,) = in_a_domain(admin, domain, "a")
    full = admin("GET", f"/projects?domain_id={alone}&limit=1").json()
    assert full["links"]["next"] is not None
    behind = admin("GET", f"/projects?domain_id={alone}&limit=1&marker={only}").json()
    assert (behind["projects"], behind["links"]["next"]) == ([], None)


def test_k5_5_a_token_for_a_domain_cuts_pages_that_were_counted(
    admin: Caller, sign_in: Callable[..., Caller], domain: Domain
) -> None:
    alone = make_domain(domain.server)
    manager = sign_in(alone.manager, {"domain": {"id": alone.id}})
    first = admin.listed("limit=1")[0]["id"]
    while (ours := manager.make(alone.id)) < first:
        manager("DELETE", f"/projects/{ours}")
    page = manager("GET", "/projects?limit=1").json()
    assert (page["projects"], page["links"]["next"]) == ([], None), "the first is somebody else's"
    assert [one["id"] for one in manager.listed(f"domain_id={alone.id}&limit=1")] == [ours]
    other, _ = in_a_domain(admin, domain, "theirs")
    response = manager("GET", f"/projects?domain_id={other}")
    assert (response.status_code, response.json()["projects"]) == (200, [])


def test_k5_6_filters_on_tags_end_a_list_early(admin: Caller, domain: Domain) -> None:
    alone, ids = in_a_domain(admin, domain, "a", "b", "c")
    admin.change(ids[2], tags=["wanted"])
    found = admin("GET", f"/projects?domain_id={alone}&tags=wanted&limit=1").json()
    assert (found["projects"], found["links"]["next"]) == ([], None)
    assert len(admin.listed(f"domain_id={alone}&tags=wanted")) == 1


def test_k5_7_a_page_after_something_that_is_gone(manager: Caller, domain: Domain) -> None:
    gone = manager.make(domain.id)
    manager("DELETE", f"/projects/{gone}")
    response = manager("GET", f"/projects?domain_id={domain.id}&limit=1&marker={gone}")
    assert (response.status_code, message(response)) == (404, f"Marker {gone} could not be found.")


def test_k5_8_domains_are_hidden(admin: Caller, domain: Domain) -> None:
    assert admin.listed(f"name={domain.name}") == []
    assert [one["id"] for one in admin.listed(f"name={domain.name}&is_domain=true")] == [domain.id]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("nonsense=1", ["Exactly", "other"]),
        ("name=Exactly", ["Exactly"]),
        ("name=exactly", []),
        ("name=Exact", []),
        ("name=%20Exactly", []),
        ("name__contains=xact", ["Exactly"]),
        ("name__startswith=Ex", ["Exactly"]),
        ("name__endswith=ly", ["Exactly"]),
        ("name__icontains=EXACT", ["Exactly"]),
        ("name__istartswith=ex", ["Exactly"]),
        ("name__iendswith=LY", ["Exactly"]),
        ("tags=red,big", ["Exactly"]),
        ("tags-any=red,small", ["Exactly", "other"]),
        ("not-tags=red,big", ["other"]),
        ("not-tags-any=big", ["other"]),
        ("enabled=false", ["other"]),
    ],
)
def test_k5_10_13_filters(admin: Caller, filtered: str, query: str, names: list[str]) -> None:
    assert sorted(one["name"] for one in admin.listed(f"domain_id={filtered}&{query}")) == names


def test_k5_10_a_name_is_looked_for_in_every_domain(admin: Caller, domain: Domain) -> None:
    homes = {in_a_domain(admin, domain, "in every one of them")[0] for _ in range(2)}
    assert {one["domain_id"] for one in admin.listed("name=in every one of them")} == homes


@pytest.fixture(scope="session")
def filtered(admin: Caller, domain: Domain) -> str:
    """Id of a domain with two projects."""
    alone = domain.make_domain()
    admin.make(alone, name="Exactly", tags=["red", "big"])
    admin.make(alone, name="other", tags=["red", "small"], enabled=False)
    return alone


def test_k5_11_the_link_leads_where_the_site_says(paged: Domain) -> None:
    for number in range(6):
        paged.admin.make_project(f"p{number}", paged.id)
    answer = paged.admin.call("GET", "/projects", query={"domain_id": paged.id})
    assert answer["links"]["next"] is None
    answer = paged.admin.call("GET", "/projects", query={"domain_id": paged.id, "limit": "5"})
    assert answer["links"]["next"].startswith("https://identity.example.com/v3/projects?")


def test_k5_12_what_else_has_pages(admin: Caller, domain: Domain) -> None:
    for name in ("one", "two"):
        domain.make_group(name)
    for kind in ("groups", "domains", "roles"):
        page = admin("GET", f"/{kind}?limit=1").json()
        assert (len(page[kind]), page["truncated"]) == (1, True)
        assert "marker=" in page["links"]["next"]
    assignments = admin("GET", "/role_assignments?limit=1").json()
    assert (len(assignments["role_assignments"]) > 1, assignments["links"]["next"]) == (True, None)


def test_k5_14_the_default_domain_is_no_parent_to_filter_by(admin: Caller, domain: Domain) -> None:
    assert admin("GET", "/projects?parent_id=default").status_code == 400
    parent = admin.make(domain.id)
    child = admin.make(domain.id, parent_id=parent)
    assert [one["id"] for one in admin.listed(f"parent_id={parent}")] == [child]


def test_k5_15_the_list_of_identity_providers_is_of_all_domains_and_its_pages_do_not_end(
    admin: Caller, domain: Domain
) -> None:
    here, there = domain.make_domain(), domain.make_domain()
    made = {make_identity_provider(admin, one).rpartition("/")[2]: one for one in (here, there)}
    path = "/OS-FEDERATION/identity_providers"
    for query in ("", f"?domain_id={here}"):
        listed = {one["id"]: one["domain_id"] for one in admin("GET", path + query).json()["identity_providers"]}
        assert made.items() <= listed.items()
    page = admin("GET", f"{path}?limit=1").json()
    ((first,), following) = page["identity_providers"], page["links"]["next"]
    assert f"marker={first['id']}" in following
    assert admin("GET", f"{path}?{following.partition('?')[2]}").json()["identity_providers"] == [first]
