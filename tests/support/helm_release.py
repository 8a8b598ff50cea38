"""A release of the chart on an API server, as Helm makes, changes and removes it."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import helm
from chart_installation import only, restricted_namespace

from project_operator.sandbox.controlplane.plane import ControlPlane


@dataclass(frozen=True)
class DryRun:
    """What Helm would apply, as it says with the cluster in view."""

    hooks: str
    manifest: str


@dataclass
class HelmRelease:
    """By the documented commands but for `--wait`: there is nobody here to run the pods."""

    plane: ControlPlane
    values: Mapping[str, Any]
    namespace: str = helm.NAMESPACE
    name: str = helm.RELEASE
    said: str = field(default="", init=False)
    """What Helm said when it was installed: the notes."""
    objects: list[dict[str, Any]] = field(default_factory=list, init=False)
    """What was released then."""
    installed: bool = field(default=False, init=False)

    def helm(
        self, verb: str, *arguments: str, values: Mapping[str, Any] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run Helm on this release."""
        command = (verb, *arguments, f"--namespace={self.namespace}")
        return helm.run(*command, kubeconfig=self.plane.kubeconfig, values=values)

    def done(self, verb: str, *arguments: str, values: Mapping[str, Any] | None = None) -> str:
        """The same, which must succeed; what Helm said."""
        ended = self.helm(verb, *arguments, values=values)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def install(self) -> "HelmRelease":
        """Install it, into a namespace that takes restricted pods alone.

        Without `--wait` the definitions may not be served yet when the default backend follows them; then the same
        command again does it.
        """
        namespace = json.dumps(restricted_namespace(self.namespace))
        self.plane.kubectl("apply", "--server-side", "-f", "-", stdin=namespace)
        command = ("upgrade", "--install", self.name, str(helm.CHART))
        first = self.helm(*command, values=self.values)
        if first.returncode != 0:
            assert "ensure CRDs are installed first" in first.stderr, first.stderr
            self.plane.kubectl("wait", "--for=condition=Established", "--timeout=60s", "crd", "--all")
        self.said = first.stdout or self.done(*command, values=self.values)
        self.objects = self.manifest()
        self.installed = True
        return self

    def dry_run(self) -> DryRun:
        """What would be installed."""
        said = self.done("install", self.name, str(helm.CHART), "--dry-run=server", values=self.values)
        return DryRun(*said.split("HOOKS:")[1].split("MANIFEST:"))

    def upgrade(self, values: Mapping[str, Any], chart: Path | None = None) -> str:
        """Upgrade it to other values, or to another version of the chart."""
        return self.done("upgrade", self.name, str(chart or helm.CHART), values=values)

    def uninstall(self) -> str:
        """Uninstall it; what Helm said."""
        self.installed = False
        return self.done("uninstall", self.name)

    def manifest(self) -> list[dict[str, Any]]:
        """What Helm says that it released, last time."""
        return helm.objects(self.done("get", "manifest", self.name))

    @property
    def service_account(self) -> str:
        """Name of who the operator is."""
        name: str = only(self.objects, "ServiceAccount")["metadata"]["name"]
        return name

    @property
    def user(self) -> str:
        """The same as the audit log has it."""
        return f"system:serviceaccount:{self.namespace}:{self.service_account}"

    def kubeconfig(self) -> Path:
        """Of the ServiceAccount: RBAC holds for whoever uses it."""
        return self.plane.service_account_kubeconfig(self.namespace, self.service_account)

    def found(self, kind: str, name: str) -> dict[str, Any]:
        """An object of the release's namespace."""
        answer = self.plane.kubectl("get", f"{kind}/{name}", f"--namespace={self.namespace}", "--output=json").stdout
        one: dict[str, Any] = json.loads(answer)
        return one

    def left(self) -> set[str]:
        """Names, with their kinds, of what carries its label."""
        kinds = (
            "crd,ibackend,clusterrole,clusterrolebinding,role,rolebinding,serviceaccount,deployment,service,"
            "poddisruptionbudget,validatingadmissionpolicy,validatingadmissionpolicybinding"
        )
        label = f"--selector=app.kubernetes.io/instance={self.name}"
        said = self.plane.kubectl("get", kinds, "--all-namespaces", label, "--output=name").stdout
        return set(said.split())
