import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scripted_keystone import (
    DOMAIN,
    GROUP,
    HTML,
    ID,
    OTHER_DOMAIN,
    PASSWORD,
    PROJECT,
    ROLE,
    TOKEN,
    Outcome,
    answer,
    connected,
    error,
    forbidden,
    not_found,
    page,
    remote,
    scripted,
    signed_in,
)

from project_operator.backends.base import ConnectionFacts, Group, PlannedCall, ProjectContent, Role, RoleAssignment
from project_operator.backends.calls import Answer, NoAnswer
from project_operator.backends.keystone_v3.backend import KeystoneBackend
from project_operator.backends.trust import Lost
from project_operator.errors import (
    BackendError,
    BackendUnavailable,
    ConnectionRefused,
    CredentialsRejected,
    NameTaken,
    OutcomeUnknown,
    PermissionDenied,
    ProjectNotFound,
    RequestRefused,
)

PATH = f"/v3/projects/{ID}"
DOMAIN_PROJECT = PROJECT | {"is_domain": True, "domain_id": None, "parent_id": None}
ASSIGNMENT = {"scope": {"project": {"id": ID}}, "role": {"id": ROLE}, "group": {"id": GROUP}}
CLOUD = {"POST /v3/auth/tokens": signed_in(project={"id": "admin"})}
WRITES = {"create_project", "update_project", "delete_project"}


def unchecked() -> None:
    pass


def never_asked() -> None:
    pytest.fail("must not be asked for")


CALLS: dict[str, Callable[[KeystoneBackend], Awaitable[Any]]] = {
    "connect": lambda backend: backend.connect(),
    "list_projects": lambda backend: backend.list_projects(),
    "get_project": lambda backend: backend.get_project(ID),
    "get_project with roles": lambda backend: backend.get_project(ID, group_ids=frozenset({GROUP})),
    "verify_read_access": lambda backend: backend.verify_read_access(),
    "list_groups": lambda backend: backend.list_groups(),
    "list_roles": lambda backend: backend.list_roles(),
    "create_project": lambda backend: backend.create_project(ProjectContent("a"), before_send=unchecked),
    "update_project": lambda backend: backend.update_project(remote(), ProjectContent("b"), before_send=unchecked),
    "delete_project": lambda backend: backend.delete_project(ID, before_send=unchecked),
}


