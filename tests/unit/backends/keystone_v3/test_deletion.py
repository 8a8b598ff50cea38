"""What is deleted, what is looked at before, and what is put back where it cannot be."""

from collections.abc import Sequence
from typing import Any

import pytest
from scripted_keystone import (
    CONFIG,
    DOMAIN,
    DOMAIN_PROJECT,
    HTML,
    ID,
    IDENTITY_PROVIDERS,
    NO_CONFIG,
    PATH,
    PROJECT,
    Outcome,
    ScriptedKeystone,
    answer,
    cloud,
    connected,
    error,
    forbidden,
    never_asked,
    not_found,
    page,
    unchecked,
)

from project_operator.backends.calls import NoAnswer
from project_operator.backends.keystone_v3.backend import KeystoneBackend
from project_operator.backends.trust import Lost
from project_operator.errors import (
    BackendError,
    BackendUnavailable,
    DeletionBlocked,
    OutcomeUnknown,
    PermissionDenied,
    RequestRefused,
    RightExpired,
)

LEAF = error(403, f"Cannot delete the project {ID} since it is not a leaf in the hierarchy.")
SILENCE = NoAnswer(Lost.DISCONNECTED, sent=True, words="the connection was closed instead of an answer")
OFF, ON = {"id": ID, "enabled": False}, {"id": ID, "enabled": True}
LOOKS = [
    *(f"GET /v3/{kind}?domain_id={ID}&limit=100" for kind in ("projects", "groups", "users")),
    f"GET {IDENTITY_PROVIDERS}",
    f"GET {CONFIG}",
]


async def refusing(backend: KeystoneBackend, kind: type[BackendError]) -> str:
    with pytest.raises(BackendError) as raised:
        await backend.delete_project(ID, before_send=unchecked)
    assert type(raised.value) is kind
    assert len(str(raised.value)) <= 256
    return str(raised.value)


def thing(name: str) -> dict[str, str]:
    return {"id": f"id-of-{name}", "name": name}


def switches(server: ScriptedKeystone) -> list[dict[str, Any]]:
    return [body["project"] for body in server.bodies("PATCH")]


class TestAProject:
    async def test_that_was_read_costs_one_request(self) -> None:
        backend, server = await connected(
            {f"GET {PATH}": answer(200, {"project": PROJECT}), f"DELETE {PATH}": answer(204)}
        )
        await backend.get_project(ID)
        server.asked.clear()
        await backend.delete_project(ID, before_send=unchecked)
        assert server.requests == [f"DELETE {PATH}"]

    async def test_that_was_not_read_could_be_a_domain(self) -> None:
        backend, server = await connected(
            {f"GET {PATH}": answer(200, {"project": DOMAIN_PROJECT | {"enabled": False}})} | cloud()
        )
        with pytest.raises(RequestRefused, match="it is a domain"):
            await backend.delete_project(ID, before_send=never_asked)
        assert server.requests == [f"GET {PATH}"]

    async def test_with_children_names_them(self) -> None:
        children = page("projects", *(thing(f"c{number}") for number in range(5)))
        backend, server = await connected({f"GET {PATH}": not_found("project", ID), f"DELETE {PATH}": LEAF})
        server.say("GET /v3/projects", children)
        message = await refusing(backend, DeletionBlocked)
        assert message == "delete project: what is below it must be deleted before: 5 projects ('c0', 'c1', 'c2', …)"
        assert server.requests[-1] == f"GET /v3/projects?parent_id={ID}&limit=100"

    @pytest.mark.parametrize("unseen", [forbidden("list_projects"), answer(500, HTML)])
    async def test_whose_children_cannot_be_seen_says_what_keystone_says(self, unseen: Outcome) -> None:
        backend, server = await connected({f"GET {PATH}": not_found("project", ID), f"DELETE {PATH}": LEAF})
        server.say("GET /v3/projects", unseen)
        assert "not a leaf" in await refusing(backend, RequestRefused)

    async def test_that_is_refused_for_another_reason_says_which(self) -> None:
        locked = error(403, f'Cannot delete project {ID}. Set resource option "immutable" to false first.')
        backend, server = await connected({f"GET {PATH}": not_found("project", ID), f"DELETE {PATH}": locked})
        server.say("GET /v3/projects", page("projects"))
        assert "immutable" in await refusing(backend, RequestRefused)

    async def test_success_that_is_not_keystones_is_unknown(self) -> None:
        backend, _ = await connected({f"GET {PATH}": not_found("project", ID), f"DELETE {PATH}": answer(204, HTML)})
        await refusing(backend, OutcomeUnknown)


