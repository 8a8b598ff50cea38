import subprocess
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from project_operator.sandbox.demo.identity import IdentityServer
from project_operator.sandbox.demo.keystone import KeystoneServer
from project_operator.sandbox.demo.lessons import Lesson, exports
from project_operator.sandbox.demo.nscale import NscaleServer
from project_operator.sandbox.demo.otc import OTCServer

URL = "https://127.0.0.1:1/api/v1/organizations/o/projects"
_ANY: Any = SimpleNamespace()
SERVERS: dict[str, IdentityServer] = {
    "nscale": NscaleServer(_ANY, "https://127.0.0.1:1", "o", "secret", "", Path("ca.pem"), _ANY, _ANY),
    "otc": OTCServer(_ANY, "https://127.0.0.1:1", "account", "eu-de", "robot", "secret", "", _ANY, _ANY),
    "keystone": KeystoneServer(_ANY, "id", _ANY, Path("ca.pem")),
}


def taught(backend: str) -> tuple[Lesson, ...]:
    return SERVERS[backend].lessons("alpha", "deploy/my examples/project.yaml")


@pytest.mark.parametrize("backend", SERVERS)
def test_there_are_three_and_each_is_a_shell_command(backend: str) -> None:
    assert len(taught(backend)) == 3
    for lesson in taught(backend):
        subprocess.run(["bash", "-n", "-c", lesson.command], check=True)


def test_exports_survive_odd_paths() -> None:
    variables = {"NSCALE_CA": "/home/a b/ca.pem", "NSCALE_PROJECTS": URL}
    lines = exports(Path("/home/a b/kubeconfig"), (Path("/home/it's/bin"), Path("/home/a b/bin")), variables)
    script = lines + '\nprintf "%s\\n" "$KUBECONFIG" "$NSCALE_CA" "$NSCALE_PROJECTS" "${PATH%":$OLD"}"'
    said = subprocess.run(["bash", "-c", f'OLD="$PATH"\n{script}'], check=True, capture_output=True, text=True).stdout
    assert said.splitlines() == ["/home/a b/kubeconfig", "/home/a b/ca.pem", URL, "/home/it's/bin:/home/a b/bin"]


@pytest.mark.parametrize("backend", SERVERS)
def test_no_command_goes_through_a_proxy_or_shows_the_secret(backend: str) -> None:
    for lesson in taught(backend):
        assert lesson.command.count("curl") == lesson.command.count("--noproxy '*'")
        assert ("kubectl get secret" in lesson.command) is ("curl" in lesson.command)
