"""The embedded service as tests and the sandbox use it."""

import asyncio
from random import Random, SystemRandom
from types import TracebackType
from typing import Self

from starlette.types import ASGIApp

from project_operator.sandbox.identity.admin import admin_application
from project_operator.sandbox.identity.clock import Clock, SystemClock
from project_operator.sandbox.identity.dispatch import Dispatcher
from project_operator.sandbox.identity.faults import FaultBook
from project_operator.sandbox.identity.k5.admin import K5Admin
from project_operator.sandbox.identity.k5.admin_client import K5AdminClient
from project_operator.sandbox.identity.k5.service import K5Service
from project_operator.sandbox.identity.k5.settings import K5Settings
from project_operator.sandbox.identity.k5.state import State
from project_operator.sandbox.identity.request_log import RequestLog
from project_operator.sandbox.identity.server import KEEP_ALIVE, Server, application
from project_operator.sandbox.identity.tls import TLSFiles


class EmbeddedK5:
    """Runs between `start` and `stop`, or within ``with``. One region, one contract, one user."""

    def __init__(
        self,
        settings: K5Settings | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: TLSFiles | None = None,
        keep_alive: float = KEEP_ALIVE,
        seed: int | None = None,
        clock: Clock | None = None,
    ) -> None:
        """``tls`` makes it https (`TLSFiles.make`); ``keep_alive`` is in seconds; ``seed`` makes ids repeatable."""
        clock = clock or SystemClock()
        random = SystemRandom() if seed is None else Random(seed)  # noqa: S311 - made repeatable on purpose
        self.state = State(settings or K5Settings(), random)
        self.ca_bundle = tls.ca_bundle if tls else ""
        """PEM text that a client needs to verify the server; empty without TLS."""
        self.admin_token = random.randbytes(16).hex()
        self.log = RequestLog()
        faults = FaultBook()
        service = K5Service(self.state, clock)
        dispatcher = Dispatcher(service, clock=clock, faults=faults, log=self.log)
        admin = admin_application(self.admin_token, faults, self.log, K5Admin(self.state).routes())
        self.app: ASGIApp = application(dispatcher, admin)
        """The ASGI application, for use without a socket."""
        self._server = Server(self.app, dispatcher, host=host, port=port, tls=tls, keep_alive=keep_alive)
        self._admin: K5AdminClient | None = None

    @property
    def url(self) -> str:
        """Base URL."""
        return self._server.url

    @property
    def domain_id(self) -> str:
        """The domain of the one contract."""
        return self.state.domain.id

    @property
    def admin(self) -> K5AdminClient:
        """Client of the admin interface; made when first used, closed by `stop`."""
        if self._admin is None:
            self._admin = K5AdminClient(self.url, self.admin_token, ca_bundle=self.ca_bundle)
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
