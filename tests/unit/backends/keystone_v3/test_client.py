import asyncio
import json
from collections.abc import Callable

import pytest
from scripted_keystone import (
    ID,
    PASSWORD,
    PROJECT,
    TOKEN,
    ScriptedKeystone,
    answer,
    client,
    error,
    forbidden,
    not_found,
    page,
    signed_in,
)

from project_operator.backends.calls import Call, NoAnswer
from project_operator.backends.keystone_v3 import client as client_module
from project_operator.backends.keystone_v3.credentials import ApplicationCredential
from project_operator.backends.keystone_v3.errors import Operation
from project_operator.backends.keystone_v3.requests import Asked, get
from project_operator.backends.requests import Request
from project_operator.backends.trust import Lost
from project_operator.errors import (
    BackendError,
    BackendUnavailable,
    CredentialsRejected,
    OutcomeUnknown,
    PermissionDenied,
    ProjectNotFound,
    RightExpired,
)

PATH = f"/v3/projects/{ID}"
READ = get(Operation.GET_PROJECT, PATH, {ID})
CREATE = Request(Asked(Operation.CREATE_PROJECT), "POST", "/v3/projects", body=b"{}")
REFUSED = error(401, "The request you have made requires authentication.")
CREDENTIAL_GONE = not_found("Application Credential", "aad53f96")


@pytest.fixture
def server() -> ScriptedKeystone:
    server = ScriptedKeystone()
    server.say("POST /v3/auth/tokens", signed_in(), signed_in("another"))
    server.say(f"GET {PATH}", answer(200, {"project": PROJECT}))
    return server


def tokens(server: ScriptedKeystone) -> list[str]:
    return [call.headers["X-Auth-Token"] for call in server.asked if "/auth/" not in call.path]


class TestSigningIn:
    async def test_once_for_many_calls(self, server: ScriptedKeystone) -> None:
        one = client(server)
        await asyncio.gather(*(one.send(READ) for _ in range(20)))
        assert server.sign_ins == 1
        assert tokens(server) == [TOKEN] * 20

    async def test_an_application_credential(self, server: ScriptedKeystone) -> None:
        await client(server, ApplicationCredential("i", "s")).send(READ)
        body = json.loads(server.asked[0].body or b"")
        assert body["auth"]["identity"]["application_credential"] == {"id": "i", "secret": "s"}

    async def test_what_the_token_is_for_is_known(self, server: ScriptedKeystone) -> None:
        server.say("POST /v3/auth/tokens", signed_in(project={"id": "p"}))
        token = await client(server).token()
        assert (token.user, token.project_id, token.domain_id, token.life) == ("operator", "p", "", 3600.0)

    @pytest.mark.parametrize(
        ("outcome", "kind"),
        [
            (REFUSED, CredentialsRejected),
            (CREDENTIAL_GONE, CredentialsRejected),
            (answer(503), BackendUnavailable),
            (answer(201, b"<html>", x_subject_token="t"), BackendUnavailable),
            (signed_in(""), BackendUnavailable),
            (signed_in("two lines\n"), BackendUnavailable),
            (NoAnswer(Lost.DEADLINE, sent=True, words="no answer within 5 s"), BackendUnavailable),
        ],
    )
    async def test_what_fails_there_says_that_nothing_was_done(
        self, server: ScriptedKeystone, outcome: NoAnswer, kind: type[BackendError]
    ) -> None:
        server.say("POST /v3/auth/tokens", outcome)
        with pytest.raises(kind) as raised:
            await client(server).send(CREATE)
        assert raised.value.operation == Operation.SIGN_IN
        assert server.requests == []
        assert PASSWORD not in str(raised.value)

    async def test_may_be_sent_again_where_an_idle_connection_was_closed(self, server: ScriptedKeystone) -> None:
        await client(server).send(READ)
        assert [call.repeatable for call in server.asked] == [True, False]


