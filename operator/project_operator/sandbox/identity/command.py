"""``project-operator sandbox identity``: an identity server that runs alone, embedded or the vendor's own."""

import argparse
import json
import os
import selectors
import signal
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from project_operator.errors import ConfigurationError
from project_operator.sandbox.identity.csp import command as csp
from project_operator.sandbox.identity.k5 import command as k5
from project_operator.sandbox.identity.keystone import command as keystone
from project_operator.sandbox.identity.nscale.dialects import DIALECTS
from project_operator.sandbox.identity.nscale.embedded import EmbeddedIdentityServer
from project_operator.sandbox.identity.nscale.settings import NscaleSettings
from project_operator.sandbox.identity.otc import command as otc
from project_operator.sandbox.identity.server import KEEP_ALIVE
from project_operator.sandbox.identity.tls import TLSFiles

_DEFAULTS: Final = NscaleSettings()
_PACE: Final = ("read_lag", "provision_delay", "deprovision_delay")
_NSCALE_OPTIONS: Final = ("dialect", *_PACE, "unique_names", "keep_alive", "seed")
"""Attributes of the parsed arguments, None where an option was not given."""
_OPTIONS: Final = {
    "nscale": _NSCALE_OPTIONS,
    "keystone": keystone.OPTIONS,
    "otc": otc.OPTIONS,
    "k5": k5.OPTIONS,
    "csp": csp.OPTIONS,
}
"""Those that only one backend has."""
_EMBEDDED: Final[Mapping[str, Callable[..., int]]] = {"otc": otc.run, "k5": k5.run, "csp": csp.run}
_CHECK_EVERY: Final = 1.0
"""Seconds between two looks whether the server still runs."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """What the subcommand has."""
    parser.description = (
        "Run an identity server that behaves as a vendor's does; print how to reach it; Ctrl-C ends it."
    )
    parser.add_argument(
        "--backend",
        choices=list(_OPTIONS),
        default="nscale",
        help="whose server to be (default: nscale); keystone is the real one, fetched by pip",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=0, help="port to listen on (default: a free one)")
    parser.add_argument("--tls-cert", type=Path, metavar="FILE", help="serve https with this certificate chain (PEM)")
    parser.add_argument("--tls-key", type=Path, metavar="FILE", help="private key of --tls-cert (PEM)")
    parser.add_argument("--output", choices=["text", "json"], default="text", help="how to print what a client needs")
    parser.add_argument(
        "--die-with-parent-fd", type=int, metavar="N", help="end when this inherited file descriptor reaches its end"
    )
    _add_nscale_options(parser)
    keystone.add_options(parser)
    otc.add_options(parser)
    k5.add_options(parser)
    csp.add_options(parser)
    parser.set_defaults(run=run)


def _add_nscale_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("with --backend nscale")
    group.add_argument(
        "--dialect",
        choices=list(DIALECTS),
        help="version of the server; 'documented' is the one of the published API page (default)",
    )
    for field in _PACE:
        option, default = f"--{field.replace('_', '-')}", getattr(_DEFAULTS, field)
        group.add_argument(option, type=float, metavar="SECONDS", help=f"(default: {default:g})")
    group.add_argument(
        "--unique-names",
        action="store_true",
        default=None,
        help="answer 409 where a name is taken, as the page documents",
    )
    group.add_argument(
        "--keep-alive",
        type=float,
        metavar="SECONDS",
        help=f"close idle connections after this long (default: {KEEP_ALIVE:g})",
    )
    group.add_argument("--seed", type=int, help="make ids and tokens the same each time")


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal, or until the owner is gone; the exit code. Raises ConfigurationError, SandboxError."""
    strange = (name for backend, names in _OPTIONS.items() if backend != arguments.backend for name in names)
    if given := [f"--{name.replace('_', '-')}" for name in strange if getattr(arguments, name) is not None]:
        raise ConfigurationError(f"--backend {arguments.backend} has no {', '.join(given)}: leave that out")
    tls = _tls(arguments)
    if arguments.backend == "keystone":
        return keystone.run(arguments, tls, lambda check: _wait(arguments.die_with_parent_fd, check))
    if (serve := _EMBEDDED.get(arguments.backend)) is not None:
        return serve(arguments, tls, lambda: _wait(arguments.die_with_parent_fd))
    with EmbeddedIdentityServer(
        _settings(arguments),
        host=arguments.host,
        port=arguments.port,
        tls=tls,
        keep_alive=KEEP_ALIVE if arguments.keep_alive is None else arguments.keep_alive,
        seed=arguments.seed,
    ) as server:
        print(_as_json(server) if arguments.output == "json" else _as_text(server), flush=True)
        _wait(arguments.die_with_parent_fd)
    return 0


