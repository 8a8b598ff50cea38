"""`project-operator plan`: the calls that would be made, and none of them is."""

from pathlib import Path

import pytest
import yaml
from command_line import CommandLine
from scenario import SECRET, Scenario


def written(folder: Path, *documents: object) -> Path:
    folder.mkdir()
    for number, document in enumerate(documents):
        (folder / f"{number}.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
    return folder


def test_a_folder_of_manifests(scenario: Scenario, command_line: CommandLine, tmp_path: Path) -> None:
    folder = written(
        tmp_path / "wanted",
        scenario.project("one", description="first"),
        scenario.project("two", groups=[{"name": "nobody"}]),
        scenario.project("three", tags=[{"name": "a", "value": "b"}]),
        scenario.project("four", enabled=False),
    )
    ran = command_line("plan", f"--filename={folder}", f"--namespace={scenario.namespace}", "--output=json")

    plans = {one["project"].rpartition("/")[2]: one for one in ran.document["plans"]}
    assert ran.status == 3, "two of them wait for a person"
    assert [call["verb"] for call in plans["one"]["calls"]] == ["POST"]
    assert (plans["one"]["verdict"], plans["one"]["new"]) == ("calls", True)
    assert (plans["two"]["verdict"], plans["two"]["reason"]) == ("waiting", "GroupNotFound")
    assert (plans["four"]["verdict"], plans["four"]["reason"]) == ("blocked", "Unsupported")
    assert "`spec.enabled`" in plans["four"]["message"]
    assert [call["verb"] for call in plans["three"]["calls"]] == ["POST"]
    assert scenario.calls() == []
    assert scenario.kubectl("get", "iproj", "--output=name") == ""


def test_nothing_has_to_be_applied_before(bare_scenario: Scenario, command_line: CommandLine, tmp_path: Path) -> None:
    """Backend object and Secret may be in the folder, and so may the namespace."""
    documents = [bare_scenario.secret(SECRET), bare_scenario.backend(), bare_scenario.project("one")]
    folder = written(tmp_path / "wanted", *documents)
    ran = command_line("plan", f"--filename={folder}", f"--namespace={bare_scenario.namespace}-next", "--output=json")
    (plan,) = ran.document["plans"]
    assert ran.status == 0, ran.err
    assert plan["project"] == f"{bare_scenario.namespace}-next/one"
    assert [call["verb"] for call in plan["calls"]] == ["POST"]
    assert bare_scenario.calls() == []


def test_what_is_there_and_what_a_change_comes_to(
    scenario: Scenario, command_line: CommandLine, tmp_path: Path
) -> None:
    scenario.apply_project("settled", description="as it is")
    scenario.apply_project("frozen", suspend=True)
    scenario.wait_ready("settled")
    writes = len(scenario.calls())

    everything = command_line("plan", f"--namespace={scenario.namespace}", "--output=json")
    assert everything.status == 0, everything.out
    assert {one["project"].rpartition("/")[2]: one["verdict"] for one in everything.document["plans"]} == {
        "settled": "none",
        "frozen": "none",
    }

    folder = written(tmp_path / "wanted", scenario.project("settled", description="another"))
    asked = ("plan", f"--filename={folder}", f"--namespace={scenario.namespace}")
    changed = command_line(*asked, "--exit-code", "--output=json")
    (plan,) = changed.document["plans"]
    assert changed.status == 3
    assert [call["verb"] for call in plan["calls"]] == ["PUT"]
    assert plan["drift"] == [{"field": "description", "desired": "another", "observed": "as it is"}]
    assert plan["new"] is False

    gone = command_line("plan", "--delete", f"--filename={folder}", f"--namespace={scenario.namespace}", "-o", "json")
    (plan,) = gone.document["plans"]
    assert [call["verb"] for call in plan["calls"]] == ["DELETE"], plan
    assert len(scenario.calls()) == writes
    assert scenario.get("settled")["spec"]["description"] == "as it is"


@pytest.mark.whole
def test_a_table_in_a_pipe_has_no_escapes_and_a_line_for_each_call(
    scenario: Scenario, command_line: CommandLine, tmp_path: Path
) -> None:
    folder = written(tmp_path / "wanted", scenario.project("one", description="x" * 200))
    ran = command_line("plan", f"--filename={folder}", f"--namespace={scenario.namespace}")
    head, row, _, summary = ran.out.splitlines()
    assert head.split() == ["PROJECT", "CALL", "TARGET", "WHAT", "FOR"]
    assert row.split()[:2] == [f"{scenario.namespace}/one", "POST"]
    assert summary == "1 calls for 1 of 1 Projects; nothing was sent"
    assert "\x1b" not in ran.out


@pytest.mark.whole
def test_what_was_changed_in_the_backend_is_seen_at_this_moment(scenario: Scenario, command_line: CommandLine) -> None:
    """And not as the status says, which is of an earlier one."""
    scenario.apply_project(description="ours", managementPolicy="ReportDrift")
    project_id = scenario.wait_ready()["status"]["id"]
    scenario.identity.admin.edit_project(project_id, description="theirs")
    scenario.identity.admin.catch_up()
    ran = command_line("plan", f"--namespace={scenario.namespace}", "--output=json")
    (plan,) = ran.document["plans"]
    assert plan["drift"] == [{"field": "description", "desired": "ours", "observed": "theirs"}]
    assert plan["calls"] == []
