"""What runbooks tell people to type, typed: it shows and changes what they say, on an API server."""

import asyncio
import os
import subprocess
import sys
from base64 import b64decode
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Final

import helm
import pytest
import yaml
from code_blocks import code_blocks
from custom_objects import manifest

from project_operator.api.crd import custom_resource_definition
from project_operator.api.kinds import KINDS
from project_operator.api.names import CREDENTIALS_LABEL
from project_operator.errors import SandboxError
from project_operator.kube.access import load_access
from project_operator.kube.api import KubeApi
from project_operator.kube.resources import CLUSTER_IDENTITY_BACKENDS, DEFINITIONS, IDENTITY_BACKENDS, PROJECTS, SECRETS
from project_operator.sandbox.controlplane.emulated import serve
from project_operator.sandbox.controlplane.plane import default_cache
from project_operator.sandbox.controlplane.report import Report
from project_operator.sandbox.controlplane.search import Options, Search

RUNBOOKS: Final = helm.ROOT / "deploy" / "runbooks"
RESOURCES: Final = {one.kind: one for one in (PROJECTS, IDENTITY_BACKENDS, CLUSTER_IDENTITY_BACKENDS)}
SINCE: Final = "2026-11-22T10:00:00Z"
DRIFT: Final = [{"field": "spec.description", "desired": "a", "observed": "b", "since": SINCE}]

Run = Callable[[str], Awaitable[str]]
"""Run a command with the shell, which must succeed; what it says."""


def told(page: Path, words: str) -> str:
    """The first command of a page that has these words, with the lines that belong to it."""
    (block,) = (block for block in code_blocks(page.read_text(encoding="utf-8")) if words in block)
    lines = block.splitlines()
    end = next(at for at, line in enumerate(lines) if not line.endswith(("\\", "|")))
    assert words in "\n".join(lines[: end + 1])
    return "\n".join(lines[: end + 1])


def says(ready: str, reason: str, *, stalled: bool = False, **more: Any) -> dict[str, Any]:
    """A status."""
    conditions = [("Ready", ready)] + ([("Stalled", "True")] if stalled else [])
    return {
        "conditions": [
            {"type": type_, "status": status, "reason": reason, "message": "m", "lastTransitionTime": SINCE}
            for type_, status in conditions
        ]
    } | more


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[KubeApi]:
    """An API server with our definitions."""
    async with serve(tmp_path / "kubeconfig"):
        api = KubeApi(load_access(tmp_path / "kubeconfig"))
        for kind in KINDS:
            await api.create(DEFINITIONS, None, custom_resource_definition(kind))
        yield api
        await api.aclose()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """The shell, with a kubectl for that API server."""
    try:
        client = Search(Options.from_environment(os.environ), default_cache(), Report(sys.__stderr__)).kubectl()
    except SandboxError as error:
        pytest.skip(str(error))
    environment = os.environ | {
        "KUBECONFIG": str(tmp_path / "kubeconfig"),
        "KUBECACHEDIR": str(tmp_path / "cache"),
        "PATH": f"{client.parent}{os.pathsep}{os.environ['PATH']}",
    }

    async def run(script: str) -> str:
        done = await asyncio.to_thread(
            subprocess.run,
            ["sh", "-c", script],
            check=False,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
            timeout=60,
        )
        assert (done.returncode, done.stderr) == (0, "")
        return str(done.stdout)

    return run


async def put(api: KubeApi, kind: str, name: str, spec: dict[str, Any], status: Mapping[str, Any]) -> None:
    """An object with this status."""
    resource = RESOURCES[kind]
    made = await api.create(resource, "default" if resource.namespaced else None, manifest(kind, name, spec))
    await api.patch(resource, made, {"status": dict(status)}, subresource="status")


async def test_a_new_credential_leaves_the_label_of_its_secret(api: KubeApi, run: Run, tmp_path: Path) -> None:
    examples = (helm.ROOT / "deploy/examples/01-identitybackend.yaml").read_text(encoding="utf-8")
    secret = next(yaml.safe_load_all(examples))
    name, credential = secret["metadata"]["name"], "eyJ" + "new" * 60
    (tmp_path / "new").write_text(credential + "\n", encoding="utf-8")
    values = {"NEW-CREDENTIAL-FILE": "new", "NAMESPACE": "default", "SECRET": name, "KEY": "token"}
    command = told(RUNBOOKS / "ProjectOperatorCredentialExpires.md", "patch secret")
    for placeholder, value in values.items():
        command = command.replace(placeholder, value)
    await api.create(SECRETS, "default", secret)

    await run(command)

    after = await api.get(SECRETS, "default", name)
    assert after["metadata"]["labels"] == {CREDENTIALS_LABEL: "true"}
    assert b64decode(after["data"]["token"]).decode() == credential + "\n"


async def test_the_projects_that_an_alert_is_about_are_found_and_no_others(api: KubeApi, run: Run) -> None:
    asleep = {"suspend": True}
    for name, spec, status in (
        ("fine", {}, says("True", "Succeeded")),
        ("gone", {}, says("False", "Missing", stalled=True)),
        ("gone-asleep", asleep, says("False", "Missing", stalled=True)),
        ("late", {"suspend": False}, says("False", "GroupNotFound")),
        ("late-asleep", asleep, says("False", "GroupNotFound")),
        ("differs", {}, says("True", "Succeeded", drift=DRIFT)),
        ("differs-asleep", asleep, says("True", "Succeeded", drift=DRIFT)),
        ("begun", {}, says("Unknown", "Progressing", drift=[])),
    ):
        await put(api, "Project", name, spec, status)

    async def found(page: str) -> list[list[str]]:
        head, *rows = (await run(told(RUNBOOKS / f"{page}.md", "custom-columns="))).splitlines()
        at = head.split().index("NAME")
        return [row.split()[at:] for row in rows]

    assert await found("ProjectOperatorProjectsStalled") == [["gone", "Missing"]]
    assert await found("ProjectOperatorDriftStays") == [["differs", "spec.description"]]
    assert await found("ProjectOperatorProjectsNotReady") == [
        ["begun", "Progressing"],
        ["gone", "Missing"],
        ["late", "GroupNotFound"],
    ]
    troubleshoot = helm.ROOT / "docs" / "how-to" / "troubleshoot.md"
    stalled = told(RUNBOOKS / "ProjectOperatorProjectsStalled.md", "custom-columns=")
    assert told(troubleshoot, "custom-columns=") == stalled


async def test_backend_objects_of_either_kind_are_looked_at(api: KubeApi, run: Run) -> None:
    status = {"breaker": "Open", "lastError": {"message": "refused", "time": SINCE}, "credentialExpiresAt": SINCE}
    await put(api, "IdentityBackend", "own", {}, status)
    await put(api, "ClusterIdentityBackend", "shared", {}, status)
    own, shared = ["IdentityBackend", "default", "own"], ["ClusterIdentityBackend", "<none>", "shared"]

    for page, shown in (("BreakerOpen", ["Open", "refused"]), ("CredentialExpires", [SINCE])):
        _, *rows = (await run(told(RUNBOOKS / f"ProjectOperator{page}.md", "custom-columns="))).splitlines()
        assert [row.split() for row in rows] == [[*own, *shown], [*shared, *shown]]
