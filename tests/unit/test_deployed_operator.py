"""What a process is given in place of what the kubelet gives to a pod, before any API server is there."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from deployed_operator import IN_THE_POD, entry_point, pod_access, variables

from project_operator.sandbox.identity.tls import TLSFiles

LOAD = """
from project_operator.kube.access import load_access
access = load_access()
print(access.server, access.authorization(), access.source, sep="|")
"""


def test_access_is_found_as_in_a_pod_though_there_is_no_kubeconfig(tmp_path: Path) -> None:
    authority = base64.b64encode(TLSFiles.make(tmp_path).ca_bundle.encode()).decode()
    cluster = {"server": "https://127.0.0.1:6443", "certificate-authority-data": authority}
    document = {"clusters": [{"cluster": cluster}], "users": [{"user": {"token": "of-the-account"}}]}
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(json.dumps(document), encoding="utf-8")

    environ = pod_access(kubeconfig, tmp_path / "serviceaccount")

    kubeconfig.unlink()
    assert "KUBECONFIG" not in environ
    command = [sys.executable, "-c", LOAD]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environ | {"HOME": os.devnull})
    assert done.stdout == f"https://127.0.0.1:6443|Bearer of-the-account|{IN_THE_POD}\n", done.stderr


def made(kind: str, **data: str) -> dict[str, Any]:
    return {"kind": kind, "metadata": {"name": "more"}, "data": data}


def test_the_environment_is_what_the_kubelet_makes_of_the_container() -> None:
    container = {
        "envFrom": [
            {"configMapRef": {"name": "more"}},
            {"prefix": "OF_A_", "secretRef": {"name": "more"}},
            {"configMapRef": {"name": "none", "optional": True}},
        ],
        "env": [{"name": "LEVEL", "value": "info"}],
    }
    objects = [made("ConfigMap", LEVEL="debug", FORMAT="text"), made("Secret", KEY="c2VjcmV0")]
    assert variables(container, objects) == {"LEVEL": "info", "FORMAT": "text", "OF_A_KEY": "secret"}
    with pytest.raises(AssertionError, match="no ConfigMap more: a pod would not start"):
        variables(container, objects[1:])
    with pytest.raises(AssertionError, match="NODE is no plain value"):
        variables({"env": [{"name": "NODE", "valueFrom": {}}]}, [])


def test_the_entry_point_is_the_image_s() -> None:
    found = entry_point('FROM x\nENTRYPOINT ["/opt/bin/python", "-m", "project_operator"]\n')
    assert found == [sys.executable, "-m", "project_operator"]
    with pytest.raises(AssertionError, match="/bin/sh is no Python"):
        entry_point('ENTRYPOINT ["/bin/sh"]\n')
