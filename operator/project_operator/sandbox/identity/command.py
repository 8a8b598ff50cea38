"""``project-operator sandbox identity``: an identity server that runs alone, embedded or the vendor's own."""

import json
import os
import selectors
import signal
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import click
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
_NSCALE_OPTIONS: Final = (
    click.option(
        "--dialect",
        type=click.Choice(list(DIALECTS)),
        help="With nscale: version of the server; 'documented' is the one of the published API page (default).",
    ),
    *(
        click.option(
            f"--{field.replace('_', '-')}",
            type=float,
            metavar="SECONDS",
            help=f"With nscale (default: {getattr(_DEFAULTS, field):g}).",
        )
        for field in _PACE
    ),
    click.option(
        "--unique-names",
        is_flag=True,
        default=None,
        help="With nscale: answer 409 where a name is taken, as the page documents.",
    ),
    click.option(
        "--keep-alive",
        type=float,
        metavar="SECONDS",
        help=f"With nscale: close idle connections after this long (default: {KEEP_ALIVE:g}).",
    ),
    click.option("--seed", type=int, help="With nscale: make ids and tokens the same each time."),
)
_OPTIONS: Final = {
    "nscale": _NSCALE_OPTIONS,
    "keystone": keystone.OPTIONS,
    "otc": otc.OPTIONS,
    "k5": k5.OPTIONS,
    "csp": csp.OPTIONS,
}
"""Those that only one backend has; None where an option was not given."""
_EMBEDDED: Final[Mapping[str, Callable[..., int]]] = {"otc": otc.run, "k5": k5.run, "csp": csp.run}
_CHECK_EVERY: Final = 1.0
"""Seconds between two looks whether the server still runs."""


def _of_every_backend(made: Callable[..., int]) -> Callable[..., int]:
    for option in reversed([option for options in _OPTIONS.values() for option in options]):
        made = option(made)
    return made


@click.command("identity")
@click.option(
    "--backend",
    type=click.Choice(list(_OPTIONS)),
    default="nscale",
    show_default=True,
    help="Whose server to be; keystone is the real one, fetched by pip.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=int, default=0, help="Port to listen on (default: a free one).")
@click.option(
    "--tls-cert", type=click.Path(path_type=Path), metavar="FILE", help="Serve https with this certificate chain (PEM)."
)
@click.option("--tls-key", type=click.Path(path_type=Path), metavar="FILE", help="Private key of --tls-cert (PEM).")
@click.option(
    "--output",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to print what a client needs.",
)
@click.option(
    "--die-with-parent-fd", type=int, metavar="N", help="End when this inherited file descriptor reaches its end."
)
@_of_every_backend
def command(**options: Any) -> int:
    """Run an identity server that behaves as a vendor's does; print how to reach it; Ctrl-C ends it."""
    return run(SimpleNamespace(**options))


def run(arguments: SimpleNamespace) -> int:
    """Serve until a signal, or until the owner is gone; the exit code. Raises ConfigurationError, SandboxError."""
    strange = (name for backend in _OPTIONS if backend != arguments.backend for name in _names(backend))
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


def _names(backend: str) -> list[str]:
    """The options that only ``backend`` has, as attributes of the arguments."""

    @click.command
    def made() -> None:
        """Has them."""

    for option in _OPTIONS[backend]:
        made = option(made)
    return [str(one.name) for one in made.params]


def _settings(arguments: SimpleNamespace) -> NscaleSettings:
    chosen = {name: getattr(arguments, name) for name in ("dialect", *_PACE, "unique_names")}
    try:
        return NscaleSettings(**{name: value for name, value in chosen.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        option = "--" + str(first["loc"][0]).replace("_", "-")
        raise ConfigurationError(f"{option}: {first['msg'].lower()}") from None


def _tls(arguments: SimpleNamespace) -> TLSFiles | None:
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