class TestADomain:
    @staticmethod
    async def backend(
        script: dict[str, Outcome | Sequence[Outcome]] | None = None, *, enabled: bool = True
    ) -> tuple[KeystoneBackend, ScriptedKeystone]:
        known: dict[str, Outcome | Sequence[Outcome]] = {
            **cloud(),
            f"GET {PATH}": answer(200, {"project": DOMAIN_PROJECT | {"enabled": enabled}}),
            f"PATCH {PATH}": answer(200, {"project": DOMAIN_PROJECT}),
            f"DELETE {PATH}": answer(204),
            "GET /v3/projects": page("projects"),
            "GET /v3/groups": page("groups"),
            "GET /v3/users": page("users"),
            f"GET {IDENTITY_PROVIDERS}": page("identity_providers"),
            f"GET {CONFIG}": NO_CONFIG,
        }
        return await connected(known | (script or {}), manage_domains=True)

    async def test_that_is_empty_is_disabled_and_looked_at_again_before(self) -> None:
        backend, server = await self.backend()
        await backend.delete_project(ID, before_send=unchecked)
        assert server.requests == [f"GET {PATH}", *LOOKS, f"PATCH {PATH}", *LOOKS, f"DELETE {PATH}"]
        assert switches(server) == [OFF]

    async def test_plan_has_the_writes(self) -> None:
        backend, _ = await self.backend()
        await backend.get_project(ID)
        assert [(one.verb, one.target) for one in backend.plan_delete(ID)] == [("PATCH", PATH), ("DELETE", PATH)]

    async def test_that_is_disabled_already_is_not_disabled(self) -> None:
        backend, server = await self.backend(enabled=False)
        await backend.delete_project(ID, before_send=unchecked)
        assert server.requests == [f"GET {PATH}", *LOOKS, f"DELETE {PATH}"]

    @pytest.mark.parametrize("kind", ["projects", "groups", "users"])
    async def test_with_anything_in_it_is_not_touched(self, kind: str) -> None:
        backend, server = await self.backend({f"GET /v3/{kind}": page(kind, thing("theirs"))})
        message = await refusing(backend, DeletionBlocked)
        one = kind.removesuffix("s")
        assert message == (
            f"delete project: what is in the domain would go with it; delete or move that first: 1 {one} ('theirs')"
        )
        assert {request.split()[0] for request in server.requests} == {"GET"}

    async def test_with_an_identity_provider_or_a_configuration_is_not_touched(self) -> None:
        script: dict[str, Outcome | Sequence[Outcome]] = {
            f"GET {IDENTITY_PROVIDERS}": page("identity_providers", {"id": "acme", "domain_id": ID}),
            f"GET {CONFIG}": answer(200, {"config": {"ldap": {"url": "ldap://acme"}}}),
        }
        backend, server = await self.backend(script)
        message = await refusing(backend, DeletionBlocked)
        assert message.endswith("that first: 1 identity provider ('acme'), its configuration ('ldap')")
        assert switches(server) == []

    async def test_with_much_in_it_names_and_counts_within_bounds(self) -> None:
        script: dict[str, Outcome | Sequence[Outcome]] = {
            f"GET /v3/{kind}": page(
                kind, *(thing(str(number)) | {"name": "x" * 64 + "\n"} for number in range(100)), marker="m"
            )
            for kind in ("projects", "groups", "users")
        }
        backend, _ = await self.backend(script)
        message = await refusing(backend, DeletionBlocked)
        assert "more than 100 projects ('xxxxxxxxxxxxxxx…'" in message
        assert message.isprintable()

    @pytest.mark.parametrize(
        ("path", "asked"),
        [
            ("/v3/users", "list users"),
            (IDENTITY_PROVIDERS, "list identity providers"),
            (CONFIG, "read domain config"),
        ],
    )
    async def test_of_which_anything_may_not_be_seen_is_not_touched(self, path: str, asked: str) -> None:
        backend, server = await self.backend({f"GET {path}": forbidden("whatever")})
        message = await refusing(backend, DeletionBlocked)
        assert message.startswith(f"delete project: whether the domain is empty cannot be seen: {asked}: not allowed")
        assert "identity:" in message, "which right it takes"
        assert switches(server) == []

    @pytest.mark.parametrize("path", ["/v3/groups", IDENTITY_PROVIDERS, CONFIG])
    async def test_of_which_a_look_fails_is_not_touched(self, path: str) -> None:
        backend, server = await self.backend({f"GET {path}": answer(500, HTML)})
        await refusing(backend, BackendUnavailable)
        assert switches(server) == []

    async def test_whose_list_was_cut_off_by_an_old_release_is_not_empty(self) -> None:
        backend, _ = await self.backend({"GET /v3/users": page("users", thing("a"), truncated=True)})
        assert "more than 1 user" in await refusing(backend, DeletionBlocked)

    async def test_that_is_no_longer_empty_once_it_is_disabled_is_enabled_again(self) -> None:
        backend, server = await self.backend({"GET /v3/users": [page("users"), page("users", thing("late"))]})
        assert "1 user ('late')" in await refusing(backend, DeletionBlocked)
        assert switches(server) == [OFF, ON]
        assert f"DELETE {PATH}" not in server.requests

    @pytest.mark.parametrize(
        ("outcome", "kind"),
        [
            (error(403, "Cannot delete a domain that is enabled"), RequestRefused),
            (forbidden("delete_project"), PermissionDenied),
            (answer(503, HTML), OutcomeUnknown),
            (SILENCE, OutcomeUnknown),
        ],
    )
    async def test_whose_deletion_fails_is_enabled_again(self, outcome: Outcome, kind: type[BackendError]) -> None:
        backend, server = await self.backend({f"DELETE {PATH}": outcome})
        await refusing(backend, kind)
        assert switches(server) == [OFF, ON]

    async def test_whose_disabling_got_no_answer_may_be_disabled_and_is_enabled_again(self) -> None:
        backend, server = await self.backend({f"PATCH {PATH}": [SILENCE, answer(200, {"project": DOMAIN_PROJECT})]})
        await refusing(backend, OutcomeUnknown)
        assert switches(server) == [OFF, ON]

    async def test_that_is_gone_after_all_is_not_said_to_be_left_disabled(self) -> None:
        changed = answer(200, {"project": DOMAIN_PROJECT})
        gone = not_found("project", ID)
        backend, server = await self.backend({f"PATCH {PATH}": [changed, gone], f"DELETE {PATH}": [SILENCE, gone]})
        assert "disabled" not in await refusing(backend, OutcomeUnknown)
        assert switches(server) == [OFF, ON]
        assert backend._deletion._left_disabled == set()
        server.say(f"GET {PATH}", gone)
        await backend.delete_project(ID, before_send=unchecked)

    @pytest.mark.parametrize("known", [False, True])
    async def test_that_cannot_be_told_from_a_project_is_not_touched(self, *, known: bool) -> None:
        backend, server = await self.backend()
        if known:
            await backend.get_project(ID)
        server.say(f"GET {PATH}", forbidden("get_project"))
        server.say("GET /v3/projects", forbidden("list_projects"))
        server.asked.clear()
        message = await refusing(backend, DeletionBlocked)
        assert "whether it is a domain, and what is in it, cannot be seen: get project" in message
        assert {request.split()[0] for request in server.requests} == {"GET"}

    async def test_that_cannot_be_enabled_again_is_said_and_tried_again(self) -> None:
        changed = answer(200, {"project": DOMAIN_PROJECT})
        backend, server = await self.backend(
            {f"PATCH {PATH}": [changed, answer(500, HTML), changed], f"DELETE {PATH}": answer(503, HTML)}
        )
        assert "the domain is left disabled: update project: failed" in await refusing(backend, OutcomeUnknown)
        server.say(f"GET {PATH}", answer(200, {"project": DOMAIN_PROJECT | {"enabled": False}}))
        server.say("GET /v3/users", page("users", thing("late")))
        server.asked.clear()
        assert "is left disabled" not in await refusing(backend, DeletionBlocked)
        assert switches(server) == [ON]

    async def test_that_somebody_else_disabled_stays_so_and_that_is_said(self) -> None:
        backend, server = await self.backend({"GET /v3/users": page("users", thing("theirs"))}, enabled=False)
        assert (await refusing(backend, DeletionBlocked)).endswith("; the domain is disabled")
        assert switches(server) == []

    @pytest.mark.parametrize("gone_at", [f"GET {PATH}", f"PATCH {PATH}", f"DELETE {PATH}"])
    async def test_that_is_gone_is_gone(self, gone_at: str) -> None:
        backend, server = await self.backend({f"DELETE {PATH}": not_found("project", ID)})
        server.say(gone_at, not_found("project", ID))
        await backend.delete_project(ID, before_send=unchecked)

    async def test_for_which_the_leave_is_gone_is_resumed_by_whoever_has_it(self) -> None:
        users = [page("users"), page("users"), page("users", thing("late"))]
        backend, server = await self.backend({"GET /v3/users": users})
        leaves = iter([None, RightExpired("too late")])

        def leave() -> None:
            if (refusal := next(leaves)) is not None:
                raise refusal

        with pytest.raises(RightExpired):
            await backend.delete_project(ID, before_send=leave)
        assert switches(server) == [OFF]
        server.say(f"GET {PATH}", answer(200, {"project": DOMAIN_PROJECT | {"enabled": False}}))
        await refusing(backend, DeletionBlocked)
        assert switches(server) == [OFF, ON]

    async def test_of_the_backend_object_is_never_deleted(self) -> None:
        backend, server = await self.backend()
        with pytest.raises(RequestRefused, match="it is a domain that the backend object is for"):
            await backend.delete_project(DOMAIN, before_send=never_asked)
        assert not server.asked
