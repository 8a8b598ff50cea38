"""What an update sends, what its failures mean, and that none leaves a project without the lock it is to have."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from scripted_keystone import (
    DOMAIN,
    GROUP,
    HTML,
    ID,
    PATH,
    PROJECT,
    ROLE,
    Outcome,
    ScriptedKeystone,
    answer,
    connected,
    error,
    forbidden,
    not_found,
    page,
    remote,
    unchecked,
)

from project_operator.backends.base import ProjectContent, RoleAssignment
from project_operator.backends.calls import Answer, NoAnswer
from project_operator.backends.trust import Lost
from project_operator.errors import (
    BackendError,
    NameTaken,
    OutcomeUnknown,
    PermissionDenied,
    ProjectNotFound,
    RequestRefused,
    RightExpired,
    Throttled,
)

LOCKED, WANTED = {"keystone.immutable": "true"}, {"keystone.immutable": "true"}
DONE = answer(200, {"project": PROJECT})
TAKEN = error(409, "Conflict occurred attempting to store project.")
SILENCE = NoAnswer(Lost.DISCONNECTED, sent=True, words="the connection was closed instead of an answer")
UNLOCKING, LOCKING = {"options": {"immutable": False}}, {"options": {"immutable": True}}


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


class TestTheLock:
    """K6-10: off for the change, and on again whatever becomes of that."""

    @staticmethod
    async def renamed(
        kind: type[BackendError] | None, *patches: Outcome, locked: bool = True, listed: Outcome | None = None
    ) -> tuple[str, list[object]]:
        """What a rename of a project that is to be locked says, and what was asked for."""
        there = {f"GET {PATH}": answer(200, {"project": PROJECT}), "GET /v3/projects": listed or page("projects")}
        backend, server = await connected(there | {f"PATCH {PATH}": patches})
        current = remote(particulars={**remote().content.particulars, **(LOCKED if locked else {})})
        content = replace(current.content, name="b", particulars=WANTED)
        message = ""
        if kind is None:
            await backend.update_project(current, content, before_send=unchecked)
        else:
            with pytest.raises(BackendError) as raised:
                await backend.update_project(current, content, before_send=unchecked)
            assert type(raised.value) is kind
            message = str(raised.value)
        return message, sent(server)

    async def test_is_on_with_the_change_itself(self) -> None:
        _, asked = await self.renamed(None, DONE)
        assert asked == [UNLOCKING, "change and lock"]

    @pytest.mark.parametrize(
        ("failure", "kind"),
        [
            (TAKEN, NameTaken),
            (error(400, "Invalid input"), RequestRefused),
            (answer(503, HTML), OutcomeUnknown),
            (SILENCE, OutcomeUnknown),
            (forbidden("update_project"), PermissionDenied),
        ],
    )
    async def test_is_put_on_after_whatever_failure(self, failure: Outcome, kind: type[BackendError]) -> None:
        _, asked = await self.renamed(kind, DONE, failure, DONE)
        assert asked == [UNLOCKING, "change and lock", LOCKING]

    async def test_also_where_a_500_meant_that_the_name_is_taken(self) -> None:
        taken = page("projects", {**PROJECT, "id": "another", "name": "b"})
        _, asked = await self.renamed(NameTaken, DONE, answer(500, HTML), DONE, listed=taken)
        assert asked == [UNLOCKING, "change and lock", LOCKING]

    async def test_also_where_the_unlocking_got_no_answer(self) -> None:
        _, asked = await self.renamed(OutcomeUnknown, SILENCE, DONE)
        assert asked == [UNLOCKING, LOCKING]

    async def test_not_where_the_unlocking_was_refused(self) -> None:
        _, asked = await self.renamed(RequestRefused, error(400, "Invalid input"))
        assert asked == [UNLOCKING]

    async def test_also_where_there_was_none_yet_and_the_change_is_refused(self) -> None:
        _, asked = await self.renamed(NameTaken, TAKEN, DONE, locked=False)
        assert asked == ["change and lock", LOCKING]

    async def test_that_is_on_already_is_no_failure(self) -> None:
        already = error(403, 'Cannot update project. Set resource option "immutable" to false first.')
        await self.renamed(OutcomeUnknown, DONE, SILENCE, already)

    @pytest.mark.parametrize(("failure", "kind"), [(answer(503, HTML), OutcomeUnknown), (answer(429), Throttled)])
    async def test_that_cannot_be_put_on_is_no_refusal_so_that_it_is_tried_again_soon(
        self, failure: Outcome, kind: type[BackendError]
    ) -> None:
        message, _ = await self.renamed(kind, DONE, TAKEN, failure)
        assert message.endswith("; so `keystone.immutable` is off until this is tried again")

    async def test_of_what_is_gone_is_not_put_on(self) -> None:
        backend, server = await connected({f"PATCH {PATH}": [DONE, not_found("project", ID)]})
        current = remote(particulars={**remote().content.particulars, **LOCKED})
        with pytest.raises(ProjectNotFound):
            await backend.update_project(
                current, replace(current.content, name="b", particulars=WANTED), before_send=unchecked
            )
        assert sent(server) == [UNLOCKING, "change and lock"]

    async def test_is_not_put_on_by_whom_the_leave_is_gone(self) -> None:
        backend, server = await connected({f"PATCH {PATH}": DONE})
        leaves = iter([None, RightExpired("too late")])

        def leave() -> None:
            if (refusal := next(leaves)) is not None:
                raise refusal

        current = remote(particulars={**remote().content.particulars, **LOCKED})
        with pytest.raises(RightExpired, match="too late"):
            await backend.update_project(
                current, replace(current.content, name="b", particulars=WANTED), before_send=leave
            )
        assert sent(server) == [UNLOCKING, "change and lock"]

    async def test_that_is_nobodys_wish_is_left_alone(self) -> None:
        backend, server = await connected({f"PATCH {PATH}": TAKEN})
        with pytest.raises(NameTaken):
            await backend.update_project(
                remote(), replace(remote().content, name="b", particulars={}), before_send=unchecked
            )
        assert len(server.requests) == 1


def sent(server: ScriptedKeystone) -> list[object]:
    """What the PATCHes asked for, in order."""
    asked = [body["project"] for body in server.bodies("PATCH")]
    return ["change and lock" if body.keys() > {"name", "options"} else body for body in asked]
