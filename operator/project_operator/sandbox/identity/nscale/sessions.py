"""Sessions of people with an OAuth 2 client: refresh tokens that work once (N3.1-2, N3.1-5 to N3.1-11)."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs

from project_operator.sandbox.identity.nscale.operations import Call, Operation, Reply
from project_operator.sandbox.identity.nscale.refusals import Refusal
from project_operator.sandbox.identity.nscale.resources import UserSession
from project_operator.sandbox.identity.nscale.state import State
from project_operator.sandbox.identity.nscale.views import Document

TOKEN_PATH: Final = "/oauth2/v2/token"  # noqa: S105 - a path
TOKEN_OPERATION: Final = "createToken"  # noqa: S105 - a name
"""The one operation that is asked without a token."""


def grant(state: State, headers: Mapping[str, str], body: bytes, now: float) -> tuple[Document, str]:
    """The answer to a form, and whose it is; raises the refusal in the words of OAuth (N3.1-6)."""
    form = {name: values[0] for name, values in parse_qs(body.decode("latin-1")).items()}
    if form.get("grant_type") != "refresh_token":
        raise _oauth("invalid_request", "token grant type is not supported")
    token = form.get("refresh_token", "")
    session = state.store.get(UserSession, state.refresh_tokens.get(token, ""))
    if session is None or now >= session.refresh_expiry:
        raise _oauth("invalid_grant", "refresh token is invalid or has expired")
    _check_client(session, *_client(headers, form))
    if session.refresh_token != token:
        if state.settings.reuse_ends_session:
            state.store.write(replace(session, refresh_token="", access_token=""), now)
        raise _oauth("invalid_grant", "refresh token reuse")
    renewed = renew(state, session, now)
    return {
        "access_token": renewed.access_token,
        "expires_in": int(state.settings.access_token_lifetime),
        "refresh_token": renewed.refresh_token,
        "token_type": "Bearer",
    }, renewed.name


def renew(state: State, session: UserSession, now: float) -> UserSession:
    """A new pair of tokens, which ends the one before (N3.1-2, N3.1-9)."""
    settings = state.settings
    refresh_token = state.identifiers.token()
    state.refresh_tokens[refresh_token] = session.id
    return state.store.write(
        replace(
            session,
            refresh_token=refresh_token,
            access_token=state.issue_token(session.id),
            previous_token=session.access_token,
            token_time=now,
            expiry=now + settings.access_token_lifetime,
            refresh_expiry=now + settings.refresh_token_lifetime,
        ),
        now,
    )


def get_userinfo(call: Call) -> Reply:
    """Who the token is of (N3.1-11)."""
    return Reply(document={"sub": call.caller.id})


def _client(headers: Mapping[str, str], form: Mapping[str, str]) -> tuple[str, str]:
    """Id and secret, by Basic as they come, or in the body (N3.1-8)."""
    scheme, _, encoded = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            name, _, secret = base64.b64decode(encoded, validate=True).decode("latin-1").partition(":")
        except binascii.Error:
            raise _oauth("invalid_request", "client ID secret not set in request body") from None
        return name, secret
    if "client_id" not in form or "client_secret" not in form:
        raise _oauth("invalid_request", "client ID secret not set in request body")
    return form["client_id"], form["client_secret"]


def _check_client(session: UserSession, client_id: str, client_secret: str) -> None:
    if client_id != session.client_id:
        raise _oauth("invalid_grant", "client_id mismatch")
    if client_secret != session.client_secret:
        raise _oauth("invalid_client", "client secret invalid")


def _oauth(code: str, description: str) -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, description, code)


OPERATIONS = (Operation("getUserinfo", "GET", "/oauth2/v2/userinfo", 200, frozenset({401, 500}), get_userinfo),)
