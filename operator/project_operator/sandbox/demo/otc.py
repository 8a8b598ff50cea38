"""A demo on the embedded IAM of Open Telekom Cloud."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import indent

from project_operator.sandbox.controlplane.processes import OwnedProcess
from project_operator.sandbox.demo.embedded_process import embedded
from project_operator.sandbox.demo.lessons import Lesson
from project_operator.sandbox.demo.manifests import SECRET, Pace
from project_operator.sandbox.identity.otc.admin_client import OTCAdminClient
from project_operator.sandbox.identity.tls import TLSFiles


@dataclass(frozen=True)
class OTCServer:
    """The running server."""

    process: OwnedProcess
    url: str
    account: str
    region: str
    username: str
    password: str = field(repr=False)
    ca_bundle: str
    pace: Pace
    admin: OTCAdminClient
    """Sees the truth, without the lag of reads."""

    @property
    def introduction(self) -> str:
        pace = f"takes {self.pace.deprovisioning:g} s to delete a project"
        return f"behaves as the IAM of Open Telekom Cloud does; {self.url}; region {self.region}; {pace}"

    @property
    def secret(self) -> Mapping[str, str]:
        return {"username": self.username, "password": self.password}

    @property
    def member(self) -> str:
        return f"""\
openTelekomCloud:
  url: {self.url}
  domain:
    name: {self.account}
  region: {self.region}
  regionPrefix: Prepend
  auth:
    password:
      secretRef:
        name: {SECRET}
  caBundle: |
{indent(self.ca_bundle.strip(), " " * 4)}
"""

    @property
    def settings(self) -> str:
        """The default of this vendor is to leave the project behind."""
        return "deletionPolicy: Delete\n"

    @property
    def example(self) -> str:
        return "15-project-portable.yaml"

    @property
    def variables(self) -> Mapping[str, str]:
        return {}

    @property
    def deletion(self) -> str:
        return "gone"

    def lessons(self, project: str, manifest: str) -> tuple[Lesson, ...]:  # noqa: ARG002 - as every server has it
        return (_renaming(project, self.region), _suspension(project), _warning(project))

    def projects(self) -> frozenset[str]:
        return frozenset(one.id for one in self.admin.state().projects if not one.built_in)

    def ended(self, project_id: str) -> bool:
        return project_id not in self.projects()


@contextmanager
def serving(pace: Pace, folder: Path, tls: TLSFiles) -> Iterator[OTCServer]:
    """Runs the server until the block ends. Raises SandboxError when it does not start."""
    options = (f"--creation-lag={pace.read_lag}", f"--deletion-delay={pace.deprovisioning}")
    with (
        embedded("otc", folder, tls, *options) as (process, about),
        OTCAdminClient(about["url"], about["adminToken"], ca_bundle=tls.ca_bundle) as admin,
    ):
        yield OTCServer(
            process=process,
            url=about["url"],
            account=about["accountName"],
            region=about["region"],
            username=about["username"],
            password=about["password"],
            ca_bundle=tls.ca_bundle,
            pace=pace,
            admin=admin,
        )


def _renaming(project: str, region: str) -> Lesson:
    return Lesson(
        "Rename it, by its name without the region's prefix",
        f'kubectl patch iproj {project} --type=merge -p \'{{"spec": {{"name": "payments-stage"}}}}\'',
        f"the new name below the old one, and the same id as before; in the backend it is {region}_payments-stage",
    )


def _suspension(project: str) -> Lesson:
    return Lesson(
        "Suspend it",
        f'kubectl patch iproj {project} --type=merge -p \'{{"spec": {{"enabled": false}}}}\' &&\n'
        f"kubectl wait --for=jsonpath='{{.status.observed.enabled}}'=false iproj/{project} --timeout=30s &&\n"
        f"kubectl get iproj {project} -o jsonpath='{{.status.observed.raw}}'",
        'the vendor\'s own word beside the rest: "status":"suspended"',
    )


def _warning(project: str) -> Lesson:
    return Lesson(
        "Delete it, and read what goes with it",
        f"kubectl delete iproj {project} && kubectl get events --field-selector reason=Destroying",
        "an Event from before the deletion was sent: every cloud resource in the project goes with it",
    )
