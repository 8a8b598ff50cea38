"""``project-operator sandbox identity --backend otc``: the embedded IAM of Open Telekom Cloud that runs alone."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Final

import click
from pydantic import ValidationError

from project_operator.errors import ConfigurationError
from project_operator.sandbox.identity.otc.embedded import EmbeddedIAM
from project_operator.sandbox.identity.otc.resources import REGIONS
from project_operator.sandbox.identity.otc.settings import OTCSettings
from project_operator.sandbox.identity.otc.state import ACCOUNT_NAME, USER
from project_operator.sandbox.identity.tls import TLSFiles

_DEFAULTS: Final = OTCSettings()


OPTIONS: Final = (
    click.option(
        "--creation-lag",
        type=float,
        metavar="SECONDS",
        help=f"With otc: reads show nothing of a write for so long (default: {_DEFAULTS.read_lag:g}).",
    ),
    click.option(
        "--deletion-delay",
        type=float,
        metavar="SECONDS",
        help=f"With otc: a deletion takes so long (default: {_DEFAULTS.deletion_delay:g}).",
    ),
)
"""The options that only this server has; each is None where it is not given."""


def run(arguments: SimpleNamespace, tls: TLSFiles | None, wait: Callable[[], None]) -> int:
    """Serve as long as ``wait`` lasts; the exit code. Raises ConfigurationError, SandboxError."""
    with EmbeddedIAM(_settings(arguments), host=arguments.host, port=arguments.port, tls=tls) as server:
        print(_as_json(server) if arguments.output == "json" else _as_text(server), flush=True)
        wait()
    return 0


def _settings(arguments: SimpleNamespace) -> OTCSettings:
    chosen: dict[str, float] = {}
    if arguments.creation_lag is not None:
        chosen |= {"read_lag": arguments.creation_lag, "list_lag": arguments.creation_lag}
    if arguments.deletion_delay is not None:
        chosen["deletion_delay"] = arguments.deletion_delay
    try:
        return OTCSettings(**chosen)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        option = "--deletion-delay" if first["loc"][0] in {"deletion_delay", "deletionDelay"} else "--creation-lag"
        raise ConfigurationError(f"{option}: {first['msg'].lower()}") from None


def _as_json(server: EmbeddedIAM) -> str:
    return json.dumps(
        {
            "url": server.url,
            "accountID": server.state.account_id,
            "accountName": ACCOUNT_NAME,
            "region": REGIONS[0],
            "username": USER,
            "password": server.state.password,
            "adminToken": server.admin_token,
        }
    )


def _as_text(server: EmbeddedIAM) -> str:
    state, settings, region = server.state, server.state.settings, REGIONS[0]
    parent = next(one.id for one in state.truth().values() if one.name == region)
    return f"""\
Open Telekom Cloud IAM, embedded: reads lag {settings.read_lag:g} s, deletions take {settings.deletion_delay:g} s
url:      {server.url}
account:  {ACCOUNT_NAME} ({state.account_id})
region:   {region}

export OTC_PASSWORD={state.password}
export ADMIN_TOKEN={server.admin_token}

Try, in a shell with these two lines:
  JSON='Content-Type: application/json;charset=utf8'
  USER='{{"name": "{USER}", "domain": {{"name": "{ACCOUNT_NAME}"}}, "password": "'$OTC_PASSWORD'"}}'
  SCOPE='{{"domain": {{"name": "{ACCOUNT_NAME}"}}}}'
  TOKEN=$(curl -s -D - -o /dev/null -H "$JSON" -d '{{"auth": {{"identity": {{"methods": ["password"],
    "password": {{"user": '"$USER"'}}}}, "scope": '"$SCOPE"'}}}}' {server.url}/v3/auth/tokens |
    tr -d '\\r' | awk 'tolower($1) == "x-subject-token:" {{ print $2 }}')
  curl -H "X-Auth-Token: $TOKEN" -H "$JSON" \\
    -d '{{"project": {{"name": "{region}_first", "parent_id": "{parent}"}}}}' {server.url}/v3/projects
  curl -H "X-Auth-Token: $TOKEN" '{server.url}/v3/projects?page=1&per_page=10'
  curl -H "Authorization: Bearer $ADMIN_TOKEN" {server.url}/_admin/requests
Ctrl-C ends it."""
