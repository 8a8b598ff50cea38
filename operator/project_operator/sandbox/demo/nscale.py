"""A demo on the embedded nscale server."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import indent

from project_operator.sandbox.controlplane.processes import OwnedProcess
from project_operator.sandbox.demo.embedded_process import embedded
from project_operator.sandbox.demo.lessons import Lesson, misspelling, renaming, secret_value
from project_operator.sandbox.demo.manifests import SECRET, Pace
from project_operator.sandbox.identity.nscale.admin_client import NscaleAdminClient
from project_operator.sandbox.identity.tls import TLSFiles


@dataclass(frozen=True)
class NscaleServer:
    """The running server."""

    process: OwnedProcess
    url: str
    organization_id: str
    token: str = field(repr=False)
    ca_bundle: str
    ca_file: Path
    pace: Pace
    admin: NscaleAdminClient
    """Sees the truth, without the lag of reads."""

    @property
    def introduction(self) -> str:
        pace = f"takes {self.pace.provisioning:g} s to provision a project"
        return f"behaves as nscale Identity does; {self.url}; {pace}"

    @property
    def secret(self) -> Mapping[str, str]:
        return {"token": self.token}

    @property
    def member(self) -> str:
        return f"""\
nscale:
  url: {self.url}
  auth:
    serviceAccountToken:
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
        return "02-project.yaml"

    @property
    def variables(self) -> Mapping[str, str]:
        projects = f"{self.url}/api/v1/organizations/{self.organization_id}/projects"
        return {"NSCALE_CA": str(self.ca_file), "NSCALE_PROJECTS": projects}

    @property
    def deletion(self) -> str:
        return "gone"

    def lessons(self, project: str, manifest: str) -> tuple[Lesson, ...]:
        return (renaming(project, "nscale"), misspelling(project, manifest), _deletion(project))

    def projects(self) -> frozenset[str]:
        return frozenset(project.id for project in self.admin.projects())

    def ended(self, project_id: str) -> bool:
        return project_id not in self.projects()


@contextmanager
def serving(pace: Pace, folder: Path, tls: TLSFiles, ca_file: Path) -> Iterator[NscaleServer]:
    """Runs the server until the block ends. Raises SandboxError when it does not start."""
    options = (
        f"--read-lag={pace.read_lag}",
        f"--provision-delay={pace.provisioning}",
        f"--deprovision-delay={pace.deprovisioning}",
    )
    with (
        embedded("nscale", folder, tls, *options) as (process, about),
        NscaleAdminClient(about["url"], about["adminToken"], ca_bundle=tls.ca_bundle) as admin,
    ):
        yield NscaleServer(
            process=process,
            url=about["url"],
            organization_id=about["organizationID"],
            token=about["token"],
            ca_bundle=tls.ca_bundle,
            ca_file=ca_file,
            pace=pace,
            admin=admin,
        )


def _deletion(project: str) -> Lesson:
    return Lesson(
        "Delete it behind the operator's back, in nscale itself",
        "curl -sS --noproxy '*' --cacert \"$NSCALE_CA\" -X DELETE -w 'HTTP %{http_code}\\n' \\\n"
        f'  -H "Authorization: Bearer {secret_value("token")}" \\\n'
        f"  \"$NSCALE_PROJECTS/$(kubectl get iproj {project} -o jsonpath='{{.status.id}}')\"",
        "`missing`, as soon as its absence is proved, and a message that says what to do about it",
    )
