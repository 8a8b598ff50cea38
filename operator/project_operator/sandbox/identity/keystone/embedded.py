"""The real Keystone as tests and the demo use it: a process of its own, which ends with us."""

import os
import re
import shutil
import ssl
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import httpx

from project_operator.backends.trust import system_trust
from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane.plane import FOLDER_PREFIX, default_cache
from project_operator.sandbox.controlplane.processes import OwnedProcess
from project_operator.sandbox.controlplane.report import Report
from project_operator.sandbox.identity.hosts import default_host
from project_operator.sandbox.identity.keystone.admin_client import KeystoneAdminClient
from project_operator.sandbox.identity.keystone.configuration import (
    ACCESS_LOG,
    CREDENTIAL_KEYS,
    DATABASE,
    GUNICORN_CONF,
    KEYSTONE_CONF,
    TOKEN_KEYS,
    gunicorn_conf,
    keystone_conf,
)
from project_operator.sandbox.identity.keystone.prepared import Prepared, environment, prepare, python
from project_operator.sandbox.identity.keystone.settings import KeystoneSettings
from project_operator.sandbox.identity.tls import TLSFiles

START_WITHIN: Final = 60.0
"""Seconds that a start may take; one or two on a quiet machine."""
_EVERY: Final = 0.05
_LISTENING: Final = re.compile(r"Listening at: https?://(.+):(\d+) \(")


@dataclass(frozen=True)
class AnsweredRequest:
    """A request that Keystone has answered."""

    method: str
    path: str
    """Below the host, as ``/v3/projects``."""
    query: str
    status: int
    caller: str
    """The user agent."""

    @classmethod
    def parse(cls, line: str) -> Self:
        """One of a line of the access log."""
        method, target, status, caller = line.split(" ", 3)
        path, _, query = target.partition("?")
        return cls(method, path, query, int(status), caller)


class EmbeddedKeystone:
    """The real Keystone on loopback, with what `keystone-manage bootstrap` makes and nothing else.

    A context manager. `stop` and `start` in between keep port and state: a server that is down for a while.
    """

    def __init__(
        self,
        settings: KeystoneSettings | None = None,
        *,
        host: str = "",
        port: int = 0,
        tls: TLSFiles | None = None,
        folder: Path | None = None,
        report: Report | None = None,
    ) -> None:
        """``host`` "" is `default_host`. ``tls`` makes it https (`TLSFiles.make`).

        Database, keys and logs lie in ``folder``, which must not exist and stays; without it in one for temporary
        files that `close` removes. ``report`` hears what has to be fetched and made before the first start.
        """
        self.settings = settings or KeystoneSettings()
        """In force from the next `start` on."""
        self.ca_bundle = tls.ca_bundle if tls else ""
        """PEM text that a client needs to verify the server; empty without TLS."""
        self._host, self._port, self._tls = host or default_host(), port, tls
        self._folder, self._temporary = folder, folder is None
        self._report = report or Report()
        self._prepared: Prepared | None = None
        self._process: OwnedProcess | None = None
        self._admin: KeystoneAdminClient | None = None

    @property
    def url(self) -> str:
        """URL of the API, with its version: what OpenStack calls the auth URL. Known once it was started."""
        return f"{'https' if self._tls else 'http'}://{self._host}:{self._port}/v3"

    @property
    def admin_password(self) -> str:
        """Password of the user ``admin``, who is admin of the whole cloud. Known once it was started."""
        return self._ready.admin_password

    @property
    def admin(self) -> KeystoneAdminClient:
        """A client of that user; made when first used, closed by `stop`."""
        if self._admin is None:
            self._admin = KeystoneAdminClient(self.url, self.admin_password, ca_bundle=self.ca_bundle)
        return self._admin

    @property
    def process(self) -> OwnedProcess:
        """The running server."""
        if self._process is None:
            raise SandboxError("this Keystone was not started")
        return self._process

    @property
    def folder(self) -> Path:
        """Where its database, keys and logs lie. Known once it was started."""
        if self._folder is None:
            raise SandboxError("this Keystone was not started")
        return self._folder

    def start(self) -> Self:
        """Serve; returns when it answers. Raises SandboxError, which says what to do."""
        if self._prepared is None:
            self._prepared = prepare(default_cache(), self._report)
            self._folder = self._populated(self._prepared)
        folder = self.folder
        (folder / KEYSTONE_CONF).write_text(keystone_conf(folder, self.settings), encoding="utf-8")
        served = gunicorn_conf(folder, self._host, self._port, self._tls)
        (folder / GUNICORN_CONF).write_text(served, encoding="utf-8")
        log = folder / "server.log"
        log.unlink(missing_ok=True)
        self._process = OwnedProcess(
            "Keystone",
            python("-m", "gunicorn"),
            log=log,
            environ=environment(self._prepared.packages, os.environ, folder),
            folder=folder,
        )
        try:
            self._answering()
        except BaseException:
            self.close()
            raise
        return self

    def check(self) -> None:
        """Raises SandboxError, with its last words, when the server has ended though nobody asked it to."""
        if not self.process.running:
            raise SandboxError(f"Keystone ended by itself; its last words:\n{self.process.last_lines()}")

    def requests(self, caller: str = "", *, after: int = 0) -> list[AnsweredRequest]:
        """What it has answered to user agents that begin with ``caller``, in that order.

        ``after``: without so many of all that it has answered.
        """
        log = self.folder / ACCESS_LOG
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        return [found for found in map(AnsweredRequest.parse, lines[after:]) if found.caller.startswith(caller)]

    def stop(self) -> None:
        """Close the port and all connections."""
        if self._admin is not None:
            self._admin.close()
            self._admin = None
        if self._process is not None:
            self._process.stop()
            self._process = None

    def close(self) -> None:
        """Stop, and forget everything."""
        self.stop()
        if self._temporary and self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = self._prepared = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _ready(self) -> Prepared:
        if self._prepared is None:
            raise SandboxError("this Keystone was not started")
        return self._prepared

    def _populated(self, prepared: Prepared) -> Path:
        """The folder, with a copy of the database and the keys."""
        folder = self._folder or Path(tempfile.mkdtemp(prefix=f"{FOLDER_PREFIX}{os.getpid()}-"))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copy(prepared.state / DATABASE, folder / DATABASE)
        for keys in (TOKEN_KEYS, CREDENTIAL_KEYS):
            shutil.copytree(prepared.state / keys, folder / keys)
        return folder

    def _answering(self) -> None:
        """Wait until the process listens, take note where, and until it has answered."""
        deadline = time.monotonic() + START_WITHIN
        verify = ssl.create_default_context(cadata=self.ca_bundle) if self.ca_bundle else system_trust()
        with httpx.Client(verify=verify, trust_env=False, timeout=START_WITHIN) as client:
            while not (self._listening() and _answers(client, self.url)):
                self.check()
                if time.monotonic() > deadline:
                    raise SandboxError(
                        f"Keystone did not answer within {START_WITHIN:g} s; {self.process.last_lines()}"
                    )
                time.sleep(_EVERY)

    def _listening(self) -> bool:
        found = _LISTENING.search(self.process.last_lines())
        if found is None:
            return False
        self._port = int(found[2])
        return True


def _answers(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
