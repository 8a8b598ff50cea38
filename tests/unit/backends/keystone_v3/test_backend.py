import asyncio
from collections.abc import Awaitable, Callable
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
    PATH,
    PROJECT,
    ROLE,
    TOKEN,
    Outcome,
    answer,
    cloud,
    connected,
    error,
    forbidden,
    not_found,
    page,
    remote,
    scripted,
    signed_in,
    unchecked,
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
    OutcomeUnknown,
    PermissionDenied,
    ProjectNotFound,
)

ASSIGNMENT = {"scope": {"project": {"id": ID}}, "role": {"id": ROLE}, "group": {"id": GROUP}}
WRITES = {"create_project", "update_project", "delete_project"}


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
        backend, server = scripted(further | cloud(), additional_domains=(OTHER_DOMAIN, DOMAIN))
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
        backend, _ = scripted(cloud(), manage_domains=True)
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


async def test_what_is_planned_is_what_is_sent() -> None:
    path = f"{PATH}/groups/{GROUP}/roles"
    backend, server = await connected(
        {
            f"PATCH {PATH}": answer(200, {"project": PROJECT}),
            f"PUT {path}/new": answer(204),
            f"DELETE {path}/{ROLE}": answer(204),
            f"GET {PATH}": answer(200, {"project": PROJECT}),
            f"DELETE {PATH}": answer(204),
            "POST /v3/projects": answer(201, {"project": PROJECT}),
        }
    )
    await backend.get_project(ID)
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
        backend._reach.note(remote())
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
