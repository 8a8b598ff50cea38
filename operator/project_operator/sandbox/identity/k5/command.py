"""``project-operator sandbox identity --backend k5``: the embedded service of a region that runs alone."""

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Final

import click

from project_operator.sandbox.identity.k5.embedded import EmbeddedK5
from project_operator.sandbox.identity.k5.settings import K5Settings
from project_operator.sandbox.identity.k5.state import REGION
from project_operator.sandbox.identity.tls import TLSFiles

OPTIONS: Final = (
    click.option(
        "--global-service",
        is_flag=True,
        default=None,
        help="With k5: be the global identity service, whose tokens may not manage projects.",
    ),
)
"""The options that only this server has; each is None where it is not given."""


def run(arguments: SimpleNamespace, tls: TLSFiles | None, wait: Callable[[], None]) -> int:
    """Serve as long as ``wait`` lasts; the exit code. Raises SandboxError."""
    settings = K5Settings(regional=not arguments.global_service)
    with EmbeddedK5(settings, host=arguments.host, port=arguments.port, tls=tls) as server:
        print(_as_json(server) if arguments.output == "json" else _as_text(server), flush=True)
        wait()
    return 0


def _as_json(server: EmbeddedK5) -> str:
    state = server.state
    return json.dumps(
        {
            "url": server.url,
            "domainID": state.domain.id,
            "domainName": state.domain.name,
            "projectID": state.home_id,
            "username": state.user.name,
            "password": state.password,
            "adminToken": server.admin_token,
        }
    )


def _as_text(server: EmbeddedK5) -> str:
    state = server.state
    where = f"of the region {REGION}" if state.settings.regional else "that is global"
    credential = {"name": state.user.name, "domain": {"id": state.domain.id}, "password": "'\"$K5_PASSWORD\"'"}
    body = json.dumps(
        {"auth": {"identity": {"methods": ["password"], "password": {"user": credential}}}}, ensure_ascii=False
    ).replace('\\"', '"')
    return f"""\
Fujitsu K5, embedded: the identity service {where}
url:     {server.url}
domain:  {state.domain.id} ({state.domain.name})

export K5_PASSWORD={state.password}
export ADMIN_TOKEN={server.admin_token}

Try, in a shell with these two lines:
  TOKEN=$(curl -sS -D - -o /dev/null -H 'Content-Type: application/json' \\
    -d '{body}' \\
    {server.url}/v3/auth/tokens | tr -d '\\r' | awk 'tolower($1) == "x-subject-token:" {{ print $2 }}')
  curl -H "X-Auth-Token: $TOKEN" -H 'Content-Type: application/json' \\
    -d '{{"project": {{"name": "first", "domain_id": "{state.domain.id}"}}}}' {server.url}/v3/projects
  curl -H "X-Auth-Token: $TOKEN" '{server.url}/v3/projects?domain_id={state.domain.id}'
  curl -H "Authorization: Bearer $ADMIN_TOKEN" {server.url}/_admin/requests
Ctrl-C ends it."""
