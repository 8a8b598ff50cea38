"""What a domain has already is imported by the command line, roles included, and nothing in it changes by that."""

from pathlib import Path

import pytest
from command_line import CommandLine, taken_over
from keystone_scenario import KeystoneScenario


@pytest.mark.whole
def test_applying_what_was_imported_writes_nothing(
    stage: KeystoneScenario, command_line: CommandLine, tmp_path: Path
) -> None:
    group, member = stage.domain.make_group("theirs"), stage.admin.role_id("member")
    project = stage.admin.make_project("team", stage.domain.id, description="from before", tags=["owner=them"])
    stage.admin.grant(member, f"projects/{project}", group=group)
    stage.admin.make_project("Other Team", stage.domain.id)
    before, asked = stage.remote(), stage.asked()

    found = taken_over(stage, command_line, tmp_path / "projects")

    (team,) = [one for one in found if one["metadata"]["name"] == "team"]
    assert team["spec"]["description"] == "from before"
    assert team["spec"]["tags"] == [{"name": "owner", "value": "them"}]
    assert team["spec"]["groups"] == [{"id": group, "roles": [{"id": member}]}]
    assert stage.calls(after=asked) == []
    assert stage.remote() == before
