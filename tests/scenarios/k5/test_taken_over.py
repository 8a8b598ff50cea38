"""What a region has already is imported by the command line, and nothing in it changes by that."""

from pathlib import Path

import pytest
from command_line import CommandLine, taken_over
from k5_scenario import K5Scenario

from project_operator.sandbox.identity.k5.admin_models import MakeProjects


@pytest.mark.whole
def test_applying_what_was_imported_writes_nothing(
    stage: K5Scenario, command_line: CommandLine, tmp_path: Path
) -> None:
    stage.region.admin.make_projects(MakeProjects(count=2, name="legacy", description="from before"))
    stage.connect()
    before = stage.remotes()

    found = taken_over(stage, command_line, tmp_path / "projects")

    theirs = [one for one in found if one["spec"]["name"].startswith("legacy")]
    assert [(one["spec"]["description"], one["spec"]["enabled"]) for one in theirs] == [("from before", True)] * 2
    assert stage.count("createProject", "updateProject") == 0
    assert stage.remotes() == before
