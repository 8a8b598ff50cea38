"""Requests to the Cloud Services Platform with a token that is alive, and every answer either usable or an error of our
tree.
"""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from project_operator.api.v1alpha1.csp import CSPAuthHeader
from project_operator.backends.calls import MEBIBYTE, Answer, Call, NoAnswer
from project_operator.backends.csp.config import CSPConfig
from project_operator.backends.csp.errors import ANSWERS, ORGANIZATION_FIELD, Operation
from project_operator.backends.csp.payloads import TokenPayload, read_claims, read_page
from project_operator.backends.csp.requests import IDENTITY, get
from project_operator.backends.csp.tokens import Token
from project_operator.backends.deadlines import Deadline
from project_operator.backends.documents import read
from project_operator.backends.requests import Request
from project_operator.backends.tokens import TokenKeeper, was_unauthorized
from project_operator.backends.transport import Transport
from project_operator.errors import BackendUnavailable, ConnectionRefused, CredentialsRejected

logger = logging.getLogger(__name__)

LONGEST_ANSWER: Final = 16 * MEBIBYTE
"""Bytes. A page of 1,000 projects with their services takes less than one."""

DEFAULT_LIFE: Final = 600.0
"""Seconds that a token is used which does not say how long it lives (V3-3); a third of what is usual (V3-6)."""

_TOO_FAST: Final = "the list changes faster than it can be read"

_WALKS: Final = 4
"""How often a list is begun anew because it changed on the way."""


@dataclass(frozen=True, slots=True)
class _Change:
    """Why a list has to be begun anew."""

    words: str


class CSPClient:
    """One credential at one endpoint."""

    def __init__(self, transport: Transport, config: CSPConfig, now: Callable[[], datetime]) -> None:
        self._transport = transport
        self._config = config
        self._now = now
        self._told = False
        self._tokens = TokenKeeper(lambda: self._sign_in(Operation.SIGN_IN))

    async def connect(self) -> Token:
        """Sign in, and prove URL, CA and organization by it.

        Raises:
            ConnectionRefused: what is wrong is a field of the backend object.
            BackendError: anything else.
        """
        return await self._tokens.keep(lambda: self._sign_in(Operation.CONNECT))

    async def send(self, request: Request[Operation], before_send: Callable[[], None] | None = None) -> Answer:
        """The answer to ``request``: a success, or an absence that the table of ``errors`` takes for an answer.

        A token that is refused is replaced and the request sent once more, with ``before_send`` called again: what is
        refused for its token was not done.

        Raises:
            BackendError: what else came of it.
        """
        with self.one_deadline():
            outcome, token = await self._tokens.send(
                lambda token: self._exchange(request, token, before_send), was_unauthorized
            )
        return self._usable(request.asked, outcome, token.value)

    async def list_all(self, operation: Operation, path: str, limit: int, **query: str) -> list[Any]:
        """The items of every page of ``path``, unread; complete or an error (V9-7)."""
        change = _Change("")
        with self.one_deadline(_WALKS):
            for _ in range(_WALKS):
                found = await self._walk(operation, path, limit, query)
                if isinstance(found, list):
                    return found
                change = found
        raise BackendUnavailable(f"{operation.words}: {change.words}", operation=operation)

    def one_deadline(self, times: int = 1) -> AbstractContextManager[Deadline]:
        """For several requests that are one call: ``times`` the time of a single one for all of them."""
        return self._transport.one_deadline(times)

    async def aclose(self) -> None:
        """Close the connections."""
        self._tokens.forget()
        await self._transport.aclose()

    async def _walk(self, operation: Operation, path: str, limit: int, query: dict[str, str]) -> list[Any] | _Change:
        found: list[Any] = []
        start, total = 1, None
        while True:
            request = get(operation, path, **query, pageStart=str(start), pageLimit=str(limit))
            answer = await self.send(request)
            page = read_page(answer.body, path)
            if page is None or (page.following is not None and page.following <= start):
                raise ANSWERS.unusable(operation, answer)
            found += page.items
            if total is not None and page.total != total:
                return _Change(_TOO_FAST)
            total = page.total
            if page.following is not None:
                start = page.following
            elif total is None or len(found) >= total:
                return _Change(_TOO_FAST) if _repeats(found) else found
            elif page.items:
                start += len(page.items)  # a page without a link, and not the last (V4-3)
            else:
                return _Change(f"the list says that it has {total} items and shows {len(found)}")

    async def _exchange(
        self, request: Request[Operation], token: Token, before_send: Callable[[], None] | None
    ) -> Answer | NoAnswer:
        headers = {"Accept": "application/json", **self._credential_header(token)}
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        call = Call(request.method, request.target, headers, request.body, LONGEST_ANSWER, before_send)
        return await self._transport.exchange(call)

    def _credential_header(self, token: Token) -> dict[str, str]:
        if self._config.auth_header is CSPAuthHeader.CSP_AUTH_TOKEN:
            return {"csp-auth-token": token.value}
        return {"Authorization": f"Bearer {token.value}"}

    async def _sign_in(self, operation: Operation) -> Token:
        asked = self._config.credential.sign_in()
        call = Call("POST", f"{IDENTITY}{asked.path}", asked.headers, asked.body, repeatable=True)
        answer = self._usable(operation, await self._transport.exchange(call), "")
        payload = read(TokenPayload, answer.body)
        if payload is None:
            raise ANSWERS.unusable(operation, answer)
        claims = read_claims(payload.access_token)
        self._check_organization(operation, claims.organization_id)
        life = payload.expires_in if payload.expires_in is not None else DEFAULT_LIFE
        principal = claims.username or self._config.credential.principal
        return Token(payload.access_token, max(0.0, life), claims.organization_id, principal)

    def _check_organization(self, operation: Operation, organization_id: str) -> None:
        """A token for another organization is never used (V3-8, V9-5)."""
        if organization_id == self._config.organization_id:
            return
        if organization_id:
            words = f"{operation.words}: the credential is for another organization than `{ORGANIZATION_FIELD}` names"
            if operation is Operation.CONNECT:
                raise ConnectionRefused(words, field=ORGANIZATION_FIELD)
            raise CredentialsRejected(words, operation=operation)
        if not self._told:
            self._told = True
            logger.warning(
                "the access token for organization %s does not say which organization it is for; going on without that"
                " proof",
                self._config.organization_id,
            )

    def _usable(self, operation: Operation, outcome: Answer | NoAnswer, token: str) -> Answer:
        secrets = (*self._config.credential.secrets, token)
        return ANSWERS.usable(operation, outcome, now=self._now(), secrets=secrets)


def _repeats(items: list[Any]) -> bool:
    """Whether an item is there twice: pages count items, so one that came or went on the way moved the rest."""
    ids = [item.get("id") for item in items if isinstance(item, dict)]
    return len(set(map(str, ids))) < len(ids)
