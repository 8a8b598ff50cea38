"""The identity server of a demo, whoever's it is: a process of its own, reached by TLS with an authority of its own."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from project_operator.sandbox.controlplane.processes import OwnedProcess
from project_operator.sandbox.controlplane.report import Report
from project_operator.sandbox.demo import csp, k5, keystone, nscale, otc
from project_operator.sandbox.demo.lessons import Lesson
from project_operator.sandbox.demo.manifests import Pace
from project_operator.sandbox.identity.tls import TLSFiles

BACKENDS: Final = ("nscale", "keystone", "otc", "k5", "csp")


class IdentityServer(Protocol):
    """A running server and what a demo of it needs."""

    @property
    def process(self) -> OwnedProcess:
        """Ends with us."""

    @property
    def introduction(self) -> str:
        """What it is and where, in a line."""

    @property
    def secret(self) -> Mapping[str, str]:
        """What the Secret with the operator's credential holds."""

    @property
    def member(self) -> str:
        """YAML of its member of the union in the spec of an IdentityBackend, from the first column."""

    @property
    def settings(self) -> str:
        """YAML of what else the spec of the IdentityBackend says, from the first column; may be empty."""

    @property
    def example(self) -> str:
        """The file in ``deploy/examples`` with the Project to apply."""

    @property
    def variables(self) -> Mapping[str, str]:
        """Environment variables that its lessons use."""

    @property
    def deletion(self) -> str:
        """What a project is once its Project is gone: ``gone``, or what else becomes of it there."""

    def lessons(self, project: str, manifest: str) -> tuple[Lesson, ...]:
        """Three things to try with the Project of that name, made from the file ``manifest``."""

    def projects(self) -> frozenset[str]:
        """Ids of the projects that it truly holds, be they on their way out."""

    def ended(self, project_id: str) -> bool:
        """Whether that has become of it what `deletion` says."""


@contextmanager
def serving(backend: str, pace: Pace, folder: Path, report: Report) -> Iterator[IdentityServer]:
    """Runs the server of that vendor until the block ends; its files lie in ``folder``, which others cannot read.

    ``report`` hears what must be fetched for it. Raises SandboxError when it does not start.
    """
    tls = TLSFiles.make(folder)
    ca_file = folder / "ca.pem"
    ca_file.write_text(tls.ca_bundle, encoding="ascii")
    if backend == "keystone":
        with keystone.serving(folder / "keystone", tls, ca_file, report) as real:
            yield real
    elif backend == "otc":
        with otc.serving(pace, folder, tls) as iam:
            yield iam
    elif backend == "k5":
        with k5.serving(folder, tls) as region:
            yield region
    elif backend == "csp":
        with csp.serving(pace, folder, tls) as platform:
            yield platform
    else:
        with nscale.serving(pace, folder, tls, ca_file) as embedded:
            yield embedded
