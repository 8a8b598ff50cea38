"""What the credentials of nscale Identity are tried with: a server, a keeper, and a clock that moves by hand."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from passing_time import pass_time
from waiting import WITHIN

from project_operator.backends.calls import Answer, Call, NoAnswer
from project_operator.backends.deadlines import Deadline, within
from project_operator.backends.keeping import Ask, Replacement
from project_operator.backends.nscale.account_credential import AccountCredential
from project_operator.backends.nscale.config import Session
from project_operator.backends.nscale.credential_payloads import AccountToken
from project_operator.backends.nscale.sender import Sender
from project_operator.backends.nscale.session_credential import SessionCredential
from project_operator.backends.transport import Transport
from project_operator.errors import (
    BackendError,
)

START = datetime(2026, 11, 1, tzinfo=UTC)
LIFE = timedelta(days=90)
WEEK = timedelta(days=7)
ORGANIZATION, ACCOUNT = "d4600d6e-org", "a142f641-robot"
SESSION = Session("eyJ-refresh-1", "client-1", "cl/ent s&cret".replace(" ", "+"))


class Server(Transport):
    """Answers what it is told to, in order (the last for ever), and remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[Call] = []
        self.answers: list[Answer | NoAnswer] = []
        self.hold: asyncio.Event | None = None
        self.patience = 600.0
        self.takes = 0.0
        """Seconds that pass, at once, with each request."""

    def one_deadline(self, times: int = 1) -> AbstractContextManager[Deadline]:
        return within(self.patience * times)

    async def exchange(self, call: Call) -> Answer | NoAnswer:
        self.asked.append(call)
        if self.hold is not None:
            await self.hold.wait()
        pass_time(self.takes)
        await asyncio.sleep(0)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    async def aclose(self) -> None:
        pass


class Kept:
    """A keeper that notes in which order things happen."""

    def __init__(self) -> None:
        self.story: list[str] = []
        self.values: list[bytes] = []
        self.refuse: BackendError | None = None
        self.storing: asyncio.Event | None = None

    async def replace(self, ask: Ask) -> Replacement:
        self.story.append("reserve")
        if self.refuse is not None:
            raise self.refuse
        replacement = await ask()
        self.story.append("asked")
        if self.storing is not None:
            await self.storing.wait()
        self.values.append(replacement.value)
        self.story.append("kept")
        return replacement

    async def aclose(self) -> None:
        self.story.append("closed")


class Stage:
    """A credential of each kind, its server, its keeper, and a clock."""

    def __init__(self) -> None:
        self.server = Server()
        self.keeper = Kept()
        self.now = START
        self.sender = Sender(self.server, lambda: self.now)

    def account(self, before: timedelta | None = WEEK, *, expires_in: timedelta | None = LIFE) -> AccountCredential:
        credential = AccountCredential("eyJ-1", before, self.sender, self.keeper)
        expires_at = START + expires_in if expires_in is not None else None
        credential.identified(ORGANIZATION, AccountToken(ACCOUNT, expires_at=expires_at))
        return credential

    def session(self) -> SessionCredential:
        return SessionCredential(SESSION, self.sender, self.keeper)

    async def until(self, condition: Callable[[], Any]) -> None:
        async with asyncio.timeout(WITHIN):
            while not condition():  # noqa: ASYNC110 - what is waited for is inside of what is tested
                await asyncio.sleep(0)


def answer(status: int, body: Any) -> Answer:
    return Answer(status, httpx.Headers(), json.dumps(body).encode())


def rotated(token: str, expires_at: datetime, account: str = ACCOUNT) -> Answer:
    status = {"accessToken": token, "expiry": expires_at.isoformat()}
    return answer(200, {"metadata": {"id": account, "name": "robot"}, "spec": {"groupIDs": []}, "status": status})


def granted(number: int, seconds: int = 3600) -> Answer:
    body = {"token_type": "Bearer", "access_token": f"eyJ-access-{number}", "expires_in": seconds}
    return answer(200, body | {"refresh_token": f"eyJ-refresh-{number + 1}"})


def refused(status: int, code: str) -> Answer:
    return answer(status, {"error": code, "error_description": "eyJ-refresh-1 is not wanted here"})


def soon() -> float:
    return asyncio.get_running_loop().time() + 5
