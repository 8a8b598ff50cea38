"""The demo on the real Keystone, as a process."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest
from demo_process import Demo
from waiting import wait_until

PROJECT = "payments-staging"
ENDED = "Everything that was started has ended, and nothing of it is left."


@pytest.mark.whole
def test_once_goes_from_nothing_to_ready_and_back_to_nothing_on_the_emulated_api_and_says_so(tmp_path: Path) -> None:
    with Demo(tmp_path, "--once", "--backend=keystone", "--source=emulated") as demo:
        assert demo.end() == 0
        said = demo.said
        assert demo.leftovers() == []
    assert "EMULATED API: no CEL, no server-side apply, no RBAC" in said
    steps = [
        "is the real OpenStack Keystone; https://127.0.0.1:",
        "$ kubectl apply -k crds/",
        "identitybackend.identity.project-operator.dev/default condition met",
        "$ kubectl apply -f deploy/examples/02-project.yaml",
        " is provisioned and healthy",
        f"$ kubectl delete iproj/{PROJECT}",
        f"{PROJECT}   gone",
        "the identity server's own list has 0 projects",
        ENDED,
    ]
    assert steps == sorted(steps, key=said.index)
    status = said[said.index("\n   status:") : said.index("$ kubectl delete")]
    assert re.search(r"\n     id: [0-9a-f]{32}\n", status)
    assert re.search(r'reason: Succeeded\n +status: "True"\n +type: Ready\n', status)


@pytest.mark.needs_real
@pytest.mark.kill
@pytest.mark.whole
def test_what_it_says_can_be_tried_works_and_killed_it_leaves_nothing(tmp_path: Path) -> None:
    with Demo(tmp_path, "--backend=keystone", terminal=True) as demo:
        place = demo.wait_for("Three things to try there")
        demo.wait_for("✓ provisioned", after=place)

        place = len(demo.said)
        renamed = demo.tried(1)
        assert renamed.returncode == 0, renamed.stderr
        demo.wait_for("→ payments-stage ", after=place)

        given = demo.tried(2)
        assert given.returncode == 0, given.stderr
        assert re.search(r'"groupID":"[0-9a-f]{32}"', given.stdout), given.stdout
        assert re.search(r'"roleID":"[0-9a-f]{32}"', given.stdout), given.stdout

        place = len(demo.said)
        deleted = demo.tried(3)
        assert (deleted.returncode, deleted.stdout) == (0, "HTTP 204\n"), deleted.stderr
        demo.wait_for("✗ missing", after=place)

        assert len(demo.leftovers()) > 1
        demo.tell(signal.SIGKILL)
        assert demo.end() == -signal.SIGKILL
        wait_until(lambda: not demo.leftovers(), "everything to be gone", within=60)
