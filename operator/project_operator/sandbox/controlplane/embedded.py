"""The processes of an embedded control plane: etcd, kube-apiserver, kube-controller-manager."""

import http.client
import socket
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane import kubeconfig
from project_operator.sandbox.controlplane.certificates import issue
from project_operator.sandbox.controlplane.processes import OwnedProcess
from project_operator.sandbox.controlplane.report import Report
from project_operator.sandbox.controlplane.search import Programs

READY_WITHIN = 120.0
"""Seconds until /readyz must answer; three are usual, a machine busy with a build takes many."""
_PORT_ATTEMPTS = 3
_POLL = 0.05
_HOST = "127.0.0.1"

CONTROLLERS = (
    "namespace-controller",  # a deleted namespace goes, with all that is in it
    "garbage-collector-controller",  # owner references have consequences
    "serviceaccount-controller",  # each namespace has its default ServiceAccount
    "clusterrole-aggregation-controller",  # view, edit and admin hold rules at all
)


class Embedded:
    """A control plane below one folder. Addresses and credentials stay the same through a restart of the API server."""

    def __init__(self, programs: Programs, folder: Path, report: Report) -> None:
        if programs.apiserver is None or programs.etcd is None:
            raise SandboxError("an embedded control plane needs kube-apiserver and etcd")
        self._apiserver_program, self._etcd_program = programs.apiserver, programs.etcd
        self._manager_program = programs.controller_manager
        self._folder = folder
        self._report = report
        self._certificates = issue(folder / "certificates")
        self._running: dict[str, OwnedProcess] = {}
        self._port = self._etcd_port = 0
        self.audit_log = folder / "audit.log"
        self.kubeconfig = folder / "kubeconfig"

    @property
    def url(self) -> str:
        """Where the API server listens."""
        return f"https://{_HOST}:{self._port}"

    def start(self) -> None:
        """Start everything; returns once the API is ready. Raises SandboxError, with the last words of what failed."""
        (self._folder / "logs").mkdir(exist_ok=True)
        self._on_free_port("etcd", self._start_etcd)
        self._on_free_port("kube-apiserver", self._start_apiserver)
        authority, administrator = self._certificates.authority, self._certificates.administrator
        kubeconfig.write(kubeconfig.with_certificate(self.url, authority, administrator), self.kubeconfig)
        if self._manager_program is not None:
            self._start_manager(self._manager_program)
            self._until(self._has_default_service_account, "kube-controller-manager")

    def stop(self) -> None:
        """End everything, the API server before what it stores in."""
        for name in ("kube-controller-manager", "kube-apiserver", "etcd"):
            if process := self._running.pop(name, None):
                process.stop(grace=2.0)

    @property
    def pids(self) -> dict[str, int]:
        """The running processes, by program."""
        return {name: process.pid for name, process in self._running.items()}

    def ended(self) -> OwnedProcess | None:
        """A process that has ended though nobody asked it to."""
        return next((process for process in self._running.values() if not process.running), None)

    def kill_apiserver(self) -> None:
        """End the API server with SIGKILL, as a crash does."""
        self._running.pop("kube-apiserver").kill()

    def start_apiserver(self) -> None:
        """Start the API server again, on the same port with the same data; returns once it is ready."""
        self._start_apiserver(self._port)

    def _on_free_port(self, name: str, start: Callable[[int], None]) -> None:
        """Start something on a port that was free just now; another program may take it first, so try again."""
        for attempt in range(1, _PORT_ATTEMPTS + 1):
            try:
                return start(_free_port())
            except SandboxError:
                process = self._running.pop(name, None)
                taken = process is not None and "address already in use" in process.last_lines()
                if process is not None:
                    process.kill()
                if not taken or attempt == _PORT_ATTEMPTS:
                    raise
        return None

    def _start_etcd(self, port: int) -> None:
        self._etcd_port = port
        certificate = self._certificates.etcd
        url = f"https://{_HOST}:{port}"
        self._run(
            "etcd",
            str(self._etcd_program),
            f"--data-dir={self._folder / 'etcd'}",
            f"--listen-client-urls={url}",
            f"--advertise-client-urls={url}",
            f"--listen-peer-urls=http://{_HOST}:0",
            "--unsafe-no-fsync",
            "--client-cert-auth",
            f"--trusted-ca-file={self._certificates.authority}",
            f"--cert-file={certificate.certificate}",
            f"--key-file={certificate.key}",
        )
        self._until(lambda: _listens(port), "etcd")

    def _start_apiserver(self, port: int) -> None:
        self._port = port
        files = self._certificates
        self._run(
            "kube-apiserver",
            str(self._apiserver_program),
            f"--etcd-servers=https://{_HOST}:{self._etcd_port}",
            f"--etcd-cafile={files.authority}",
            f"--etcd-certfile={files.etcd.certificate}",
            f"--etcd-keyfile={files.etcd.key}",
            f"--bind-address={_HOST}",
            f"--advertise-address={_HOST}",
            f"--secure-port={port}",
            f"--cert-dir={self._folder / 'apiserver'}",
            f"--tls-cert-file={files.server.certificate}",
            f"--tls-private-key-file={files.server.key}",
            f"--client-ca-file={files.authority}",
            "--authorization-mode=RBAC",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={files.service_accounts.certificate}",
            f"--service-account-signing-key-file={files.service_accounts.key}",
            "--service-cluster-ip-range=10.0.0.0/24",
            "--endpoint-reconciler-type=none",
            # Few ask, and all of them may: to share it out among them is a tenth of its work, even while nobody does.
            "--enable-priority-and-fairness=false",
            f"--audit-policy-file={Path(__file__).with_name('audit-policy.yaml')}",
            f"--audit-log-path={self.audit_log}",
            "--audit-log-maxsize=10000",
        )
        self._until(self._is_ready, "kube-apiserver")

    def _start_manager(self, program: Path) -> None:
        files = self._certificates
        document = kubeconfig.with_certificate(self.url, files.authority, files.controller_manager)
        config = kubeconfig.write(document, self._folder / "controller-manager.kubeconfig")
        self._run(
            "kube-controller-manager",
            str(program),
            f"--kubeconfig={config}",
            f"--controllers={','.join(CONTROLLERS)}",
            "--use-service-account-credentials",
            f"--service-account-private-key-file={files.service_accounts.key}",
            "--leader-elect=false",
            "--secure-port=0",
        )

    def _run(self, name: str, *command: str) -> None:
        self._running[name] = OwnedProcess(name, command, log=self._folder / "logs" / f"{name}.log")

    def _until(self, condition: Callable[[], bool], name: str) -> None:
        """Wait until the condition holds or the process named has ended."""
        process = self._running[name]
        started = time.monotonic()
        while not condition():
            waited = time.monotonic() - started
            if not process.running or waited > READY_WITHIN:
                what = "is not ready" if process.running else f"ended with {process.returncode}"
                raise SandboxError(
                    f"{name} {what} after {waited:.0f} s; the end of {process.log}:\n{process.last_lines()}"
                )
            self._report.progress(f"waiting for {name}")
            time.sleep(_POLL)

    def _is_ready(self) -> bool:
        status, _ = self._get("/readyz")
        return status == http.HTTPStatus.OK

    def _has_default_service_account(self) -> bool:
        status, _ = self._get("/api/v1/namespaces/default/serviceaccounts/default")
        return status == http.HTTPStatus.OK

    def _get(self, path: str) -> tuple[int, bytes]:
        """An answer to the administrator; status 0 when there is none."""
        context = ssl.create_default_context(cafile=self._certificates.authority)
        administrator = self._certificates.administrator
        context.load_cert_chain(administrator.certificate, administrator.key)
        connection = http.client.HTTPSConnection(_HOST, self._port, timeout=5, context=context)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        port: Any = probe.getsockname()[1]
        return int(port)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((_HOST, port)) == 0
