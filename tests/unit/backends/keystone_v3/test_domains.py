import pytest
from scripted_keystone import (
    DOMAIN,
    OTHER_DOMAIN,
    ScriptedKeystone,
    answer,
    client,
    forbidden,
    not_found,
    page,
    signed_in,
)

from project_operator.backends.keystone_v3.credentials import Reference
from project_operator.backends.keystone_v3.domains import Domain, find_domain, require_sight
from project_operator.backends.keystone_v3.tokens import Token
from project_operator.backends.openstack.dialect import OPENSTACK
from project_operator.errors import BackendUnavailable, ConnectionRefused, PermissionDenied

HOME = Domain(DOMAIN, "home")
FIELD = "spec.keystone.domain"
DOCUMENT = {"id": DOMAIN, "name": "home"}


@pytest.fixture
def server() -> ScriptedKeystone:
    server = ScriptedKeystone()
    server.say("POST /v3/auth/tokens", signed_in(project={"id": "p"}))
    return server


@pytest.mark.parametrize("wanted", [Reference(DOMAIN), Reference(name="home")])
async def test_the_tokens_own_domain_is_known_from_the_sign_in(server: ScriptedKeystone, wanted: Reference) -> None:
    server.say("POST /v3/auth/tokens", signed_in())
    assert await find_domain(client(server), wanted, FIELD) == HOME
    assert server.requests == []


async def test_by_id_and_by_name(server: ScriptedKeystone) -> None:
    server.say(f"GET /v3/domains/{DOMAIN}", answer(200, {"domain": DOCUMENT}))
    server.say("GET /v3/domains", page("domains", DOCUMENT))
    assert await find_domain(client(server), Reference(DOMAIN), FIELD) == HOME
    assert await find_domain(client(server), Reference(name="home"), FIELD) == HOME
    assert server.requests == [f"GET /v3/domains/{DOMAIN}", "GET /v3/domains?name=home&limit=1000"]


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        (Reference(OTHER_DOMAIN), f"there is no domain with the id '{OTHER_DOMAIN}'"),
        (Reference(name="none"), "there is no domain called 'none'"),
    ],
)
async def test_one_that_is_not_there_is_named_with_the_field(
    server: ScriptedKeystone, wanted: Reference, words: str
) -> None:
    server.say(f"GET /v3/domains/{OTHER_DOMAIN}", not_found("domain", OTHER_DOMAIN))
    server.say("GET /v3/domains", page("domains"))
    with pytest.raises(ConnectionRefused, match=words) as raised:
        await find_domain(client(server), wanted, FIELD)
    assert raised.value.field == FIELD


async def test_two_of_one_name_are_told_apart_by_id(server: ScriptedKeystone) -> None:
    server.say("GET /v3/domains", page("domains", DOCUMENT, DOCUMENT | {"id": OTHER_DOMAIN}))
    with pytest.raises(ConnectionRefused, match="there are 2 domains called 'home'; name it by its id"):
        await find_domain(client(server), Reference(name="home"), FIELD)


async def test_one_that_may_not_be_looked_up(server: ScriptedKeystone) -> None:
    server.say(f"GET /v3/domains/{DOMAIN}", forbidden("get_domain"))
    with pytest.raises(PermissionDenied, match="identity:get_domain"):
        await find_domain(client(server), Reference(DOMAIN), FIELD)


def test_a_token_for_one_domain_sees_nothing_of_another() -> None:
    require_sight(Token("t", 1.0, domain_id=DOMAIN, domain_name="home"), HOME, OPENSTACK, FIELD)
    require_sight(Token("t", 1.0, project_id="p"), HOME, OPENSTACK, FIELD)
    with pytest.raises(ConnectionRefused, match=r"scope is the domain 'other'.*spec\.keystone\.auth\.password\.scope"):
        require_sight(Token("t", 1.0, domain_id=OTHER_DOMAIN, domain_name="other"), HOME, OPENSTACK, FIELD)


async def test_what_is_no_domain_is_not_taken_for_one(server: ScriptedKeystone) -> None:
    server.say("GET /v3/domains", page("domains", {"id": DOMAIN}))
    with pytest.raises(BackendUnavailable):
        await find_domain(client(server), Reference(name="home"), FIELD)