class TestConnect:
    async def test_least_privilege_takes_three_requests(self) -> None:
        backend, server = scripted()
        assert await backend.connect() == ConnectionFacts(DOMAIN, "home", "operator", "v3.14")
        assert server.requests == ["GET /v3", f"GET /v3/projects?domain_id={DOMAIN}&limit=1"]
        assert server.sign_ins == 1

    async def test_the_version_is_asked_for_without_the_credential(self) -> None:
        backend, server = scripted({"GET /v3": answer(404, HTML)})
        with pytest.raises(ConnectionRefused, match="does not answer as Keystone") as raised:
            await backend.connect()
        assert raised.value.field == "spec.keystone.url"
        assert server.sign_ins == 0

    @pytest.mark.parametrize("body", [{"version": {"id": "v2.0"}}, {"versions": []}, []])
    async def test_another_version_is_another_service(self, body: Any) -> None:
        backend, _ = scripted({"GET /v3": answer(200, body)})
        with pytest.raises(ConnectionRefused):
            await backend.connect()

    async def test_a_list_that_is_forbidden_is_told(self) -> None:
        backend, _ = scripted({"GET /v3/projects": forbidden("list_projects")})
        with pytest.raises(PermissionDenied, match="role manager"):
            await backend.connect()

    async def test_a_token_for_another_domain_is_refused_as_it_would_be_shown_empty_lists(self) -> None:
        script = {"POST /v3/auth/tokens": signed_in(domain={"id": OTHER_DOMAIN, "name": "other"})}
        backend, server = scripted(script)
        with pytest.raises(ConnectionRefused) as raised:
            await backend.connect()
        assert raised.value.field == "spec.keystone.domain"
        assert server.requests == ["GET /v3", f"GET /v3/domains/{DOMAIN}"]

    async def test_further_domains_take_a_token_for_more_than_one(self) -> None:
        further = {f"GET /v3/domains/{OTHER_DOMAIN}": answer(200, {"domain": {"id": OTHER_DOMAIN, "name": "b"}})}
        backend, _ = scripted(further, additional_domains=(OTHER_DOMAIN,))
        with pytest.raises(ConnectionRefused) as raised:
            await backend.connect()
        assert raised.value.field == "spec.keystone.additionalDomains"
        backend, server = scripted(further | CLOUD, additional_domains=(OTHER_DOMAIN, DOMAIN))
        await backend.connect()
        assert server.requests[-2:] == [
            f"GET /v3/projects?domain_id={DOMAIN}&limit=1",
            f"GET /v3/projects?domain_id={OTHER_DOMAIN}&limit=1",
        ]

    async def test_domains_are_managed_for_the_whole_cloud(self) -> None:
        backend, _ = scripted(manage_domains=True)
        with pytest.raises(ConnectionRefused) as raised:
            await backend.connect()
        assert raised.value.field == "spec.keystone.manageDomains"
        backend, _ = scripted(CLOUD, manage_domains=True)
        await backend.connect()

    async def test_the_end_of_the_password_is_told(self) -> None:
        token = signed_in()
        body = token.body.replace(b'"name": "operator"', b'"password_expires_at": "2027-01-01T00:00:00.000000"')
        backend, _ = scripted({"POST /v3/auth/tokens": Answer(201, token.headers, body)})
        facts = await backend.connect()
        assert facts.credential_expires_at is not None
        assert facts.credential_expires_at.isoformat() == "2027-01-01T00:00:00+00:00"

    async def test_nothing_works_before_it(self) -> None:
        backend, server = scripted()
        for name, call in CALLS.items():
            if name not in {"connect", "get_project", "get_project with roles", "update_project", "list_roles"}:
                with pytest.raises(BackendUnavailable, match="connect"):
                    await call(backend)
        assert server.requests == []


class TestList:
    async def test_each_domain_and_the_domains_themselves(self) -> None:
        lists = [
            page("projects", PROJECT, PROJECT | {"id": "x", "domain_id": "elsewhere"}),
            page("projects", PROJECT | {"id": "b", "domain_id": OTHER_DOMAIN}),
            page("projects", DOMAIN_PROJECT | {"id": "c"}),
        ]
        further = {f"GET /v3/domains/{OTHER_DOMAIN}": answer(200, {"domain": {"id": OTHER_DOMAIN, "name": "b"}})}
        backend, server = await connected(
            CLOUD | further | {"GET /v3/projects": lists}, additional_domains=(OTHER_DOMAIN,), manage_domains=True
        )
        found = await backend.list_projects()
        assert [(project.id, project.organization_id) for project in found] == [
            (ID, DOMAIN),
            ("b", OTHER_DOMAIN),
            ("c", "c"),
        ]
        assert server.requests == [
            f"GET /v3/projects?domain_id={DOMAIN}&limit=1000",
            f"GET /v3/projects?domain_id={OTHER_DOMAIN}&limit=1000",
            "GET /v3/projects?is_domain=true&limit=1000",
        ]

    async def test_it_gives_way_while_it_is_read(self) -> None:
        items = [PROJECT | {"id": f"p{number}"} for number in range(2000)]
        backend, _ = await connected({"GET /v3/projects": page("projects", *items)})
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(others())
        assert len(await backend.list_projects()) == 2000
        task.cancel()
        assert turns >= 8

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
        backend, _ = await connected({f"GET {PATH}": answer(200, {"project": project})} | CLOUD)
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


