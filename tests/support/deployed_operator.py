"""The operator as the kubelet would start it.

With the image's entry point, the Deployment's arguments and variables, and what every pod has to reach the API server:
two variables, and the files of its ServiceAccount.

The embedded control plane runs no pods, and a process that is not root's cannot be given files at
`/var/run/secrets/kubernetes.io/serviceaccount`. So they lie elsewhere, and the official client's constants that name
them are set before the operator's first import. Whatever reads them is the same as in a pod. The address is the
embedded API server's own, in place of its Service's.
"""

import base64
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import yaml
from chart_installation import only
from helm import ROOT
from operator_process import OperatorProcess

DOCKERFILE: Final = ROOT / "deploy" / "image" / "Dockerfile"
IN_THE_POD: Final = "the pod's ServiceAccount"
"""How the operator's log calls where its access comes from, in a pod."""
# Python imports it before anything else.
_CUSTOMIZED: Final = "sitecustomize.py"
_ELSEWHERE: Final = """from kubernetes.config import incluster_config

incluster_config.SERVICE_TOKEN_FILENAME = {token!r}
incluster_config.SERVICE_CERT_FILENAME = {ca!r}
"""


def entry_point(dockerfile: str) -> list[str]:
    """The image's, with this Python in place of the image's."""
    (found,) = re.findall(r"^ENTRYPOINT (\[.*\])$", dockerfile, flags=re.MULTILINE)
    program, *arguments = json.loads(found)
    assert Path(program).name.startswith("python"), f"{program} is no Python, and this knows of no other"
    return [sys.executable, *arguments]


def variables(container: Mapping[str, Any], objects: list[dict[str, Any]]) -> dict[str, str]:
    """The environment of ``container``, what comes from a ConfigMap or Secret among ``objects`` included."""
    given = dict(one for source in container.get("envFrom", ()) for one in _all_of(source, objects))
    for variable in container.get("env", ()):
        assert "value" in variable, f"{variable['name']} is no plain value, and this knows of no other"
        given[variable["name"]] = variable["value"]
    return given


def _all_of(source: Mapping[str, Any], objects: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    (kind, reference), *_ = (
        (kind, source[field])
        for kind, field in (("ConfigMap", "configMapRef"), ("Secret", "secretRef"))
        if field in source
    )
    found = [one for one in objects if (one["kind"], one["metadata"]["name"]) == (kind, reference["name"])]
    assert found or reference.get("optional"), f"no {kind} {reference['name']}: a pod would not start"
    for obj in found:
        for name, value in obj.get("data", {}).items():
            text = base64.b64decode(value).decode() if kind == "Secret" else value
            yield source.get("prefix", "") + name, text


def pod_access(kubeconfig: Path, folder: Path) -> dict[str, str]:
    """The variables by which a process finds the API server of ``kubeconfig`` as one in a pod does, and its token in
    ``folder``.
    """
    document = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
    (cluster,), (user,) = document["clusters"], document["users"]
    address = urlsplit(cluster["cluster"]["server"])
    folder.mkdir()
    token, authority = folder / "token", folder / "ca.crt"
    token.touch(mode=0o600)
    token.write_text(user["user"]["token"], encoding="utf-8")
    authority.write_bytes(base64.b64decode(cluster["cluster"]["certificate-authority-data"]))
    customized = _ELSEWHERE.format(token=str(token), ca=str(authority))
    (folder / _CUSTOMIZED).write_text(customized, encoding="utf-8")
    return {
        "KUBERNETES_SERVICE_HOST": str(address.hostname),
        "KUBERNETES_SERVICE_PORT": str(address.port),
        "PYTHONPATH": str(folder),
    }


class DeployedOperator(OperatorProcess):
    """What the Deployment among ``objects`` runs, with ``kubeconfig``'s token; a context manager as its base is."""

    def __init__(self, objects: list[dict[str, Any]], kubeconfig: Path, log: Path) -> None:
        (container,) = only(objects, "Deployment")["spec"]["template"]["spec"]["containers"]
        assert "command" not in container, "the image's entry point is what runs"
        self._program = entry_point(DOCKERFILE.read_text(encoding="utf-8"))
        self._command = [*self._program, *container["args"]]
        access = pod_access(kubeconfig, log.with_name("serviceaccount"))
        self._environ = variables(container, objects) | {"PATH": os.environ["PATH"]} | access
        self._log = log
        self.start()

    def execute(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another command of the image, as `kubectl exec` would run it in the operator's container."""
        command = [*self._program, *arguments]
        return subprocess.run(
            command, check=False, capture_output=True, text=True, env=self._environ, cwd=ROOT, timeout=60
        )
