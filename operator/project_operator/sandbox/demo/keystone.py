"""A demo on the real Keystone: a domain with a manager, which is all that the operator may do there, and a group."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from textwrap import indent
from typing import Final

from project_operator.sandbox.controlplane.processes import OwnedProcess
from project_operator.sandbox.controlplane.report import Report
from project_operator.sandbox.demo.lessons import Lesson, renaming, secret_value
from project_operator.sandbox.demo.manifests import SECRET
from project_operator.sandbox.identity.keystone.admin_client import User
from project_operator.sandbox.identity.keystone.embedded import EmbeddedKeystone
from project_operator.sandbox.identity.tls import TLSFiles

DOMAIN: Final = "acme"
MANAGER: Final = "project-operator"
GROUP: Final = "payments-developers"


@dataclass(frozen=True)
class KeystoneServer:
    """The running server."""

    server: EmbeddedKeystone
    domain_id: str
    manager: User
    """Has the role ``manager`` on the domain: the least that the operator needs."""
    ca_file: Path

    @property
    def process(self) -> OwnedProcess:
        return self.server.process

    @property
    def introduction(self) -> str:
        return f"is the real OpenStack Keystone; {self.server.url}; domain {DOMAIN}, with the group {GROUP}"

    @property
    def secret(self) -> Mapping[str, str]:
        return {"username": self.manager.name, "password": self.manager.password}

    @property
    def member(self) -> str:
        return f"""\
keystone:
  url: {self.server.url}
  domain:
    name: {DOMAIN}
  auth:
    password:
      secretRef:
        name: {SECRET}
  caBundle: |
{indent(self.server.ca_bundle.strip(), " " * 4)}
"""

    @property
    def settings(self) -> str:
        return ""

    @property
    def example(self) -> str:
        return "02-project.yaml"

    @property
    def variables(self) -> Mapping[str, str]:
        return {"OS_CACERT": str(self.ca_file), "OS_AUTH_URL": self.server.url}

    @property
    def deletion(self) -> str:
        return "gone"

    def lessons(self, project: str, manifest: str) -> tuple[Lesson, ...]:  # noqa: ARG002 - as every server has it
        return (renaming(project, "Keystone"), _role(project), _deletion(project))

    def projects(self) -> frozenset[str]:
        return frozenset(project.id for project in self.server.admin.projects(self.domain_id))

    def ended(self, project_id: str) -> bool:
        return project_id not in self.projects()


@contextmanager
def serving(folder: Path, tls: TLSFiles, ca_file: Path, report: Report) -> Iterator[KeystoneServer]:
    """Runs the server until the block ends. Raises SandboxError when it does not start."""
    with EmbeddedKeystone(tls=tls, folder=folder, report=report) as server:
        admin = server.admin
        domain_id = admin.make_domain(DOMAIN)
        manager = admin.make_user(MANAGER, token_urlsafe(24), domain_id)
        admin.grant(admin.role_id("manager"), f"domains/{domain_id}", user=manager.id)
        admin.make_group(GROUP, domain_id)
        yield KeystoneServer(server, domain_id, manager, ca_file)


def _role(project: str) -> Lesson:
    groups = f'[{{"name": "{GROUP}", "roles": [{{"name": "member"}}]}}]'
    return Lesson(
        "Give a group a role on it, by their names",
        f'kubectl patch iproj {project} --type=merge -p \'{{"spec": {{"groups": {groups}}}}}\' &&\n'
        f"kubectl wait --for=jsonpath='{{.status.observed.roleAssignments}}' iproj/{project} --timeout=30s &&\n"
        f"kubectl get iproj {project} -o jsonpath='{{.status.observed.roleAssignments}}'",
        "the ids of group and role, as Keystone shows them",
    )


def _deletion(project: str) -> Lesson:
    return Lesson(
        "Delete it behind the operator's back, in Keystone itself",
        f"""\
OS_PASSWORD="{secret_value("password")}"
OS_TOKEN=$(curl -sS --noproxy '*' --cacert "$OS_CACERT" -D - -o /dev/null -H 'Content-Type: application/json' \\
  -d '{{"auth": {{"identity": {{"methods": ["password"], "password": {{"user": {{"name": "{MANAGER}",
       "domain": {{"name": "{DOMAIN}"}}, "password": "'"$OS_PASSWORD"'"}}}}}},
       "scope": {{"domain": {{"name": "{DOMAIN}"}}}}}}}}' "$OS_AUTH_URL/auth/tokens" |
  tr -d '\\r' | awk 'tolower($1) == "x-subject-token:" {{ print $2 }}')
curl -sS --noproxy '*' --cacert "$OS_CACERT" -X DELETE -w 'HTTP %{{http_code}}\\n' -H "X-Auth-Token: $OS_TOKEN" \\
  "$OS_AUTH_URL/projects/$(kubectl get iproj {project} -o jsonpath='{{.status.id}}')\"""",
        "`missing`, as soon as its absence is proved, and a message that says what to do about it",
    )