class TestGroupsAndRoles:
    async def test_groups_of_every_domain(self) -> None:
        backend, server = await connected({"GET /v3/groups": page("groups", {"id": "g", "name": "those"})})
        assert await backend.list_groups() == (Group("g", "those"),)
        assert server.requests == [f"GET /v3/groups?domain_id={DOMAIN}&limit=1000"]

    async def test_roles_of_the_cloud_and_of_the_domain(self) -> None:
        lists = [page("roles", {"id": "r", "name": "member"}), page("roles", {"id": "s", "name": "special"})]
        backend, _ = await connected({"GET /v3/roles": lists})
        assert await backend.list_roles() == (Role("r", "member"), Role("s", "special"))

    async def test_a_domains_own_roles_are_left_out_where_they_may_not_be_seen(self) -> None:
        lists = [page("roles", {"id": "r", "name": "member"}), forbidden("list_domain_roles")]
        backend, _ = await connected({"GET /v3/roles": lists})
        assert await backend.list_roles() == (Role("r", "member"),)

    async def test_the_roles_of_the_cloud_are_needed(self) -> None:
        backend, _ = await connected({"GET /v3/roles": forbidden("list_roles")})
        with pytest.raises(PermissionDenied):
            await backend.list_roles()


class TestCreate:
    async def test_one_request(self) -> None:
        backend, server = await connected({"POST /v3/projects": answer(201, {"project": PROJECT})})
        assert await backend.create_project(ProjectContent("a"), before_send=unchecked) == remote()
        assert server.requests == ["POST /v3/projects"]

    @pytest.mark.parametrize(
        ("particulars", "words"),
        [
            ({"keystone.isDomain": "true"}, "spec.keystone.manageDomains"),
            ({"keystone.domainID": OTHER_DOMAIN}, "spec.keystone.additionalDomains"),
        ],
    )
    async def test_what_the_backend_object_does_not_allow_is_refused_unsent(
        self, particulars: dict[str, str], words: str
    ) -> None:
        backend, server = await connected()
        with pytest.raises(RequestRefused, match=words):
            await backend.create_project(ProjectContent("a", particulars=particulars), before_send=never_asked)
        assert not server.asked

    @pytest.mark.parametrize("body", [b"", HTML, {"project": {}}, {"project": PROJECT | {"name": "another"}}])
    async def test_a_success_that_shows_no_project_is_unknown(self, body: Any) -> None:
        backend, _ = await connected({"POST /v3/projects": answer(201, body)})
        with pytest.raises(OutcomeUnknown):
            await backend.create_project(ProjectContent("a"), before_send=unchecked)


class TestUpdate:
    async def test_what_fails_first_fails_and_what_was_before_stands(self) -> None:
        grant = f"PUT {PATH}/groups/{GROUP}/roles/{ROLE}"
        backend, server = await connected(
            {f"PATCH {PATH}": answer(200, {"project": PROJECT}), grant: not_found("role", ROLE)}
        )
        content = replace(remote().content, name="b", role_assignments=(RoleAssignment(GROUP, ROLE),))
        with pytest.raises(RequestRefused, match="Could not find role"):
            await backend.update_project(remote(role_assignments=()), content, before_send=unchecked)
        assert server.requests == [f"PATCH {PATH}", grant]

    async def test_a_role_that_is_gone_already_is_taken(self) -> None:
        path = f"{PATH}/groups/{GROUP}/roles/{ROLE}"
        backend, server = await connected({f"DELETE {path}": not_found("role assignment with role", ROLE)})
        current = remote(role_assignments=(RoleAssignment(GROUP, ROLE),))
        content = replace(current.content, role_assignments=())
        await backend.update_project(current, content, before_send=unchecked)
        assert server.requests == [f"DELETE {path}"]

    async def test_a_rename_that_ends_in_a_500_is_looked_into(self) -> None:
        taken = {**PROJECT, "id": "another", "name": "b"}
        script: dict[str, Outcome | Sequence[Outcome]] = {
            f"PATCH {PATH}": answer(500, HTML),
            "GET /v3/projects": page("projects", taken),
        }
        backend, server = await connected(script)
        with pytest.raises(NameTaken):
            await backend.update_project(remote(), replace(remote().content, name="b"), before_send=unchecked)
        assert server.requests[-1] == f"GET /v3/projects?domain_id={DOMAIN}&name=b&limit=1000"
        backend, _ = await connected(script | {"GET /v3/projects": page("projects", {**PROJECT, "name": "b"})})
        with pytest.raises(OutcomeUnknown):
            await backend.update_project(remote(), replace(remote().content, name="b"), before_send=unchecked)

    async def test_a_500_without_a_rename_is_not(self) -> None:
        backend, server = await connected({f"PATCH {PATH}": answer(500, HTML)})
        with pytest.raises(OutcomeUnknown):
            await backend.update_project(remote(), replace(remote().content, enabled=False), before_send=unchecked)
        assert len(server.requests) == 1

    @pytest.mark.parametrize("outcome", [answer(200, HTML), answer(200, {"project": {}})])
    async def test_a_success_that_is_not_keystones_is_unknown(self, outcome: Answer) -> None:
        backend, _ = await connected({f"PATCH {PATH}": outcome})
        with pytest.raises(OutcomeUnknown):
            await backend.update_project(remote(), ProjectContent("b"), before_send=unchecked)