@pytest.mark.parametrize("refusal", [REFUSED, CREDENTIAL_GONE, not_found("user", "u"), not_found("project", "scope")])
class TestADeadToken:
    async def test_is_replaced_and_the_request_sent_once_more(
        self, server: ScriptedKeystone, refusal: NoAnswer
    ) -> None:
        server.say(f"GET {PATH}", refusal, answer(200, {"project": PROJECT}))
        assert (await client(server).send(READ)).status == 200
        assert tokens(server) == [TOKEN, "another"]

    async def test_is_replaced_once_for_all_calls(self, server: ScriptedKeystone, refusal: NoAnswer) -> None:
        def judge(call: Call) -> None:
            dead = call.headers.get("X-Auth-Token") == TOKEN
            server.say(f"GET {PATH}", refusal if dead else answer(200, {"project": PROJECT}))

        server.on_send = judge
        one = client(server)
        await asyncio.gather(*(one.send(READ) for _ in range(50)))
        assert server.sign_ins == 2

    async def test_what_stays_refused_is_an_error_and_no_storm(
        self, server: ScriptedKeystone, refusal: NoAnswer
    ) -> None:
        server.say(f"GET {PATH}", refusal)
        one = client(server)
        for _ in range(20):
            with pytest.raises((CredentialsRejected, BackendUnavailable)):
                await one.send(READ)
        assert server.sign_ins == 2
        assert len(server.requests) == 21

    async def test_a_write_is_checked_again_before_it_is_sent_again(
        self, server: ScriptedKeystone, refusal: NoAnswer
    ) -> None:
        server.say("POST /v3/projects", refusal, answer(201, {"project": PROJECT}))
        checks = 0

        def before_send() -> None:
            nonlocal checks
            checks += 1

        await client(server).send(CREATE, before_send)
        assert checks == 2

    async def test_a_write_whose_right_ended_meanwhile_is_not_sent_again(
        self, server: ScriptedKeystone, refusal: NoAnswer
    ) -> None:
        server.say("POST /v3/projects", refusal)
        rights: list[Callable[[], None]] = [lambda: None]

        def before_send() -> None:
            if not rights:
                raise RightExpired("too late")
            rights.pop()()

        with pytest.raises(RightExpired):
            await client(server).send(CREATE, before_send)


class TestNotFound:
    async def test_a_404_that_names_the_project_is_believed_at_once(self, server: ScriptedKeystone) -> None:
        server.say(f"GET {PATH}", not_found("project", ID))
        with pytest.raises(ProjectNotFound):
            await client(server).send(READ)
        assert server.sign_ins == 1

    async def test_not_where_it_is_the_project_that_the_token_is_for(self, server: ScriptedKeystone) -> None:
        server.say("POST /v3/auth/tokens", signed_in(project={"id": ID}), REFUSED)
        server.say(f"GET {PATH}", not_found("project", ID))
        with pytest.raises(CredentialsRejected):
            await client(server).send(READ)

    async def test_other_answers_say_nothing_about_the_token(self, server: ScriptedKeystone) -> None:
        for outcome in (forbidden("get_project"), answer(404, b"<html>"), answer(500), answer(429)):
            server.say(f"GET {PATH}", outcome)
            with pytest.raises(BackendError):
                await client(server).send(READ)
        assert server.sign_ins == 4


async def test_a_write_without_an_answer_is_unknown_and_sent_once(server: ScriptedKeystone) -> None:
    server.say("POST /v3/projects", NoAnswer(Lost.DISCONNECTED, sent=True, words="closed"))
    with pytest.raises(OutcomeUnknown):
        await client(server).send(CREATE)
    assert server.requests == ["POST /v3/projects"]


