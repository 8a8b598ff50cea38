"""``project-operator sandbox identity --backend csp``: the embedded Cloud Services Platform that runs alone."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Final

import click
from pydantic import ValidationError

from project_operator.errors import ConfigurationError
from project_operator.sandbox.identity.csp.embedded import EmbeddedPlatform
from project_operator.sandbox.identity.csp.settings import CSPSettings
from project_operator.sandbox.identity.tls import TLSFiles

_DEFAULTS: Final = CSPSettings()


OPTIONS: Final = (
    click.option(
        "--list-lag",
        type=float,
        metavar="SECONDS",
        help=f"With csp: lists are so old (default: {_DEFAULTS.list_lag:g}).",
    ),
    click.option(
        "--deletes",
        is_flag=True,
        default=None,
        help="With csp: have a DELETE for projects, which is not documented.",
    ),
)
"""The options that only this server has; each is None where it is not given."""


def run(arguments: SimpleNamespace, tls: TLSFiles | None, wait: Callable[[], None]) -> int:
    """Serve as long as ``wait`` lasts; the exit code. Raises ConfigurationError, SandboxError."""
    settings = _settings(arguments)
    with EmbeddedPlatform(settings, host=arguments.host, port=arguments.port, tls=tls) as server:
        print(_as_json(server) if arguments.output == "json" else _as_text(server), flush=True)
        wait()
    return 0


def _settings(arguments: SimpleNamespace) -> CSPSettings:
    chosen = {"list_lag": arguments.list_lag, "deletes": arguments.deletes}
    try:
        return CSPSettings(**{name: value for name, value in chosen.items() if value is not None})
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        # A validation error names a field by its alias.
        raise ConfigurationError(f"--list-lag: {first['msg'].lower()}") from None


def _as_json(server: EmbeddedPlatform) -> str:
    state = server.state
    return json.dumps(
        {
            "url": server.url,
            "organizationID": state.organization_id,
            "clientID": state.client_id,
            "clientSecret": state.client_secret,
            "apiToken": state.api_token,
            "adminToken": server.admin_token,
        }
    )


def _as_text(server: EmbeddedPlatform) -> str:
    state = server.state
    projects = f"{server.url}/csp/gateway/resource/api/v2/orgs/{state.organization_id}/projects"
    return f"""\
VMware Cloud Services Platform, embedded: lists lag {state.settings.list_lag:g} s
url:           {server.url}
organization:  {state.organization_id}

export CSP_CLIENT={state.client_id}:{state.client_secret}
export ADMIN_TOKEN={server.admin_token}

Try, in a shell with these two lines:
  TOKEN=$(curl -s -u "$CSP_CLIENT" -d grant_type=client_credentials \\
    {server.url}/csp/gateway/am/api/auth/token | sed 's/.*"access_token":"\\([^"]*\\)".*/\\1/')
  curl -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
    -d '{{"displayName": "first"}}' {projects}
  curl -H "Authorization: Bearer $TOKEN" {projects.replace("/v2/", "/v1/")}
  curl -H "Authorization: Bearer $ADMIN_TOKEN" {server.url}/_admin/requests
Ctrl-C ends it."""