class TestDelete:
    async def test_a_domain_is_disabled_before(self) -> None:
        backend, server = await connected(
            CLOUD
            | {
                f"GET {PATH}": answer(200, {"project": DOMAIN_PROJECT}),
                f"PATCH {PATH}": answer(200, {"project": DOMAIN_PROJECT}),
                f"DELETE {PATH}": answer(204),
            },
            manage_domains=True,
        )
        await backend.get_project(ID)
        assert [call.verb for call in backend.plan_delete(ID)] == ["PATCH", "DELETE"]
        await backend.delete_project(ID, before_send=unchecked)
        assert server.requests == [f"GET {PATH}", f"PATCH {PATH}", f"DELETE {PATH}"]
        server.say(f"PATCH {PATH}", not_found("project", ID))
        await backend.delete_project(ID, before_send=unchecked)

    async def test_the_domain_of_the_backend_object_is_never_deleted(self) -> None:
        backend, server = await connected(CLOUD, manage_domains=True)
        with pytest.raises(RequestRefused, match="it is a domain that the backend object is for"):
            await backend.delete_project(DOMAIN, before_send=never_asked)
        assert not server.asked

    async def test_a_project_with_children_is_told_in_keystones_words(self) -> None:
        leaf = error(403, f"Cannot delete the project {ID} since it is not a leaf in the hierarchy.")
        backend, server = await connected({f"DELETE {PATH}": leaf})
        with pytest.raises(RequestRefused, match="not a leaf"):
            await backend.delete_project(ID, before_send=unchecked)
        assert len(server.requests) == 1

    async def test_a_success_that_is_not_keystones_is_unknown(self) -> None:
        backend, _ = await connected({f"DELETE {PATH}": answer(204, HTML)})
        with pytest.raises(OutcomeUnknown):
            await backend.delete_project(ID, before_send=unchecked)


