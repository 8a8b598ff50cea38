"""What an account has already is imported by the command line, and nothing in it changes by that."""

from pathlib import Path

import pytest
from command_line import CommandLine, taken_over
from otc_scenario import OTCScenario

from project_operator.sandbox.identity.otc.admin_models import MakeProjects


@pytest.mark.whole
def test_applying_what_was_imported_writes_nothing(
    stage: OTCScenario, command_line: CommandLine, tmp_path: Path
) -> None:
    stage.iam.admin.make_projects(MakeProjects(count=2, name="eu-de_legacy", description="from before"))
    stage.iam.admin.catch_up()
    stage.connect()
    before = stage.remotes()

    found = taken_over(stage, command_line, tmp_path / "projects")

    theirs = [one for one in found if one["spec"]["name"].startswith("legacy")]
    assert [one["spec"]["description"] for one in theirs] == ["from before"] * 2
    assert stage.count("createProject", "updateProject", "deleteProject") == 0
    assert stage.remotes() == before
