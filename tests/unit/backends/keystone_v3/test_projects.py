"""How projects are read, and what proves that one is gone."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from scripted_keystone import (
    DOMAIN,
    DOMAIN_PROJECT,
    GROUP,
    HTML,
    ID,
    OTHER_DOMAIN,
    PATH,
    PROJECT,
    ROLE,
    ScriptedKeystone,
    answer,
    cloud,
    connected,
    forbidden,
    never_asked,
    page,
    remote,
    unchecked,
)

from project_operator.backends.base import ProjectContent, RoleAssignment
from project_operator.backends.calls import Answer
from project_operator.errors import BackendUnavailable, PermissionDenied, ProjectNotFound, RequestRefused

ASSIGNMENT = {"scope": {"project": {"id": ID}}, "role": {"id": ROLE}, "group": {"id": GROUP}}
MARK = "iproj1:0123456789abcdef:0123456789abcdef:01234567:00000000-0000-0000-0000-000000000000"
MADE = DOMAIN_PROJECT | {"id": "made", "tags": [MARK]}


class TestList:
    async def test_each_domain_and_the_domains_themselves(self) -> None:
        lists = [
            page("projects", DOMAIN_PROJECT | {"id": "c"}),
            page("projects", PROJECT, PROJECT | {"id": "x", "domain_id": "elsewhere"}),
            page("projects", PROJECT | {"id": "b", "domain_id": OTHER_DOMAIN}),
        ]
        further = {f"GET /v3/domains/{OTHER_DOMAIN}": answer(200, {"domain": {"id": OTHER_DOMAIN, "name": "b"}})}
        backend, server = await connected(
            cloud() | further | {"GET /v3/projects": lists}, additional_domains=(OTHER_DOMAIN,), manage_domains=True
        )
        found = await backend.list_projects()
        assert [(project.id, project.organization_id) for project in found] == [
            ("c", "c"),
            (ID, DOMAIN),
            ("b", OTHER_DOMAIN),
        ]
        assert server.requests == [
            "GET /v3/projects?is_domain=true&limit=1000",
            f"GET /v3/projects?domain_id={DOMAIN}&limit=1000",
            f"GET /v3/projects?domain_id={OTHER_DOMAIN}&limit=1000",
        ]

    async def test_one_bad_item_spoils_it(self) -> None:
        backend, _ = await connected({"GET /v3/projects": page("projects", *[PROJECT] * 300, {})})
        with pytest.raises(BackendUnavailable):
            await backend.list_projects()


class TestGet:
    async def test_roles_are_read_only_where_they_are_asked_for(self) -> None:
        backend, server = await connected(
            {
                f"GET {PATH}": answer(200, {"project": PROJECT}),
                "GET /v3/role_assignments": page("role_assignments", ASSIGNMENT),
            }
        )
        assert (await backend.get_project(ID)).content.role_assignments is None
        assert len(server.requests) == 1
        found = await backend.get_project(ID, group_ids=frozenset({GROUP}))
        assert found.content.role_assignments == (RoleAssignment(GROUP, ROLE),)

    @pytest.mark.parametrize("project", [PROJECT | {"domain_id": OTHER_DOMAIN}, DOMAIN_PROJECT])
    async def test_what_is_not_ours_is_refused_with_the_reason(self, project: dict[str, Any]) -> None:
        backend, _ = await connected({f"GET {PATH}": answer(200, {"project": project})} | cloud())
        with pytest.raises(RequestRefused, match=r"it is (in another|a) domain"):
            await backend.get_project(ID)

    async def test_another_project_than_was_asked_for_is_none(self) -> None:
        backend, _ = await connected({f"GET {PATH}": answer(200, {"project": PROJECT | {"id": "another"}})})
        with pytest.raises(BackendUnavailable):
            await backend.get_project(ID)

    @pytest.mark.parametrize("project_id", ["", ".", "..", "a/b", "a b", "ä", "-/", "a" * 129, ":a", "a\n", "a?x=y"])
    async def test_an_id_that_could_lead_elsewhere_is_refused_before_anything_is_sent(self, project_id: str) -> None:
        backend, server = await connected()
        for call in (
            backend.get_project(project_id),
            backend.delete_project(project_id, before_send=never_asked),
            backend.update_project(replace(remote(), id=project_id), ProjectContent("b"), before_send=never_asked),
        ):
            with pytest.raises(RequestRefused, match="is no id of a project"):
                await call
        assert not server.asked


class TestAbsenceForWhoManagesOneDomain:
    """GET says 403 of what is gone and of what is not ours alike (K4-1)."""

    async def test_a_complete_list_that_does_not_show_it_proves_it(self) -> None:
        other = page("projects", {**PROJECT, "id": "b"}, marker="b")
        backend, server = await connected(
            {f"GET {PATH}": forbidden("get_project"), "GET /v3/projects": [other, other, page("projects")]}
        )
        with pytest.raises(ProjectNotFound, match="a complete list of the domain does not show the project"):
            await backend.get_project(ID)
        assert server.requests[-1] == f"GET /v3/projects?domain_id={DOMAIN}&limit=1000&marker=b"

    async def test_an_empty_list_only_where_the_domain_itself_is_shown(self) -> None:
        empty = {f"GET {PATH}": forbidden("get_project"), "GET /v3/projects": page("projects")}
        backend, server = await connected(empty)
        with pytest.raises(ProjectNotFound):
            await backend.get_project(ID)
        assert f"GET /v3/domains/{DOMAIN}" in server.requests
        backend, _ = await connected(empty | {f"GET /v3/domains/{DOMAIN}": forbidden("get_domain")})
        with pytest.raises(PermissionDenied) as raised:
            await backend.get_project(ID)
        assert raised.value.operation == "get_project"

    async def test_what_the_list_shows_is_there(self) -> None:
        backend, _ = await connected({f"GET {PATH}": forbidden("get_project")})
        assert (await backend.get_project(ID)).id == ID

    @pytest.mark.parametrize("last", [answer(500, HTML), answer(200, HTML), answer(404, HTML)])
    async def test_a_list_that_fails_proves_nothing(self, last: Answer) -> None:
        first = page("projects", {**PROJECT, "id": "b"}, marker="b")
        backend, _ = await connected(
            {f"GET {PATH}": forbidden("get_project"), "GET /v3/projects": [first, first, last]}
        )
        with pytest.raises(BackendUnavailable):
            await backend.get_project(ID)

    async def test_a_list_that_is_forbidden_proves_nothing(self) -> None:
        script = {f"GET {PATH}": forbidden("get_project"), "GET /v3/projects": forbidden("list_projects")}
        backend, _ = await connected(script)
        with pytest.raises(PermissionDenied, match="get project"):
            await backend.get_project(ID)

    async def test_a_page_of_a_firewall_is_not_keystones_403(self) -> None:
        backend, server = await connected({f"GET {PATH}": answer(403, HTML)})
        with pytest.raises(BackendUnavailable):
            await backend.get_project(ID)
        assert len(server.requests) == 1

    async def test_a_deletion_of_what_is_gone_succeeds(self) -> None:
        gone = {
            f"DELETE {PATH}": forbidden("delete_project"),
            f"GET {PATH}": forbidden("get_project"),
            "GET /v3/projects": page("projects", {**PROJECT, "id": "b"}),
        }
        backend, _ = await connected(gone)
        await backend.delete_project(ID, before_send=unchecked)
        backend, _ = await connected(gone | {f"GET {PATH}": answer(200, {"project": PROJECT})})
        with pytest.raises(PermissionDenied, match="delete project"):
            await backend.delete_project(ID, before_send=unchecked)

    async def test_an_update_of_what_is_gone_finds_nothing(self) -> None:
        backend, _ = await connected(
            {
                f"PATCH {PATH}": forbidden("update_project"),
                f"GET {PATH}": forbidden("get_project"),
                "GET /v3/projects": page("projects", {**PROJECT, "id": "b"}),
            }
        )
        with pytest.raises(ProjectNotFound):
            await backend.update_project(remote(), ProjectContent("b"), before_send=unchecked)


class TestDomainsThatProjectsHaveMade:
    """They carry a mark, and what is in them is of this connection."""

    async def test_what_is_in_them_is_listed(self) -> None:
        inside = PROJECT | {"id": "inside", "domain_id": "made", "parent_id": "made"}
        lists = [page("projects", MADE, DOMAIN_PROJECT | {"id": "theirs"}), page("projects"), page("projects", inside)]
        backend, server = await connected(cloud() | {"GET /v3/projects": lists}, manage_domains=True)
        assert {project.id for project in await backend.list_projects()} == {"made", "theirs", "inside"}
        assert server.requests[-1] == "GET /v3/projects?domain_id=made&limit=1000"
        assert len(server.requests) == 3

    async def test_and_their_groups(self) -> None:
        script = {"GET /v3/projects/made": answer(200, {"project": MADE}), "GET /v3/groups": page("groups")}
        backend, server = await connected(cloud() | script, manage_domains=True)
        await backend.get_project("made")
        await backend.list_groups()
        assert server.requests[-1] == "GET /v3/groups?domain_id=made&limit=1000"

    async def test_what_is_in_them_can_be_read_before_they_were_listed(self) -> None:
        script = {
            f"GET {PATH}": answer(200, {"project": PROJECT | {"domain_id": "made", "parent_id": "made"}}),
            "GET /v3/projects/made": answer(200, {"project": MADE}),
        }
        backend, server = await connected(cloud() | script, manage_domains=True)
        for _ in range(2):
            assert (await backend.get_project(ID)).organization_id == "made"
        assert server.requests == [f"GET {PATH}", "GET /v3/projects/made", f"GET {PATH}"]

    @pytest.mark.parametrize("tags", [[], ["iproj1:orphaned"], [MARK, MARK[:-1] + "1"]])
    async def test_a_domain_without_a_mark_is_somebody_elses(self, tags: list[str]) -> None:
        script = {
            f"GET {PATH}": answer(200, {"project": PROJECT | {"domain_id": "made", "parent_id": "made"}}),
            "GET /v3/projects/made": answer(200, {"project": MADE | {"tags": tags}}),
        }
        backend, _ = await connected(cloud() | script, manage_domains=True)
        with pytest.raises(RequestRefused, match="it is in another domain"):
            await backend.get_project(ID)

    async def test_where_domains_are_not_managed_no_mark_helps(self) -> None:
        script = {f"GET {PATH}": answer(200, {"project": PROJECT | {"domain_id": "made"}})}
        backend, server = await connected(cloud() | script)
        with pytest.raises(RequestRefused, match="it is in another domain"):
            await backend.get_project(ID)
        assert server.requests == [f"GET {PATH}"]


class TestManyThatAreGone:
    """However many look at once, few lists are asked for."""

    async def test_share_one_list_that_was_begun_when_all_had_asked(self) -> None:
        backend, server = await connected({f"GET /v3/projects/p{number}": forbidden("get") for number in range(30)})
        outcomes = await asyncio.gather(
            *(backend.get_project(f"p{number}") for number in range(30)), return_exceptions=True
        )
        assert {type(outcome) for outcome in outcomes} == {ProjectNotFound}
        assert lists(server) == 2, "the first one's, and one for all others"

    async def test_none_believes_a_list_that_was_begun_before_it_asked(self) -> None:
        backend, server = await connected(
            {f"GET /v3/projects/{name}": forbidden("get") for name in ("early", "late", "later")}
        )
        begun, go_on = asyncio.Event(), asyncio.Event()
        shown = backend._projects.list_all

        async def slowly() -> Any:
            begun.set()
            await go_on.wait()
            return await shown()

        backend._projects.list_all = slowly  # type: ignore[method-assign]  # to come while the list is made
        early = asyncio.create_task(backend.get_project("early"))
        await begun.wait()
        others = [asyncio.create_task(backend.get_project(name)) for name in ("late", "later")]
        await asyncio.sleep(0)
        go_on.set()
        await asyncio.gather(early, *others, return_exceptions=True)
        assert lists(server) == 2

    async def test_share_what_is_wrong_with_it_too(self) -> None:
        script = {f"GET /v3/projects/p{number}": forbidden("get") for number in range(30)}
        backend, server = await connected(script | {"GET /v3/projects": answer(503, HTML)})
        outcomes = await asyncio.gather(
            *(backend.get_project(f"p{number}") for number in range(30)), return_exceptions=True
        )
        assert {type(outcome) for outcome in outcomes} == {BackendUnavailable}
        assert lists(server) == 2

    async def test_keep_nothing_of_it(self) -> None:
        backend, _ = await connected({f"GET {PATH}": forbidden("get")})
        await backend.get_project(ID)
        assert backend._projects._shared is None


def lists(server: ScriptedKeystone) -> int:
    """How many lists were begun: each begins with the proof that it would show something."""
    return sum(request.endswith("&limit=1") for request in server.requests)
