"""The way out that keeps every project, typed from the page: the operator ends, what it holds is released, and the
definitions go without it.
"""

from pathlib import Path
from typing import Final

import pytest
from scenario import Scenario
from typist import ROOT, Typist

import doc_blocks

PAGE: Final = "docs/how-to/uninstall.md"
NAMES: Final = ("kept", "orphaned", "going")


@pytest.mark.whole
def test_what_was_released_goes_without_the_operator_as_it_is_typed(expendable: Scenario, tmp_path: Path) -> None:
    scenario, identity, plane = expendable, expendable.identity, expendable.control_plane
    scenario.install_definitions()
    scenario.apply(scenario.secret(), scenario.backend())
    scenario.apply(*(scenario.project(name, deletionPolicy="Delete") for name in NAMES))
    for name in NAMES:
        scenario.wait_ready(name)
    before = {project.id: project.tags for project in identity.admin.projects()}
    scenario.operator.stop()
    scenario.delete("going")
    plane.kubectl("create", "namespace", f"{scenario.namespace}-operator")
    typist = Typist(tmp_path, plane.kubeconfig, plane.kubectl_program, scenario.namespace)
    text = (ROOT / PAGE).read_text(encoding="utf-8").split("## Keep the projects")[1].split("## ")[0]
    blocks = [block for block in doc_blocks.blocks(PAGE, text) if block.language == "sh"]

    assert "release\n" in blocks[2].text
    said = typist.type_all(
        blocks,
        {
            "operator release\n": "operator release --yes\n",
            "delete namespace project-operator": f"delete namespace {scenario.namespace}-operator",
        },
    )

    assert sum(one.count("would be released") for one in said.values()) == len(NAMES) + 2
    assert len(before) == len(NAMES)
    assert {project.id: project.tags for project in identity.admin.projects()} == before
    assert len(scenario.calls()) == len(NAMES), "their creations"
    assert "projects.identity" not in scenario.kubectl("get", "crd", "--output=name")
