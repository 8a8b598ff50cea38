"""What every embedded identity server has, whoever's it is: a port, faults, a request log and an admin interface."""

import asyncio
from collections.abc import Sequence
from random import Random, SystemRandom
from types import TracebackType
from typing import Generic, Self, TypedDict, TypeVar, Unpack

from starlette.routing import Route
from starlette.types import ASGIApp

from project_operator.sandbox.identity.admin import admin_application
from project_operator.sandbox.identity.admin_client import AdminClient
from project_operator.sandbox.identity.clock import Clock
from project_operator.sandbox.identity.dispatch import Dispatcher
from project_operator.sandbox.identity.exchange import IdentityService
from project_operator.sandbox.identity.faults import FaultBook
from project_operator.sandbox.identity.request_log import RequestLog
from project_operator.sandbox.identity.server import Server, application
from project_operator.sandbox.identity.tls import TLSFiles

Client = TypeVar("Client", bound=AdminClient)


class Hosting(TypedDict, total=False):
    """Where and how to serve, as `Server` takes it."""

    host: str
    port: int
    tls: TLSFiles | None
    """Makes it https (`TLSFiles.make`)."""
    keep_alive: float
    """Seconds."""


class EmbeddedServer(Generic[Client]):
    """Runs between `start` and `stop`, or within ``with`` and ``async with``.

    `stop` and `start` in between keep port and state: a server that is down for a while.
    """

    def __init__(
        self,
        service: IdentityService,
        routes: Sequence[Route],
        client: type[Client],
        *,
        clock: Clock,
        admin_token: str,
        **hosting: Unpack[Hosting],
    ) -> None:
        """``routes`` are what the vendor adds to the admin interface, and ``client`` calls them."""
        tls = hosting.get("tls")
        self.ca_bundle = tls.ca_bundle if tls else ""
        """PEM text that a client needs to verify the server; empty without TLS."""
        self.admin_token = admin_token
        """Token of the admin interface."""
        self.log = RequestLog()
        faults = FaultBook()
        dispatcher = Dispatcher(service, clock=clock, faults=faults, log=self.log)
        self.app: ASGIApp = application(dispatcher, admin_application(admin_token, faults, self.log, routes))
        """The ASGI application, for use without a socket."""
        self._server = Server(self.app, dispatcher, **hosting)
        self._client = client
        self._admin: Client | None = None

    @property
    def url(self) -> str:
        """Base URL of the API. Known once the server was started."""
        return self._server.url

    @property
    def admin(self) -> Client:
        """Client of the admin interface; made when first used, closed by `stop`."""
        if self._admin is None:
            self._admin = self._client(self.url, self.admin_token, ca_bundle=self.ca_bundle)
        return self._admin

    def start(self) -> Self:
        """Serve; returns when the first request can be sent."""
        self._server.start()
        return self

    def stop(self) -> None:
        """Close the port and all connections."""
        if self._admin is not None:
            self._admin.close()
            self._admin = None
        self._server.stop()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        return await asyncio.to_thread(self.start)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.to_thread(self.stop)


def chance(seed: int | None) -> Random:
    """Where ids and secrets come from: the same each time with a ``seed``, unpredictable without."""
    return SystemRandom() if seed is None else Random(seed)  # noqa: S311 - made repeatable on purpose
