"""Sessions of people: refresh tokens that work once, access tokens that spread (N3.1-2, N3.1-5 to N3.1-11)."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from project_operator.sandbox.identity.nscale.identity import SessionCredential, add_session
from project_operator.sandbox.identity.nscale.resources import UserSession

if TYPE_CHECKING:
    from tests.sandbox.identity.nscale.conftest import Bench

MakeBench = Callable[..., "Bench"]
EMAIL = "person@example.com"


def signed_in(bench: Bench) -> SessionCredential:
    session = add_session(bench.state, bench.organization, EMAIL, "administrator", bench.clock.now())
    bench.state.catch_up()
    return session


async def refresh(bench: Bench, session: SessionCredential, token: str = "", **changes: str) -> httpx.Response:
    form = {
        "grant_type": "refresh_token",
        "refresh_token": token or session.refresh_token,
        "client_id": session.client_id,
        "client_secret": session.client_secret,
        **changes,
    }
    return await bench.client.post("/oauth2/v2/token", data=form)


async def test_a_refresh_token_gives_the_next_pair(bench: Bench) -> None:
    session = signed_in(bench)
    response = await refresh(bench, session)
    assert (response.status_code, response.headers["cache-control"]) == (200, "no-store")  # N3.1-5
    tokens = response.json()
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 3600)
    assert tokens["refresh_token"] != session.refresh_token
    assert (await refresh(bench, session, tokens["refresh_token"])).status_code == 200


async def test_an_access_token_is_the_persons_who_signed_in(bench: Bench) -> None:
    session = signed_in(bench)
    token = (await refresh(bench, session)).json()["access_token"]
    bench.after(1.0)
    info = await bench.call("GET", "/oauth2/v2/userinfo", token=token)
    assert info.json()["sub"] == EMAIL  # N3.1-11
    assert (await bench.create(token=token))["metadata"]["createdBy"] == EMAIL  # N1.2-4
    own = await bench.call("GET", "/oauth2/v2/userinfo")
    assert own.json()["sub"] == bench.server.service_account_id  # N3.1-11


async def test_a_new_access_token_ends_the_one_before_and_spreads(make_bench: MakeBench) -> None:
    bench = make_bench(token_lag=2.0, old_token_grace=5.0)
    session = signed_in(bench)
    first = (await refresh(bench, session)).json()
    bench.after(2.0)
    assert (await bench.call("GET", bench.projects, token=first["access_token"])).status_code == 200
    second = (await refresh(bench, session, first["refresh_token"])).json()
    seen = []
    for _ in range(4):
        answers = [await bench.call("GET", bench.projects, token=one["access_token"]) for one in (first, second)]
        seen.append(tuple(answer.status_code for answer in answers))
        bench.after(2.0)
    # N3.1-10: other replicas still take the former and do not know the new one.
    assert seen == [(200, 401), (200, 200), (200, 200), (401, 200)]


async def test_a_refresh_token_works_once_and_its_reuse_ends_nothing(bench: Bench) -> None:
    session = signed_in(bench)
    next_one = (await refresh(bench, session)).json()["refresh_token"]
    again = await refresh(bench, session)
    assert again.status_code == 400  # N3.1-2
    assert again.json() == {"error": "invalid_grant", "error_description": "refresh token reuse"}  # N3.1-6
    assert (await refresh(bench, session, next_one)).status_code == 200  # N3.1-9


async def test_where_it_is_so_configured_reuse_ends_the_session(make_bench: MakeBench) -> None:
    bench = make_bench(reuse_ends_session=True)
    session = signed_in(bench)
    tokens = (await refresh(bench, session)).json()
    bench.after(1.0)
    await refresh(bench, session)
    assert (await refresh(bench, session, tokens["refresh_token"])).status_code == 400
    assert (await bench.call("GET", bench.projects, token=tokens["access_token"])).status_code == 401


async def test_tokens_expire(make_bench: MakeBench) -> None:
    bench = make_bench(access_token_lifetime=10.0, refresh_token_lifetime=20.0)
    session = signed_in(bench)
    tokens = (await refresh(bench, session)).json()
    bench.after(10.0)
    assert (await bench.call("GET", bench.projects, token=tokens["access_token"])).status_code == 401
    bench.after(10.0)
    refused = await refresh(bench, session, tokens["refresh_token"])
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"grant_type": "password"}, "invalid_request"),
        ({"refresh_token": "eyJ-nonsense"}, "invalid_grant"),
        ({"client_id": "another"}, "invalid_grant"),
        ({"client_secret": "wrong"}, "invalid_client"),
    ],
)
async def test_forms_that_are_wrong_spend_nothing(bench: Bench, changes: dict[str, str], error: str) -> None:
    session = signed_in(bench)
    refused = await refresh(bench, session, **changes)
    assert (refused.status_code, refused.json()["error"]) == (400, error)  # N3.1-6
    assert (await refresh(bench, session)).status_code == 200


async def test_the_client_is_said_by_basic_as_it_comes_or_in_the_body(bench: Bench) -> None:
    session = signed_in(bench)
    form = {"grant_type": "refresh_token", "refresh_token": session.refresh_token}
    assert (await bench.client.post("/oauth2/v2/token", data=form)).json()["error"] == "invalid_request"
    for pair, status in ((f"{session.client_id}:%20", 400), (f"{session.client_id}:{session.client_secret}", 200)):
        headers = {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
        answer = await bench.client.post("/oauth2/v2/token", data=form, headers=headers)
        assert answer.status_code == status  # N3.1-8


async def test_a_person_in_another_organization_meets_an_error(bench: Bench) -> None:
    session = signed_in(bench)
    token = (await refresh(bench, session)).json()["access_token"]
    bench.after(1.0)
    other = "a0000000-0000-4000-8000-000000000000"
    assert (
        await bench.call("GET", f"/api/v1/organizations/{other}/projects", token=token)
    ).status_code == 500  # N1.3-7


def test_secrets_do_not_show(bench: Bench) -> None:
    session = signed_in(bench)
    stored: Any = next(iter(bench.state.store.all(UserSession)))
    shown = repr((session, stored))
    assert session.refresh_token not in shown
    assert session.client_secret not in shown
