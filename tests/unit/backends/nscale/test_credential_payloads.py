"""What nscale answers about credentials: read for what matters, never raised on, never shown."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from project_operator.backends.nscale.credential_payloads import (
    AccountToken,
    Tokens,
    TokensPayload,
    read_account_token,
    read_accounts,
    read_subject,
    read_tokens,
)

EXPIRY = datetime(2027, 2, 20, 1, 2, 3, tzinfo=UTC)


def account(identifier: str = "a1", **status: Any) -> dict[str, Any]:
    return {"metadata": {"id": identifier, "name": "robot"}, "spec": {"groupIDs": []}, "status": status}


def grant(**changes: Any) -> bytes:
    whole = {"token_type": "Bearer", "access_token": "eyJ-access", "expires_in": 3600, "refresh_token": "eyJ-refresh"}
    return json.dumps({name: value for name, value in (whole | changes).items() if value is not None}).encode()


def test_a_rotation_shows_the_token_and_its_expiry() -> None:
    body = json.dumps(account(accessToken="eyJ-new", expiry="2027-02-20T01:02:03Z")).encode()
    assert read_account_token(body) == AccountToken("a1", "eyJ-new", EXPIRY)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        json.dumps(account(expiry="2027-02-20T01:02:03Z")).encode(),
        json.dumps(account(accessToken="")).encode(),
        json.dumps(account(accessToken="two words")).encode(),
        json.dumps(account(accessToken="x\r\nX-Evil: 1")).encode(),
        json.dumps(account(accessToken=5)).encode(),
        json.dumps({"metadata": {"id": "../a"}, "status": {"accessToken": "eyJ"}}).encode(),
    ],
)
def test_what_cannot_be_used_as_a_token_is_none(body: bytes) -> None:
    assert read_account_token(body) is None


def test_an_expiry_that_cannot_be_read_is_not_known() -> None:
    assert read_account_token(json.dumps(account(accessToken="t", expiry="soon")).encode()) == AccountToken("a1", "t")


def test_a_listing_shows_expiries_and_no_tokens() -> None:
    body = json.dumps([account(expiry="2027-02-20T01:02:03Z"), account("a2"), {"metadata": {"id": "a3"}}]).encode()
    assert read_accounts(body) == (AccountToken("a1", "", EXPIRY), AccountToken("a2"), AccountToken("a3"))
    assert read_accounts(b"[]") == ()
    assert read_accounts(b"null") is None
    assert read_accounts(b"<html>") is None


def test_a_grant_gives_tokens() -> None:
    assert read_tokens(grant()) == Tokens("eyJ-access", "eyJ-refresh", timedelta(hours=1))
    assert read_tokens(grant(refresh_token=None)) == Tokens("eyJ-access", "", timedelta(hours=1))


@pytest.mark.parametrize(
    "changes",
    [
        {"token_type": "mac"},
        {"access_token": None},
        {"access_token": "a b"},
        {"expires_in": 0},
        {"expires_in": -1},
        {"expires_in": 10**18},
        {"expires_in": None},
        {"refresh_token": ""},
    ],
)
def test_a_grant_that_cannot_be_used_is_none(changes: dict[str, Any]) -> None:
    assert read_tokens(grant(**changes)) is None


def test_the_subject_is_a_word_or_nothing() -> None:
    assert read_subject(b'{"sub": "me@example.com"}') == "me@example.com"
    assert read_subject(b'{"sub": 5}') == ""
    assert read_subject(b"[") == ""


def test_no_token_shows_in_a_repr() -> None:
    shown = [read_tokens(grant()), TokensPayload.model_validate_json(grant()), AccountToken("a", "eyJ-new")]
    assert not any("eyJ" in repr(one) for one in shown)


@given(
    st.binary(max_size=200)
    | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps).map(str.encode)
)
def test_nothing_is_raised_on_what_a_server_sends(body: bytes) -> None:
    read_account_token(body)
    read_accounts(body)
    read_tokens(body)
    read_subject(body)
