"""The newcomer's path, typed from the page: a project, three ways to break it, ten imports, and an end without loss."""

import re
from pathlib import Path
from typing import Final

import pytest
from scenario import Scenario
from typist import ROOT, Typist, shown

PAGE: Final = "docs/getting-started.md"
LEGACY: Final = {f"legacy-{number}" for number in range(1, 11)}


@pytest.mark.whole
def test_every_step_does_what_it_says_as_it_is_typed(expendable: Scenario, tmp_path: Path) -> None:
    scenario, identity = expendable, expendable.identity
    scenario.install_definitions()
    scenario.apply(scenario.secret(), scenario.backend())
    scenario.wait_ready("default", kind="IdentityBackend")
    authority = tmp_path / "ca.pem"  # the server here speaks http: nothing reads it
    authority.touch()
    projects = f"{identity.url}/api/v1/organizations/{identity.organization_id}/projects"
    typist = Typist(
        tmp_path,
        scenario.control_plane.kubeconfig,
        scenario.control_plane.kubectl_program,
        scenario.namespace,
        {"NSCALE_PROJECTS": projects, "NSCALE_CA": str(authority)},
    )

    said = list(typist.type_all(shown(PAGE), {"--namespace demo": f"--namespace {scenario.namespace}"}).values())

    page = (ROOT / PAGE).read_text(encoding="utf-8")
    (message,) = (one for one in re.findall(r"```text\n(.*?)```", page, re.DOTALL) if "developpers" in one)
    assert any(one.endswith(message) for one in said)
    assert any("is called checkout-live\n" in one for one in said)
    (table,) = (one for one in said if "ORIGIN" in one)
    assert {line.split()[0] for line in table.splitlines() if line.endswith("Imported")} == LEGACY
    plans = [line for one in said for line in one.splitlines() if line.endswith("nothing was sent")]
    assert plans == [
        "0 calls for 0 of 10 Projects; nothing was sent",
        "10 calls for 10 of 10 Projects; nothing was sent",
        "11 calls for 11 of 11 Projects; nothing was sent",
        "11 calls for 11 of 11 Projects; nothing was sent",
    ]
    left = {project.name for project in identity.admin.projects()}
    assert left == LEGACY | {"checkout-live"}
    assert said[-2].split() == sorted(left)
