"""Requests to nscale Identity with a credential, and what is done where a new one is not known everywhere yet."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Final

from project_operator.backends.calls import MEBIBYTE, Answer, Call
from project_operator.backends.deadlines import Deadline
from project_operator.backends.nscale.credentials import Credential
from project_operator.backends.nscale.errors import Operation
from project_operator.backends.nscale.sender import Sender
from project_operator.errors import BackendUnavailable, CredentialsRejected

LONGEST_LIST: Final = 64 * MEBIBYTE
"""Bytes. There are no pages (N1-7): a project takes about 600, so this is some 100,000 of them."""

PAUSE: Final = 0.25
"""Seconds before a read that was refused with a new token is sent again."""


class NscaleClient:
    """One credential at one endpoint."""

    def __init__(self, sender: Sender, credential: Credential) -> None:
        self._sender = sender
        self._credential = credential

    async def get(self, operation: Operation, path: str, *, longest: int = MEBIBYTE) -> Answer:
        """The answer to GET, where it is a success. Raises the `BackendError` that it means where it is not.

        While a new token spreads, the server refuses it here and there (N3.2-11): the read is then sent again for as
        long as a call may take.
        """
        with self.one_deadline() as deadline:
            while True:
                token = await self._credential.token(deadline.at)
                call = Call("GET", path, _headers(token), longest_answer=longest)
                try:
                    return await self._send(operation, call, token)
                except _TokenSpreads as error:
                    if asyncio.get_running_loop().time() + PAUSE >= deadline.at:
                        raise BackendUnavailable(str(error), operation=operation) from None
                await asyncio.sleep(PAUSE)

    async def write(
        self, operation: Operation, method: str, path: str, body: bytes | None, before_send: Callable[[], None]
    ) -> Answer:
        """The answer to a request that changes something, likewise; but it is sent once."""
        with self.one_deadline() as deadline:
            token = await self._credential.token(deadline.at)
            headers = _headers(token) | ({"Content-Type": "application/json"} if body is not None else {})
            call = Call(method, path, headers, body, before_send=before_send)
            try:
                return await self._send(operation, call, token)
            except _TokenSpreads as error:
                raise BackendUnavailable(str(error), operation=operation) from None

    def one_deadline(self) -> AbstractContextManager[Deadline]:
        """For several requests that are one call."""
        return self._sender.transport.one_deadline()

    async def aclose(self) -> None:
        """Close the connections, once what replaces the credential is kept."""
        await self._credential.aclose()
        await self._sender.transport.aclose()

    async def _send(self, operation: Operation, call: Call, token: str) -> Answer:
        try:
            return await self._sender.send(operation, call, secrets=self._credential.secrets)
        except CredentialsRejected:
            if not self._credential.may_spread(token):
                raise
        # Refused before anything was done (N1.3-11).
        raise _TokenSpreads(f"{operation.words}: the new token is not accepted everywhere yet")


class _TokenSpreads(Exception):
    """A token is refused which may be accepted in a moment; never leaves this module."""


def _headers(token: str) -> dict[str, str]:
    # One space after Bearer, and a Content-Type on every body (N6-13).
    headers = {"Accept": "application/json"}
    return headers | {"Authorization": f"Bearer {token}"} if token else headers