async def test_what_is_planned_is_what_is_sent() -> None:
    path = f"{PATH}/groups/{GROUP}/roles"
    backend, server = await connected(
        {
            f"PATCH {PATH}": answer(200, {"project": PROJECT}),
            f"PUT {path}/new": answer(204),
            f"DELETE {path}/{ROLE}": answer(204),
            f"DELETE {PATH}": answer(204),
            "POST /v3/projects": answer(201, {"project": PROJECT}),
        }
    )
    current = remote(role_assignments=(RoleAssignment(GROUP, ROLE),))
    current.content.particulars["keystone.immutable"] = "true"  # type: ignore[index]  # a dict behind a Mapping
    content = replace(
        current.content,
        name="b",
        role_assignments=(RoleAssignment(GROUP, "new"),),
        particulars={"keystone.immutable": "true"},
    )
    for plan, call in (
        (backend.plan_update(current, content), backend.update_project(current, content, before_send=unchecked)),
        (backend.plan_delete(ID), backend.delete_project(ID, before_send=unchecked)),
        (
            backend.plan_create(ProjectContent("a")),
            backend.create_project(ProjectContent("a"), before_send=unchecked),
        ),
    ):
        server.asked.clear()
        await call
        assert server.requests == [f"{one.verb} {one.target}" for one in plan]
    roles = backend.plan_create(ProjectContent("a", role_assignments=(RoleAssignment(GROUP, ROLE),)))
    assert roles == (
        PlannedCall("POST", "/v3/projects", "create project 'a'"),
        PlannedCall("PUT", f"/v3/projects/{{id}}/groups/{GROUP}/roles/{ROLE}", f"give group {GROUP} the role {ROLE}"),
    )


BODIES = st.one_of(
    st.binary(max_size=200),
    st.sampled_from(
        [
            answer(200, {"project": PROJECT}).body,
            page("projects", PROJECT).body,
            page("projects", PROJECT, marker="x").body,
            page("role_assignments", ASSIGNMENT).body,
            error(404, f"Could not find project: {ID}.").body,
            not_found("user", "u").body,
            forbidden("anything").body,
            error(409, f"your password is {PASSWORD}, your token {TOKEN}").body,
            HTML,
            b"null",
        ]
    ),
)
OUTCOMES = st.one_of(
    st.builds(
        lambda status, body, wait: answer(status, body, retry_after=wait),
        st.integers(min_value=100, max_value=999) | st.sampled_from([200, 201, 204, 401, 403, 404, 409]),
        BODIES,
        st.text(st.characters(min_codepoint=32, max_codepoint=126)),
    ),
    st.builds(NoAnswer, st.sampled_from(Lost), st.booleans(), st.just("because")),
)


class _Everything(dict[str, list[Outcome]]):
    """The same outcome to every request but a sign-in."""

    def __init__(self, outcome: Outcome, sign_in: Outcome) -> None:
        super().__init__()
        self.outcome, self.sign_in = outcome, sign_in

    def __contains__(self, request: object) -> bool:
        return True

    def __getitem__(self, request: str) -> list[Outcome]:
        return [self.sign_in if "/auth/tokens" in request else self.outcome]


@pytest.mark.parametrize("name", CALLS)
@given(outcome=OUTCOMES, signing_in=st.just(signed_in()) | OUTCOMES)
def test_whatever_comes_is_a_result_or_an_error_of_ours(name: str, outcome: Outcome, signing_in: Outcome) -> None:
    async def run() -> Any:
        backend, server = await connected()
        backend._client._tokens = scripted()[0]._client._tokens
        backend._client._tokens._sign_in = backend._client._sign_in
        server.script = _Everything(outcome, signing_in)
        try:
            return await CALLS[name](backend), server
        except BackendError as raised:
            return raised, server

    result, server = asyncio.run(run())
    creations = [request for request in server.requests if request.startswith("POST")]
    assert len(creations) <= 2, "once, and once more with another token"
    if not isinstance(result, BackendError):
        assert isinstance(outcome, Answer), "silence is no result"
        return
    assert PASSWORD not in str(result)
    assert TOKEN not in str(result)
    assert len(str(result)) <= 256
    assert str(result).isprintable()
    assert result.__cause__ is None
    if name in WRITES and isinstance(outcome, Answer) and outcome.status >= 500 and result.operation != "sign_in":
        assert type(result) in {OutcomeUnknown, CredentialsRejected}
    if name not in WRITES:
        assert type(result) is not OutcomeUnknown
    if type(result) is ProjectNotFound:
        assert isinstance(outcome, Answer)
        assert outcome.status in {403, 404}
