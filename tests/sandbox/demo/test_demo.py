"""The demo as a person runs it; on the emulated API where that is as good."""

import re
import signal
import subprocess
from pathlib import Path

import pytest
from demo_process import Demo
from waiting import wait_until

pytestmark = [pytest.mark.scenario, pytest.mark.slow]

PROJECT = "payments-staging"
ENDED = "Everything that was started has ended, and nothing of it is left."
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


@pytest.mark.needs_real
def test_once_goes_from_nothing_to_ready_and_back_to_nothing(tmp_path: Path) -> None:
    with Demo(tmp_path, "--once") as demo:
        assert demo.end() == 0
        said = demo.said
        assert demo.leftovers() == []
    assert "EMULATED" not in said
    steps = [
        "$ kubectl apply --server-side -k crds/",
        "$ kubectl apply --server-side -f ",
        "$ project-operator run --kubeconfig=",
        "$ kubectl apply -f deploy/examples/02-project.yaml",
        " was accepted; the backend reports it as unknown",
        " is provisioned and healthy",
        f"$ kubectl get iproj/{PROJECT} -o yaml",
        "provisioningStatus: provisioned",
        f"$ kubectl delete iproj/{PROJECT}",
        f"{PROJECT}   gone",
        "the identity server's own list has 0 projects",
        ENDED,
    ]
    assert steps == sorted(steps, key=said.index)
    status = said[said.index("\n   status:") : said.index("$ kubectl delete")]
    assert re.search(rf"\n     id: {UUID}\n", status)
    assert "\n     healthStatus: healthy\n" in status
    assert re.search(r'reason: Succeeded\n +status: "True"\n +type: Ready\n', status)
    assert re.search(r"\n   all +[0-9.]+ s\n", said[said.index(ENDED) :])


@pytest.mark.whole
def test_once_fails_with_the_reason_when_the_operator_dies(tmp_path: Path) -> None:
    with Demo(tmp_path, "--once", "--source=emulated") as demo:
        demo.wait_for("identitybackend.identity.project-operator.dev/default condition met")
        _kill(demo.pid_of("Operator"))
        assert demo.end() == 1
        wrong = demo.said[demo.said.index("What went wrong") :]
        assert "$ kubectl get iproj,ibackend -o wide" in wrong
        assert "connected to organization demo" in wrong
        assert "$ kubectl get events" in wrong
        assert "project-operator: the operator ended by itself with status 137; its last words:" in wrong
        assert "health and metrics at http://127.0.0.1:" in wrong
        assert ENDED not in demo.said
        assert demo.leftovers() == []


@pytest.mark.whole
def test_once_that_is_interrupted_does_not_pass(tmp_path: Path) -> None:
    with Demo(tmp_path, "--once", "--source=emulated") as demo:
        demo.wait_for("2. Identity server")
        demo.tell(signal.SIGINT)
        assert demo.end() == 130
        wait_until(lambda: not demo.leftovers(), "everything to be gone")


@pytest.mark.whole
def test_without_a_terminal_it_tells_each_change_in_a_line(tmp_path: Path) -> None:
    with Demo(tmp_path, "--source=emulated") as demo:
        place = demo.wait_for("Three things to try there")
        demo.wait_for(f"{PROJECT}   provisioning  unknown/unknown ", after=place)
        demo.wait_for(f"{PROJECT}   provisioned   provisioned/healthy      Ready=True ", after=place)
        demo.tell(signal.SIGTERM)
        assert demo.end() == 0
        assert "│" not in demo.said
        assert demo.said.rstrip().endswith(ENDED)
        assert demo.leftovers() == []


@pytest.mark.whole
@pytest.mark.needs_real
def test_on_a_terminal_it_shows_a_table_and_what_it_says_can_be_tried_works(tmp_path: Path) -> None:
    with Demo(tmp_path, terminal=True) as demo:
        place = demo.wait_for("Three things to try there")
        demo.wait_for("○ provisioned", after=place)
        demo.wait_for("✓ provisioned", after=place)
        row = next(line for line in reversed(demo.said.splitlines()) if "✓ provisioned" in line)
        assert re.search(rf"│ {PROJECT} +│ ✓ provisioned +│ {UUID} │ True +│ provisioned +│ project", row)

        planned = demo.typed("project-operator plan")
        assert planned.stdout.endswith("\n0 calls for 0 of 1 Projects; nothing was sent\n"), planned.stderr

        place = len(demo.said)
        renamed = demo.tried(1)
        assert renamed.returncode == 0, renamed.stderr
        demo.wait_for("→ payments-stage ", after=place)

        misspelt = demo.tried(2)
        assert misspelt.returncode == 1
        assert 'unknown field "spec.descripton"' in misspelt.stderr
        assert len(misspelt.stderr) < 500

        deleted = demo.tried(3)
        assert (deleted.returncode, deleted.stdout) == (0, "HTTP 202\n"), deleted.stderr
        demo.wait_for("✗ missing", after=place)

        demo.type(b"\x03")
        assert demo.end() == 0
        assert demo.said.rstrip().endswith(ENDED)
        assert demo.leftovers() == []


def _kill(pid: int) -> None:
    subprocess.run(["kill", "-KILL", str(pid)], check=True)