def _settings(arguments: argparse.Namespace) -> NscaleSettings:
    chosen = {name: getattr(arguments, name) for name in ("dialect", *_PACE, "unique_names")}
    try:
        return NscaleSettings(**{name: value for name, value in chosen.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        option = "--" + str(first["loc"][0]).replace("_", "-")
        raise ConfigurationError(f"{option}: {first['msg'].lower()}") from None


def _tls(arguments: argparse.Namespace) -> TLSFiles | None:
    if (arguments.tls_cert is None) != (arguments.tls_key is None):
        raise ConfigurationError("--tls-cert and --tls-key belong together: give both, or neither for plain http")
    if arguments.tls_cert is None:
        return None
    for option, path in (("--tls-cert", arguments.tls_cert), ("--tls-key", arguments.tls_key)):
        if not path.is_file():
            raise ConfigurationError(f"{option}: there is no file {path}")
    return TLSFiles(arguments.tls_cert, arguments.tls_key)


def _as_json(server: EmbeddedIdentityServer) -> str:
    return json.dumps(
        {
            "url": server.url,
            "organizationID": server.organization_id,
            "serviceAccountID": server.service_account_id,
            "token": server.token,
            "adminToken": server.admin_token,
            "platformToken": server.platform_token,
        }
    )


def _as_text(server: EmbeddedIdentityServer) -> str:
    settings = server.identity.state.settings
    projects = f"{server.url}/api/v1/organizations/{server.organization_id}/projects"
    return f"""\
nscale Identity, embedded: dialect {settings.dialect}, reads lag {settings.read_lag:g} s
url:           {server.url}
organization:  {server.organization_id}

export NSCALE_SERVICE_TOKEN={server.token}
export ADMIN_TOKEN={server.admin_token}

Try, in a shell with these two lines:
  curl -H "Authorization: Bearer $NSCALE_SERVICE_TOKEN" -H 'Content-Type: application/json' \\
    -d '{{"metadata": {{"name": "first"}}, "spec": {{"groupIDs": []}}}}' {projects}
  curl -H "Authorization: Bearer $NSCALE_SERVICE_TOKEN" {projects}
  curl -H "Authorization: Bearer $ADMIN_TOKEN" {server.url}/_admin/requests
Ctrl-C ends it."""


def _wait(parent: int | None, check: Callable[[], None] = lambda: None) -> None:
    """Return on SIGINT or SIGTERM, or when the other end of ``parent`` is closed; ``check`` may raise meanwhile."""
    awake, waker = socket.socketpair()
    waker.settimeout(0)
    previous_fd = signal.set_wakeup_fd(waker.fileno())
    handlers = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        with selectors.DefaultSelector() as selector:
            selector.register(awake, selectors.EVENT_READ)
            if parent is not None:
                selector.register(parent, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select(_CHECK_EVERY)}
                if awake in ready:
                    return
                if parent is not None and parent in ready and not os.read(parent, 4096):
                    return
                check()
    finally:
        signal.set_wakeup_fd(previous_fd)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        awake.close()
        waker.close()
