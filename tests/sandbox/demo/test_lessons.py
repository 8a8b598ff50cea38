import subprocess
from pathlib import Path

from project_operator.sandbox.demo.lessons import exports, lessons

URL = "https://127.0.0.1:1/api/v1/organizations/o/projects"


def test_each_command_is_a_shell_command() -> None:
    for lesson in lessons("alpha", "deploy/my examples/project.yaml"):
        subprocess.run(["bash", "-n", "-c", lesson.command], check=True)


def test_exports_survive_odd_paths() -> None:
    lines = exports(Path("/home/a b/kubeconfig"), Path("/home/it's/bin"), Path("/home/a b/ca.pem"), URL)
    script = lines + '\nprintf "%s\\n" "$KUBECONFIG" "$NSCALE_CA" "$NSCALE_PROJECTS" "${PATH%%:*}"'
    said = subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True).stdout
    assert said.splitlines() == ["/home/a b/kubeconfig", "/home/a b/ca.pem", URL, "/home/it's/bin"]


def test_no_command_goes_through_a_proxy_or_shows_the_token() -> None:
    curl = next(lesson.command for lesson in lessons("alpha", "project.yaml") if lesson.command.startswith("curl"))
    assert "--noproxy '*'" in curl
    assert "kubectl get secret" in curl
