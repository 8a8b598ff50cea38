"""``project-operator sandbox identity --backend keystone``: the real Keystone that runs alone."""

import json
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Final

import click
from pydantic import ValidationError

from project_operator.errors import ConfigurationError
from project_operator.sandbox.controlplane.plane import default_cache
from project_operator.sandbox.controlplane.report import Report, duration
from project_operator.sandbox.identity.keystone.admin_client import ADMIN
from project_operator.sandbox.identity.keystone.embedded import EmbeddedKeystone
from project_operator.sandbox.identity.keystone.prepared import prepare
from project_operator.sandbox.identity.keystone.settings import KeystoneSettings
from project_operator.sandbox.identity.tls import TLSFiles

_DEFAULTS: Final = KeystoneSettings()

Wait = Callable[[Callable[[], None]], None]
"""Returns when the server is to end; calls now and then what raises where it has ended by itself."""


OPTIONS: Final = (
    click.option(
        "--build-only", is_flag=True, default=None, help="With keystone: fetch and prepare it, start nothing."
    ),
    click.option(
        "--token-expiration",
        type=int,
        metavar="SECONDS",
        help=f"With keystone: how long a token lives (default: {_DEFAULTS.token_expiration}).",
    ),
    click.option(
        "--max-db-limit",
        type=int,
        metavar="ROWS",
        help=f"With keystone: rows of a page at most (default: {_DEFAULTS.max_db_limit}).",
    ),
    click.option(
        "--max-project-tree-depth",
        type=int,
        metavar="LEVELS",
        help=f"With keystone: levels of projects below a domain (default: {_DEFAULTS.max_project_tree_depth}).",
    ),
    click.option(
        "--public-endpoint", metavar="URL", help="With keystone: where links lead (default: to the address asked)."
    ),
)
"""The options that only this server has; each is None where it is not given."""


def run(arguments: SimpleNamespace, tls: TLSFiles | None, wait: Wait) -> int:
    """Serve as long as ``wait`` lasts; the exit code. Raises SandboxError."""
    report = Report()
    if arguments.build_only:
        started = time.monotonic()
        prepare(default_cache(), report)
        report.say(f"Keystone: ready to be started after {duration(time.monotonic() - started)}")
        return 0
    settings = _settings(arguments)
    with EmbeddedKeystone(settings, host=arguments.host, port=arguments.port, tls=tls, report=report) as server:
        print(_as_json(server) if arguments.output == "json" else _as_text(server), flush=True)
        wait(server.check)
    return 0


def _settings(arguments: SimpleNamespace) -> KeystoneSettings:
    chosen = {name: getattr(arguments, name) for name in KeystoneSettings.model_fields}
    try:
        return KeystoneSettings(**{name: value for name, value in chosen.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        option = "--" + str(first["loc"][0]).replace("_", "-")
        raise ConfigurationError(f"{option}: {first['msg'].lower()}") from None


def _as_json(server: EmbeddedKeystone) -> str:
    return json.dumps({"url": server.url, "username": ADMIN, "password": server.admin_password})


def _as_text(server: EmbeddedKeystone) -> str:
    return f"""\
OpenStack Keystone, the real one
url:   {server.url}
logs:  {server.folder}

export OS_IDENTITY_API_VERSION=3 OS_AUTH_URL={server.url}
export OS_USERNAME={ADMIN} OS_PASSWORD={server.admin_password} OS_USER_DOMAIN_ID=default
export OS_PROJECT_NAME=admin OS_PROJECT_DOMAIN_ID=default

Try, in a shell with these three lines:
  OS_TOKEN=$(curl -sS -o /dev/null -D - -H 'Content-Type: application/json' "$OS_AUTH_URL/auth/tokens" -d '{{"auth": {{
    "identity": {{"methods": ["password"], "password": {{"user": {{
      "name": "'"$OS_USERNAME"'", "domain": {{"id": "default"}}, "password": "'"$OS_PASSWORD"'"}}}}}},
    "scope": {{"project": {{"name": "admin", "domain": {{"id": "default"}}}}}}}}}}' |
    tr -d '\\r' | sed -n 's/^x-subject-token: //Ip')
  curl -sS -H "X-Auth-Token: $OS_TOKEN" -H 'Content-Type: application/json' \\
    -d '{{"project": {{"name": "first", "domain_id": "default"}}}}' "$OS_AUTH_URL/projects"
  curl -sS -H "X-Auth-Token: $OS_TOKEN" "$OS_AUTH_URL/projects?domain_id=default&limit=100"
Ctrl-C ends it."""
