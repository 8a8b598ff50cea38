"""A demo on the embedded Fujitsu K5, where a project that is deleted here is switched off there."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import indent
from typing import Final

from project_operator.sandbox.controlplane.processes import OwnedProcess
from project_operator.sandbox.demo.embedded_process import embedded
from project_operator.sandbox.demo.lessons import Lesson, renaming_alone
from project_operator.sandbox.demo.manifests import SECRET
from project_operator.sandbox.identity.k5.admin_client import K5AdminClient
from project_operator.sandbox.identity.tls import TLSFiles

GROUP: Final = "payments-developers"


@dataclass(frozen=True)
class K5Server:
    """The running server."""

    process: OwnedProcess
    url: str
    domain: str
    username: str
    password: str = field(repr=False)
    ca_bundle: str
    admin: K5AdminClient
    """Sees the truth."""

    @property
    def introduction(self) -> str:
        return f"behaves as Fujitsu K5 does; {self.url}; projects are never deleted there; group {GROUP}"

    @property
    def secret(self) -> Mapping[str, str]:
        return {"username": self.username, "password": self.password}

    @property
    def member(self) -> str:
        return f"""\
fujitsuK5:
  url: {self.url}
  domain:
    name: {self.domain}
  auth:
    password:
      secretRef:
        name: {SECRET}
  caBundle: |
{indent(self.ca_bundle.strip(), " " * 4)}
"""

    @property
    def settings(self) -> str:
        return ""

    @property
    def example(self) -> str:
        return "15-project-portable.yaml"

    @property
    def variables(self) -> Mapping[str, str]:
        return {}

    @property
    def deletion(self) -> str:
        return "switched off, with its mark"

    def lessons(self, project: str, manifest: str) -> tuple[Lesson, ...]:
        return (renaming_alone(project, "K5"), _role(project), _again(project, manifest))

    def projects(self) -> frozenset[str]:
        return frozenset(one.id for one in self.admin.state().projects)

    def ended(self, project_id: str) -> bool:
        return any(
            one.id == project_id and not one.enabled and "iproj1:" in one.description
            for one in self.admin.state().projects
        )


@contextmanager
def serving(folder: Path, tls: TLSFiles) -> Iterator[K5Server]:
    """Runs the server until the block ends. Raises SandboxError when it does not start."""
    with (
        embedded("k5", folder, tls) as (process, about),
        K5AdminClient(about["url"], about["adminToken"], ca_bundle=tls.ca_bundle) as admin,
    ):
        admin.make_group(GROUP)
        yield K5Server(
            process=process,
            url=about["url"],
            domain=about["domainName"],
            username=about["username"],
            password=about["password"],
            ca_bundle=tls.ca_bundle,
            admin=admin,
        )


def _role(project: str) -> Lesson:
    groups = f'[{{"name": "{GROUP}", "roles": [{{"name": "_member_"}}]}}]'
    return Lesson(
        "Give a group a role on it, by their names",
        f'kubectl patch iproj {project} --type=merge -p \'{{"spec": {{"groups": {groups}}}}}\' &&\n'
        f"kubectl wait --for=jsonpath='{{.status.observed.roleAssignments}}' iproj/{project} --timeout=30s &&\n"
        f"kubectl get iproj {project} -o jsonpath='{{.status.observed.roleAssignments}}'",
        "the ids of group and role, as K5 shows them",
    )


def _again(project: str, manifest: str) -> Lesson:
    return Lesson(
        "Delete it, and apply it again",
        f"kubectl delete iproj {project} && kubectl apply -f {manifest} &&\n"
        f"kubectl wait --for=condition=Ready iproj/{project} --timeout=30s &&\n"
        f"kubectl get iproj {project} -o jsonpath='{{.status.origin}} {{.status.id}}'",
        "`Resumed` and the id as before: it was switched off, and the next of its name has switched it on",
    )
