"""A demo on the embedded VMware Cloud Services Platform, where a project that is deleted here is let go there."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import indent

from project_operator.sandbox.controlplane.processes import OwnedProcess
from project_operator.sandbox.demo.embedded_process import embedded
from project_operator.sandbox.demo.lessons import Lesson, misspelling, renaming_alone
from project_operator.sandbox.demo.manifests import SECRET, Pace
from project_operator.sandbox.identity.csp.admin_client import CSPAdminClient
from project_operator.sandbox.identity.tls import TLSFiles


@dataclass(frozen=True)
class CSPServer:
    """The running server."""

    process: OwnedProcess
    url: str
    organization_id: str
    client_id: str
    client_secret: str = field(repr=False)
    ca_bundle: str
    pace: Pace
    admin: CSPAdminClient
    """Sees the truth, without the lag of lists."""

    @property
    def introduction(self) -> str:
        return f"behaves as VMware Cloud Services Platform is documented; {self.url}; it documents no deletion"

    @property
    def secret(self) -> Mapping[str, str]:
        return {"client-id": self.client_id, "client-secret": self.client_secret}

    @property
    def member(self) -> str:
        return f"""\
vmwareCSP:
  url: {self.url}
  organization: {self.organization_id}
  auth:
    clientCredentials:
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
        return "left as it is, without its mark"

    def lessons(self, project: str, manifest: str) -> tuple[Lesson, ...]:
        return (renaming_alone(project, "the platform"), misspelling(project, manifest), _deletion(project))

    def projects(self) -> frozenset[str]:
        return frozenset(one.id for one in self.admin.state().projects)

    def ended(self, project_id: str) -> bool:
        return any(
            one.id == project_id and (one.description or "").endswith("iproj1:orphaned")
            for one in self.admin.state().projects
        )


@contextmanager
def serving(pace: Pace, folder: Path, tls: TLSFiles) -> Iterator[CSPServer]:
    """Runs the server until the block ends. Raises SandboxError when it does not start."""
    with (
        embedded("csp", folder, tls, f"--list-lag={pace.read_lag}") as (process, about),
        CSPAdminClient(about["url"], about["adminToken"], ca_bundle=tls.ca_bundle) as admin,
    ):
        yield CSPServer(
            process=process,
            url=about["url"],
            organization_id=about["organizationID"],
            client_id=about["clientID"],
            client_secret=about["clientSecret"],
            ca_bundle=tls.ca_bundle,
            pace=pace,
            admin=admin,
        )


def _deletion(project: str) -> Lesson:
    return Lesson(
        "Ask for a deletion that the vendor does not document",
        f'kubectl patch iproj {project} --type=merge -p \'{{"spec": {{"deletionPolicy": "Delete"}}}}\' &&\n'
        f"kubectl wait --for=jsonpath='{{.status.conditions[?(@.type==\"Stalled\")].reason}}'=Unsupported \\\n"
        f"  iproj/{project} --timeout=30s",
        "the switch of the backend object that would allow it, in the message",
    )
