"""Runs an embedded identity server on a port of this machine, in a thread and event loop of its own."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable
from typing import Final

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from project_operator.errors import SandboxError
from project_operator.sandbox.identity.admin import PREFIX
from project_operator.sandbox.identity.dispatch import Dispatcher
from project_operator.sandbox.identity.hosts import default_host
from project_operator.sandbox.identity.tls import TLSFiles

KEEP_ALIVE: Final = 1.0
"""Seconds after which an idle connection is closed, as Go's server does when it is reached directly (N6-15)."""
_PATIENCE: Final = 10.0
"""Seconds for the server to start or to stop."""
_BACKLOG: Final = 2048


class _Uvicorn(uvicorn.Server):
    """Says when it serves."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_start = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_start()


class Server:
    """Serves an ASGI application; stopped and started again it keeps its port, as a server that is down for a while."""

    def __init__(
        self,
        app: ASGIApp,
        dispatcher: Dispatcher,
        *,
        host: str = "",
        port: int = 0,
        tls: TLSFiles | None = None,
        keep_alive: float = KEEP_ALIVE,
    ) -> None:
        """``dispatcher`` is the part of ``app`` that holds requests back; ``host`` "" is `default_host`, and ``port`` 0
        takes a free one and keeps it.
        """
        self._dispatcher = dispatcher
        self._app = app
        self._host = host or default_host()
        self._port = port
        self._tls = tls
        self._keep_alive = keep_alive
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._uvicorn: _Uvicorn | None = None

    @property
    def url(self) -> str:
        """Base URL, without a slash at its end. Known once the server was started."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._tls else 'http'}://{host}:{self._port}"

    def start(self) -> None:
        """Serve; returns when the first request can be sent. SandboxError where the port cannot be had."""
        if self._thread is not None:
            raise SandboxError("the embedded identity server runs already")
        listener = self._listen()
        self._port = listener.getsockname()[1]
        self._dispatcher.resume()
        started = threading.Event()
        clients = self._tls.client_authority if self._tls else None
        config = uvicorn.Config(
            self._app,
            lifespan="off",
            log_config=None,
            access_log=False,
            ws="none",
            server_header=False,
            timeout_keep_alive=self._keep_alive,  # type: ignore[arg-type]  # goes to call_later, which takes fractions
            timeout_graceful_shutdown=1,
            backlog=_BACKLOG,
            ssl_certfile=self._tls.certificate if self._tls else None,
            ssl_keyfile=self._tls.key if self._tls else None,
            ssl_ca_certs=str(clients) if clients else None,
            ssl_cert_reqs=ssl.CERT_OPTIONAL if clients else ssl.CERT_NONE,
        )
        self._uvicorn = _Uvicorn(config, started.set)
        self._thread = threading.Thread(target=self._run, args=(listener,), name="embedded-identity", daemon=True)
        self._thread.start()
        if not started.wait(_PATIENCE):
            raise SandboxError(f"the embedded identity server did not start within {_PATIENCE:g} s")

    def _listen(self) -> socket.socket:
        # The protocol is named because asyncio switches Nagle's algorithm off only for sockets that do so; with it on,
        # each answer to a client with few connections waits 40 ms for a delayed acknowledgement.
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self._host, self._port))
            listener.listen(_BACKLOG)
        except OSError as error:
            listener.close()
            raise SandboxError(
                f"cannot listen on {self._host} port {self._port}: {error}; choose another port"
            ) from error
        return listener

    def _run(self, listener: socket.socket) -> None:
        server = self._uvicorn
        if server is None:
            raise AssertionError("start() makes the server before the thread")
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            runner.run(server.serve(sockets=[listener]))

    def stop(self) -> None:
        """Close all connections and the port; requests that faults hold back are dropped. The state stays."""
        thread, self._thread = self._thread, None
        if thread is None or self._loop is None or self._uvicorn is None:
            return
        server = self._uvicorn
        self._loop.call_soon_threadsafe(self._dispatcher.stop)
        server.should_exit = True
        thread.join(_PATIENCE)
        if thread.is_alive():
            raise SandboxError(f"the embedded identity server did not stop within {_PATIENCE:g} s")


def application(dispatcher: ASGIApp, admin: ASGIApp) -> ASGIApp:
    """The whole ASGI application: requests under the admin prefix go to ``admin``, all others to the vendor's API."""

    async def choose(scope: Scope, receive: Receive, send: Send) -> None:
        chosen = admin if scope["path"].startswith(f"{PREFIX}/") else dispatcher
        await chosen(scope, receive, send)

    return choose
