"""The embedded identity server as a process of its own, reached by TLS with an authority of its own."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from project_operator.sandbox.controlplane.processes import OwnedProcess
from project_operator.sandbox.demo.manifests import Pace
from project_operator.sandbox.demo.waiting import must_run, until
from project_operator.sandbox.identity.nscale.admin_client import NscaleAdminClient
from project_operator.sandbox.identity.tls import TLSFiles

BACKENDS: Final = ("nscale",)
_WITHIN: Final = 60.0


@dataclass(frozen=True)
class IdentityServer:
    """A running server and what a client needs."""

    process: OwnedProcess
    url: str
    organization_id: str
    token: str = field(repr=False)
    ca_bundle: str
    ca_file: Path
    admin: NscaleAdminClient
    """Sees the truth, without the lag of reads."""

    @property
    def projects_url(self) -> str:
        """The collection of projects."""
        return f"{self.url}/api/v1/organizations/{self.organization_id}/projects"

    def holds(self, project_id: str) -> bool:
        """Whether the project is in the server's own list, be it on its way out."""
        return any(project.id == project_id for project in self.admin.projects())


@contextmanager
def serving(backend: str, pace: Pace, folder: Path) -> Iterator[IdentityServer]:
    """Runs the server of that vendor until the block ends; its files lie in ``folder``, which others cannot read.

    Raises SandboxError when it does not start.
    """
    tls = TLSFiles.make(folder)
    ca_file = folder / "ca.pem"
    ca_file.write_text(tls.ca_bundle, encoding="ascii")
    command = [
        *(sys.executable, "-m", "project_operator", "sandbox", "identity"),
        f"--backend={backend}",
        f"--read-lag={pace.read_lag}",
        f"--provision-delay={pace.provisioning}",
        f"--deprovision-delay={pace.deprovisioning}",
        f"--tls-cert={tls.certificate}",
        f"--tls-key={tls.key}",
        "--output=json",
    ]
    process = OwnedProcess("identity server", command, log=folder / "identity-server.log")
    try:
        about = until(
            lambda: _announced(process.log),
            "the identity server to start",
            check=lambda: must_run(process),
            within=_WITHIN,
        )
        with NscaleAdminClient(about["url"], about["adminToken"], ca_bundle=tls.ca_bundle) as admin:
            yield IdentityServer(
                process=process,
                url=about["url"],
                organization_id=about["organizationID"],
                token=about["token"],
                ca_bundle=tls.ca_bundle,
                ca_file=ca_file,
                admin=admin,
            )
    finally:
        process.stop()


def _announced(log: Path) -> dict[str, Any] | None:
    """What the server says once it serves: a line of JSON."""
    for line in log.read_text(encoding="utf-8").splitlines(keepends=True) if log.exists() else ():
        if line.startswith("{") and line.endswith("\n"):
            about: dict[str, Any] = json.loads(line)
            return about
    return None
