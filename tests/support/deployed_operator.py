"""The operator as the kubelet would start it.

With the image's entry point, the Deployment's arguments and variables, and the token of its ServiceAccount.

The embedded control plane runs no pods. The kubelet's part is played by ``KUBECONFIG``, which carries that token, in
place of the files and variables that it gives to a pod.
"""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any, Final

from chart_installation import only
from helm import ROOT
from operator_process import OperatorProcess

DOCKERFILE: Final = ROOT / "deploy" / "image" / "Dockerfile"


def entry_point(dockerfile: str) -> list[str]:
    """The image's, with this Python in place of the image's."""
    (found,) = re.findall(r"^ENTRYPOINT (\[.*\])$", dockerfile, flags=re.MULTILINE)
    program, *arguments = json.loads(found)
    assert Path(program).name.startswith("python"), f"{program} is no Python, and this knows of no other"
    return [sys.executable, *arguments]


class DeployedOperator(OperatorProcess):
    """What the Deployment among ``objects`` runs; a context manager as its base is."""

    def __init__(self, objects: list[dict[str, Any]], kubeconfig: Path, log: Path) -> None:
        (container,) = only(objects, "Deployment")["spec"]["template"]["spec"]["containers"]
        assert "command" not in container, "the image's entry point is what runs"
        self._command = [*entry_point(DOCKERFILE.read_text(encoding="utf-8")), *container["args"]]
        variables = {variable["name"]: variable["value"] for variable in container["env"]}
        self._environ = variables | {"PATH": os.environ["PATH"], "KUBECONFIG": str(kubeconfig)}
        self._log = log
        self.start()