class TestLists:
    async def items(self, server: ScriptedKeystone) -> list[int]:
        return await client(server).list_all(
            Operation.LIST_PROJECTS, "/v3/projects", "projects", lambda item: item, domain_id="d"
        )

    async def test_every_page_is_asked_for_on_our_own_address(self, server: ScriptedKeystone) -> None:
        server.say(
            "GET /v3/projects",
            page("projects", 1, 2, marker="two"),
            page("projects", 3, marker="three"),
            page("projects"),
        )
        assert await self.items(server) == [1, 2, 3]
        assert server.requests == [
            "GET /v3/projects?domain_id=d&limit=1000",
            "GET /v3/projects?domain_id=d&limit=1000&marker=two",
            "GET /v3/projects?domain_id=d&limit=1000&marker=three",
        ]

    async def test_a_list_whose_marker_is_gone_is_begun_anew(self, server: ScriptedKeystone) -> None:
        gone = error(404, "Marker two could not be found.")
        server.say("GET /v3/projects", page("projects", 1, 2, marker="two"), gone, page("projects", 1, 3))
        assert await self.items(server) == [1, 3]
        assert server.sign_ins == 1

    async def test_but_not_for_ever(self, server: ScriptedKeystone) -> None:
        gone = error(404, "Marker two could not be found.")
        server.say("GET /v3/projects", *[page("projects", 1, marker="two"), gone] * 4)
        with pytest.raises(BackendUnavailable, match="vanishes faster"):
            await self.items(server)

    async def test_pages_that_go_round_are_no_list(self, server: ScriptedKeystone) -> None:
        server.say("GET /v3/projects", page("projects", 1, marker="two"))
        with pytest.raises(BackendUnavailable):
            await self.items(server)
        assert len(server.requests) == 2

    async def test_pages_that_are_new_for_ever_are_no_list_either(
        self, server: ScriptedKeystone, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(client_module, "_MOST_PAGES", 5)
        server.say("GET /v3/projects", *(page("projects", number, marker=f"m{number}") for number in range(20)))
        with pytest.raises(BackendUnavailable, match="does not end within 5 pages"):
            await self.items(server)
        assert len(server.requests) == 5

    async def test_nor_are_pages_that_are_more_than_can_be_kept(
        self, server: ScriptedKeystone, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(client_module, "_LONGEST_LIST", 1 << 20)
        pages = (page("projects", "x" * 300_000, marker=f"m{number}") for number in range(20))
        server.say("GET /v3/projects", *pages)
        with pytest.raises(BackendUnavailable, match="1 MiB"):
            await self.items(server)
        assert len(server.requests) == 4

    async def test_a_page_that_is_too_long_is_asked_for_in_parts(self, server: ScriptedKeystone) -> None:
        long = NoAnswer(Lost.OVERSIZED, sent=True, words="the answer is longer than 16777216 bytes")
        server.say("GET /v3/projects", page("projects", 1, marker="one"), long, long, page("projects", 2))
        assert await self.items(server) == [1, 2]
        assert server.requests == [
            "GET /v3/projects?domain_id=d&limit=1000",
            "GET /v3/projects?domain_id=d&limit=1000&marker=one",
            "GET /v3/projects?domain_id=d&limit=100&marker=one",
            "GET /v3/projects?domain_id=d&limit=10&marker=one",
        ]

    async def test_until_it_has_one_item(self, server: ScriptedKeystone) -> None:
        server.say("GET /v3/projects", NoAnswer(Lost.OVERSIZED, sent=True, words="the answer is longer"))
        with pytest.raises(BackendUnavailable, match="longer"):
            await self.items(server)
        assert server.requests[-1] == "GET /v3/projects?domain_id=d&limit=1"

    async def test_others_have_their_turn_while_it_is_read(self, server: ScriptedKeystone) -> None:
        server.say("GET /v3/projects", page("projects", *range(2000)))
        turns = 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        task = asyncio.create_task(others())
        assert len(await self.items(server)) == 2000
        task.cancel()
        assert turns >= 8

    @pytest.mark.parametrize("last", [answer(500), answer(200, b"<html>"), page("projects", truncated=True)])
    async def test_a_page_that_fails_fails_the_list(self, server: ScriptedKeystone, last: NoAnswer) -> None:
        server.say("GET /v3/projects", page("projects", 1, marker="two"), last)
        with pytest.raises(BackendUnavailable):
            await self.items(server)

    async def test_a_list_that_is_forbidden_is_not_empty(self, server: ScriptedKeystone) -> None:
        server.say("GET /v3/projects", forbidden("list_projects"))
        with pytest.raises(PermissionDenied):
            await self.items(server)


async def test_secrets_are_not_quoted(server: ScriptedKeystone) -> None:
    server.say(f"GET {PATH}", error(400, f"bad {PASSWORD} and {TOKEN}"))
    with pytest.raises(BackendError) as raised:
        await client(server).send(READ)
    assert str(raised.value).endswith("bad [redacted] and [redacted]")
