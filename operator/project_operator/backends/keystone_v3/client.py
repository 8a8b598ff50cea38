"""Requests to Keystone with a token that is alive, and every answer either usable or an error of our tree."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Final, TypeVar

from project_operator.backends.calls import MEBIBYTE, Answer, Call, NoAnswer
from project_operator.backends.deadlines import Deadline
from project_operator.backends.documents import read
from project_operator.backends.keystone_v3.credentials import Credential
from project_operator.backends.keystone_v3.dialect import Dialect
from project_operator.backends.keystone_v3.errors import Operation, speaks_of
from project_operator.backends.keystone_v3.payloads import Payload, TokenDocument, in_utc, lifetime, read_page
from project_operator.backends.keystone_v3.requests import TOKENS, Asked, get
from project_operator.backends.keystone_v3.tokens import Token
from project_operator.backends.requests import Request
from project_operator.backends.tokens import TokenKeeper
from project_operator.backends.transport import Transport
from project_operator.backends.trust import Lost
from project_operator.errors import BackendUnavailable

_LONGEST_PAGE: Final = 16 * MEBIBYTE
"""Bytes that are read, and then taken apart, at once. A page of 1,000 projects takes some 340,000; descriptions have no
bound of their own (K1-8), so a page that is longer is asked for in parts."""

_LONGEST_LIST: Final = 64 * MEBIBYTE
"""Bytes of all pages of a list. What was taken apart of a page goes with it; what was made of it stays."""

_BATCH: Final = 250
"""Items that are read before others have a turn: some 5 ms."""

_PARTS: Final = 10
"""In so many parts is a page asked for that is too long."""

_MOST_PAGES: Final = 1000
_WALKS: Final = 4
"""How often a list is begun anew because what a page ended with is gone."""

Document = TypeVar("Document", bound=Payload)
Item = TypeVar("Item")


class KeystoneClient:
    """One credential at one endpoint."""

    def __init__(
        self, transport: Transport, credential: Credential, dialect: Dialect, now: Callable[[], datetime]
    ) -> None:
        self._transport = transport
        self._credential = credential
        self._dialect = dialect
        self.answers: Final = dialect.answers
        """What answers mean."""
        self._now = now
        self._tokens = TokenKeeper(self._sign_in, rejection_pause=dialect.rejection_pause)

    async def token(self) -> Token:
        """The token that requests are sent with.

        Raises:
            BackendError: there is none to be had.
        """
        return await self._tokens.current()

    async def ask_openly(self, request: Request[Asked]) -> Answer:
        """The answer to a read that needs no token. Raises the `BackendError` that it means where it is no success."""
        call = Call(request.method, request.target, {"Accept": "application/json"})
        return self._usable(request.asked, await self._transport.exchange(call), "")

    async def send(self, request: Request[Asked], before_send: Callable[[], None] | None = None) -> Answer:
        """The answer to ``request``: a success, or an absence that the table of ``errors`` takes for an answer.

        A token that may be dead is replaced and the request sent once more, with ``before_send`` called again: what
        is refused for its token was not done.

        Raises:
            BackendError: what else came of it.
        """
        outcome, token = await self._outcome(request, before_send)
        return self._usable(request.asked, outcome, token.value)

    async def read(self, document: type[Document], request: Request[Asked]) -> Document | None:
        """The answer to a read as ``document``; None for an absence that is an answer."""
        answer = await self.send(request)
        if not self.answers.succeeded(request.asked.operation, answer):
            return None
        found = read(document, answer.body)
        if found is None:
            raise self.answers.unusable(request.asked.operation, answer)
        return found

    async def items(self, request: Request[Asked], key: str) -> list[Any]:
        """The items under ``key`` of a list that has no pages, unread; none for an absence that is an answer."""
        answer = await self.send(request)
        if not self.answers.succeeded(request.asked.operation, answer):
            return []
        page = read_page(answer.body, key)
        if page is None or page.marker:
            raise self.answers.unusable(request.asked.operation, answer)
        return page.items

    async def list_all(
        self, operation: Operation, path: str, key: str, made_of: Callable[[Any], Item | None], **query: str
    ) -> list[Item]:
        """What ``made_of`` makes of each item under ``key`` on every page of ``path``; complete or an error, also where
        one item is none (None).

        Pages begin after an item. Where that is gone by the time, the list is begun anew (K5-7).
        """
        for _ in range(_WALKS):
            items = await self._walk(operation, path, key, made_of, query)
            if items is not None:
                return items
        raise BackendUnavailable(
            f"{operation.words}: what the pages begin with vanishes faster than it can be listed", operation=operation
        )

    def one_deadline(self, times: int = 1) -> AbstractContextManager[Deadline]:
        """For several requests that are one call: ``times`` the time of a single one for all of them."""
        return self._transport.one_deadline(times)

    async def aclose(self) -> None:
        """Close the connections."""
        self._tokens.forget()
        await self._transport.aclose()

    async def _walk(
        self,
        operation: Operation,
        path: str,
        key: str,
        made_of: Callable[[Any], Item | None],
        query: dict[str, str],
    ) -> list[Item] | None:
        found: list[Item] = []
        markers: set[str] = set()
        marker = ""
        size, limit = 0, self._dialect.page_limit
        # However many pages a server makes up, what is kept of them is bounded.
        for _ in range(_MOST_PAGES):
            begin = {"marker": marker} if marker else {}
            request = get(operation, path, begin.values(), **query, limit=str(limit), **begin)
            outcome, token = await self._outcome(request)
            if isinstance(outcome, NoAnswer) and outcome.why is Lost.OVERSIZED and limit >= _PARTS:
                limit //= _PARTS
                continue
            answer = self._usable(request.asked, outcome, token.value)
            if not self.answers.succeeded(operation, answer):
                return None
            page = read_page(answer.body, key)
            if page is None or page.marker in markers:
                raise self.answers.unusable(operation, answer)
            size += len(answer.body)
            if size > _LONGEST_LIST:
                break
            for start in range(0, len(page.items), _BATCH):
                made = (made_of(item) for item in page.items[start : start + _BATCH])
                found += [self.answers.whole(operation, item) for item in made]
                await asyncio.sleep(0)
            if not page.marker:
                return found
            marker = page.marker
            markers.add(marker)
        raise BackendUnavailable(
            f"{operation.words}: the list does not end within {_MOST_PAGES} pages and {_LONGEST_LIST >> 20} MiB",
            operation=operation,
        )

    async def _outcome(
        self, request: Request[Asked], before_send: Callable[[], None] | None = None
    ) -> tuple[Answer | NoAnswer, Token]:
        """What came of ``request``, and the token that it was sent with in the end."""
        with self.one_deadline():
            return await self._tokens.send(
                lambda token: self._exchange(request, token, before_send),
                lambda outcome, token: self._doubtful(request.asked, outcome, token),
            )

    async def _exchange(
        self, request: Request[Asked], token: Token, before_send: Callable[[], None] | None
    ) -> Answer | NoAnswer:
        headers = {"Accept": "application/json", "X-Auth-Token": token.value}
        if request.body is not None or self._dialect.typed_always:
            headers["Content-Type"] = self._dialect.content_type
        call = Call(request.method, request.target, headers, request.body, _LONGEST_PAGE, before_send)
        return await self._transport.exchange(call)

    def _doubtful(self, asked: Asked, outcome: Answer | NoAnswer, token: Token) -> bool:
        """Whether it may be the token that is refused: by a 401, or by a 404 that speaks of something else than what
        was asked for, or of the very project that the token is for (K3-20).
        """
        if isinstance(outcome, NoAnswer):
            return False
        if outcome.status != 404:  # noqa: PLR2004 - a status of HTTP
            return outcome.status in self._dialect.dead_token
        document = self.answers.read_error(asked.operation, outcome)
        return document is not None and (not speaks_of(document, asked.named) or token.project_id in asked.named)

    async def _sign_in(self) -> Token:
        asked = Asked(Operation.SIGN_IN)
        headers = {"Accept": "application/json", "Content-Type": self._dialect.content_type}
        call = Call("POST", TOKENS, headers, self._credential.sign_in(), repeatable=True)
        answer = self._usable(asked, await self._transport.exchange(call), "")
        document = read(TokenDocument, answer.body)
        value = answer.headers.get("x-subject-token") or ""
        if document is None or not value or not all("!" <= char <= "~" for char in value):
            raise self.answers.unusable(Operation.SIGN_IN, answer)
        token = document.token
        return Token(
            value,
            lifetime(token, self._now()),
            user=token.user.name,
            domain_id=token.domain.id if token.domain else "",
            domain_name=token.domain.name if token.domain else "",
            project_id=token.project.id if token.project else "",
            project_domain_id=token.project.domain.id if token.project and token.project.domain else "",
            project_domain_name=token.project.domain.name if token.project and token.project.domain else "",
            credential_expires_at=in_utc(token.user.password_expires_at) if token.user.password_expires_at else None,
        )

    def _usable(self, asked: Asked, outcome: Answer | NoAnswer, token: str) -> Answer:
        secrets = [self._credential.secret, token]
        if isinstance(outcome, Answer):
            # Some give a token back in every answer, which need not be the one that was sent.
            secrets += [outcome.headers.get(name) or "" for name in ("x-auth-token", "x-subject-token")]
        return self.answers.usable(asked.operation, outcome, now=self._now(), secrets=secrets, named=asked.named)
