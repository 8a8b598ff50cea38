"""A process that replaces a token, which may die between any two steps, and a server that forgets the former one."""

import base64
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Any

from simulation.kube import SimulatedKube
from simulation.loop import run_virtually
from simulation.world import SimulatedClock

from project_operator.backends.keeping import Replacement
from project_operator.errors import (
    CredentialsRejected,
)
from project_operator.kube.resources import IDENTITY_BACKENDS, SECRETS, Resource
from project_operator.reconcile.actions import Notice
from project_operator.runtime.clock import timestamp
from project_operator.runtime.rotated_place import RotatedPlace
from project_operator.runtime.rotation import RotatedSecret

SETTLE = 6.0
NAME = "default-rotated"
REFUSED = "connect: the token is not accepted"
PLACE = RotatedPlace.of("ns", IDENTITY_BACKENDS, "default", "uid-1", "token")
EXPIRY = timestamp(5_000_000)


class Killed(BaseException):
    """SIGKILL: nothing of the process goes on."""


class TokenServer:
    """Knows one token; `rotate` makes the next and forgets the one before, unless a cache still has it."""

    def __init__(self, *, cached: bool = False) -> None:
        self.valid = "token-0"
        self.rotations = 0
        self._former: set[str] = set()
        self._cached = cached

    def accepts(self, token: str) -> bool:
        return token == self.valid or (self._cached and token in self._former)

    def rotate(self, token: str) -> str:
        if not self.accepts(token):
            raise CredentialsRejected("rotate token: the token is not accepted (HTTP 401)")
        self.rotations += 1
        self._former.add(self.valid)
        self.valid = f"token-{self.rotations}"
        return self.valid


class Process:
    """One operator with the user's Secret, which can die before or after any of its steps."""

    def __init__(
        self,
        kube: SimulatedKube,
        server: TokenServer,
        *,
        original: str = "token-0",
        dies_at: int = -1,
        settle: float = SETTLE,
    ) -> None:
        self.kube, self.server = kube, server
        self.token = original
        self.notices: list[Notice] = []
        self.story: list[str] = []
        self.steps = 0
        self._dies_at = dies_at
        self.keeper = RotatedSecret(
            PLACE,
            original.encode(),
            self,
            SimulatedClock(Random(7)),  # noqa: S311 - a simulation wants to be repeated
            settle=settle,
            seen={},
            tell=self.notices.append,
        )

    async def begin(self) -> "Process":
        if (kept := await self.keeper.load()) is not None:
            self.token = kept.decode()
        return self

    async def rotate(self) -> None:
        self.token = (await self.keeper.replace(self.ask)).value.decode()

    async def ask(self) -> Replacement:
        return Replacement((await self._step("ask", self._asked)).encode(), EXPIRY)

    async def _asked(self) -> str:
        return self.server.rotate(self.token)

    # The API server, as this process reaches it.

    async def get(self, resource: Resource, namespace: str | None, name: str) -> dict[str, Any]:
        return dict(await self._step("get", lambda: self.kube.get(resource, namespace, name)))

    async def create(self, resource: Resource, namespace: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        return dict(await self._step("create", lambda: self.kube.create(resource, namespace, body)))

    async def patch(
        self, resource: Resource, obj: Mapping[str, Any], changes: Mapping[str, Any], *, subresource: str = ""
    ) -> dict[str, Any]:
        return dict(await self._step("patch", lambda: self.kube.patch(resource, obj, changes, subresource=subresource)))

    async def list(self, *_: Any, **__: Any) -> list[dict[str, Any]]:
        raise AssertionError("nothing is listed")

    async def _step(self, name: str, does: Callable[[], Awaitable[Any]]) -> Any:
        self._live()
        result = await does()
        self.story.append(name)
        self._live()
        return result

    def _live(self) -> None:
        if self.steps == self._dies_at:
            raise Killed
        self.steps += 1


def kept(kube: SimulatedKube) -> str:
    """The token in our Secret, or ""."""
    raw = kube.look(NAME, SECRETS) or {}
    return base64.b64decode((raw.get("data") or {}).get("token", "")).decode()


def annotations(kube: SimulatedKube) -> dict[str, str]:
    return dict((kube.look(NAME, SECRETS) or {"metadata": {}})["metadata"].get("annotations") or {})


def told(story: Callable[[SimulatedKube, TokenServer], Awaitable[None]], server: TokenServer | None = None) -> None:
    async def tell() -> None:
        await story(SimulatedKube(), server or TokenServer())

    run_virtually(tell())
