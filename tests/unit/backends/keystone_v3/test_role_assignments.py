import pytest
from scripted_keystone import GROUP, ID, ROLE, ScriptedKeystone, answer, client, forbidden, not_found, page, signed_in

from project_operator.backends.base import RoleAssignment
from project_operator.backends.keystone_v3.role_assignments import read_role_assignments
from project_operator.errors import BackendUnavailable, PermissionDenied

LIST = "GET /v3/role_assignments"
EACH = f"GET /v3/projects/{ID}/groups/{GROUP}/roles"
ITEM = {"scope": {"project": {"id": ID}}, "role": {"id": ROLE}, "group": {"id": GROUP}}


@pytest.fixture
def server() -> ScriptedKeystone:
    server = ScriptedKeystone()
    server.say("POST /v3/auth/tokens", signed_in())
    server.say(LIST, page("role_assignments", ITEM))
    server.say(EACH, page("roles", {"id": ROLE, "name": "member"}))
    return server


async def test_one_list_holds_those_of_every_group(server: ScriptedKeystone) -> None:
    found = await read_role_assignments(client(server), ID, {"another"})
    assert found == (RoleAssignment(GROUP, ROLE),)
    assert server.requests == [f"{LIST}?scope.project.id={ID}"]


async def test_where_that_is_forbidden_each_group_is_asked_for(server: ScriptedKeystone) -> None:
    server.say(LIST, forbidden("list_role_assignments"))
    assert await read_role_assignments(client(server), ID, {GROUP}) == (RoleAssignment(GROUP, ROLE),)


async def test_a_group_that_is_gone_has_no_roles(server: ScriptedKeystone) -> None:
    server.say(LIST, forbidden("list_role_assignments"))
    server.say(EACH, not_found("group", GROUP))
    assert await read_role_assignments(client(server), ID, {GROUP}) == ()


async def test_where_neither_is_allowed_it_is_said(server: ScriptedKeystone) -> None:
    server.say(LIST, forbidden("list_role_assignments"))
    server.say(EACH, forbidden("list_grants"))
    with pytest.raises(PermissionDenied):
        await read_role_assignments(client(server), ID, {GROUP})


@pytest.mark.parametrize(
    "spoilt", [page("role_assignments", ITEM, {}), answer(200, b"[]"), page("role_assignments", marker="x")]
)
async def test_what_is_no_whole_list_is_no_list(server: ScriptedKeystone, spoilt: object) -> None:
    server.script[LIST] = [spoilt]  # type: ignore[list-item]  # parametrized
    with pytest.raises(BackendUnavailable):
        await read_role_assignments(client(server), ID, {GROUP})
