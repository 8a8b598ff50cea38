"""The embedded nscale server as tests and the demo use it."""

import asyncio
from types import TracebackType
from typing import Self

from starlette.types import ASGIApp

from project_operator.sandbox.identity.admin import admin_application
from project_operator.sandbox.identity.clock import Clock
from project_operator.sandbox.identity.nscale.admin import NscaleAdmin
from project_operator.sandbox.identity.nscale.admin_client import NscaleAdminClient
from project_operator.sandbox.identity.nscale.identity import NscaleIdentity
from project_operator.sandbox.identity.nscale.settings import NscaleSettings
from project_operator.sandbox.identity.server import KEEP_ALIVE, Server, application
from project_operator.sandbox.identity.tls import TLSFiles


class EmbeddedIdentityServer:
    """A running nscale Identity server on loopback, with one organization and one administrator's service account.

    A context manager, in ``with`` and in ``async with``. `stop` and `start` in between keep port and state: a server
    that is down for a while.
    """

    def __init__(
        self,
        settings: NscaleSettings | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: TLSFiles | None = None,
        keep_alive: float = KEEP_ALIVE,
        seed: int | None = None,
        clock: Clock | None = None,
    ) -> None:
        """``tls`` makes it https (`TLSFiles.make`); ``keep_alive`` is in seconds; ``seed`` makes ids repeatable."""
        self.identity = NscaleIdentity(settings, seed=seed, clock=clock)
        self.ca_bundle = tls.ca_bundle if tls else ""
        """PEM text that a client needs to verify the server; empty without TLS."""
        admin = admin_application(
            self.identity.admin_token, self.identity.faults, self.identity.log, NscaleAdmin(self.identity).routes()
        )
        self.app: ASGIApp = application(self.identity.dispatcher, admin)
        """The ASGI application, for use without a socket."""
        self._server = Server(self.app, self.identity.dispatcher, host=host, port=port, tls=tls, keep_alive=keep_alive)
        self._admin: NscaleAdminClient | None = None

    @property
    def url(self) -> str:
        """Base URL of the API."""
        return self._server.url

    @property
    def organization_id(self) -> str:
        """The organization that the service account belongs to."""
        return self.identity.organization_id

    @property
    def token(self) -> str:
        """The service account's first token; one that was rotated is shown by whoever rotated it."""
        return self.identity.credential.token

    @property
    def service_account_id(self) -> str:
        """What ``createdBy`` shows for projects made with `token`."""
        return self.identity.credential.service_account_id

    @property
    def platform_token(self) -> str:
        """A platform administrator's token: global scope, sees all organizations, may set references."""
        return self.identity.state.platform_token

    @property
    def admin_token(self) -> str:
        """Token of the admin interface."""
        return self.identity.admin_token

    @property
    def admin(self) -> NscaleAdminClient:
        """Client of the admin interface; made when first used, closed by `stop`."""
        if self._admin is None:
            self._admin = NscaleAdminClient(self.url, self.admin_token, ca_bundle=self.ca_bundle)
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
