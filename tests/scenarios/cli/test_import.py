"""`project-operator import`: what a backend has already becomes Projects, and nothing in it changes by that."""

from pathlib import Path

import pytest
import yaml
from command_line import CommandLine
from scenario import Scenario, condition


def stocked(scenario: Scenario, count: int = 3) -> list[str]:
    """Projects that others made, with everything that nscale shows of one."""
    ids = scenario.identity.admin.make_projects(
        count=count, name_prefix="Legacy_Team", description="from before", tags={"owner": "them", "stage": "prod"}
    )
    scenario.identity.admin.catch_up()
    return list(ids)


def test_applying_what_was_imported_writes_nothing(
    scenario: Scenario, command_line: CommandLine, tmp_path: Path
) -> None:
    ids = stocked(scenario, 10)
    to = tmp_path / "projects"

    ran = command_line(
        "import", "--backend=default", f"--namespace={scenario.namespace}", "--all", f"--to={to}", "--output=json"
    )
    assert ran.status == 0, ran.err
    assert {one["projectID"] for one in ran.document["imported"]} == set(ids)
    assert scenario.kubectl("get", "iproj", "--output=name") == ""

    scenario.kubectl("apply", f"--filename={to}")
    for path in to.iterdir():
        imported = scenario.wait_for("True", "Observed", path.stem)
        assert imported["status"]["id"] == imported["spec"]["import"]["id"]
        assert imported["status"]["origin"] == "Imported"
        assert "drift" not in imported["status"]
        assert imported["spec"]["description"] == "from before"
        assert imported["spec"]["deletionPolicy"] == "Orphan"
    scenario.wait_for_listings()
    assert scenario.calls() == []

    # And what was imported does not show up as to be imported again.
    again = command_line("import", "--backend=default", f"--namespace={scenario.namespace}", "--output=json")
    assert all(" names it already" in one["obstacle"] for one in again.document["projects"])


@pytest.mark.whole
def test_with_manage_the_mark_is_all_that_is_written(
    scenario: Scenario, command_line: CommandLine, tmp_path: Path
) -> None:
    stocked(scenario, 1)
    before = scenario.remote()
    ran = command_line(
        *("import", "--backend=default", f"--namespace={scenario.namespace}", "--name=Legacy*"),
        "--management-policy=Manage",
    )
    (document,) = yaml.safe_load_all(ran.out)
    manifest = tmp_path / "one.yaml"
    manifest.write_text(ran.out, encoding="utf-8")

    planned = command_line("plan", f"--filename={manifest}", "--output=json")
    (plan,) = planned.document["plans"]
    assert [call["verb"] for call in plan["calls"]] == ["PUT"]
    assert plan["new"] is True

    scenario.kubectl("apply", f"--filename={manifest}")
    scenario.wait_ready(document["metadata"]["name"])
    after = scenario.remote()
    assert [call.operation for call in scenario.calls()] == ["updateProject"]
    assert (after.name, after.description) == (before.name, before.description)
    assert [after.tag(name) for name in ("owner", "stage")] == ["them", "prod"]


@pytest.mark.whole
@pytest.mark.parametrize(
    ("choice", "expected"), [(["--name=*-1"], 1), (["--tag=owner=them"], 3), (["--tag=owner", "--name=nothing*"], 0)]
)
def test_projects_are_chosen_by_name_or_tag(
    scenario: Scenario, command_line: CommandLine, choice: list[str], expected: int
) -> None:
    stocked(scenario)
    ran = command_line("import", "--backend=default", f"--namespace={scenario.namespace}", *choice, "--output=json")
    if expected:
        assert ran.status == 0, ran.err
        assert len(ran.document["items"]) == expected
    else:
        assert (ran.status, ran.out) == (2, "")
        assert f"{choice[1].removeprefix('--name=')}' --tag 'owner': IdentityBackend " in ran.err


@pytest.mark.whole
def test_an_id_that_is_not_there_is_named(scenario: Scenario, command_line: CommandLine) -> None:
    ran = command_line("import", "--backend=default", f"--namespace={scenario.namespace}", "--id=nobody")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == "project-operator: --id nobody: the backend shows no such project; list them without --id\n"


@pytest.mark.whole
def test_a_project_of_a_project_is_not_offered(scenario: Scenario, command_line: CommandLine) -> None:
    scenario.apply_project()
    project_id = scenario.wait_ready()["status"]["id"]
    scenario.identity.admin.catch_up()
    writes = len(scenario.calls())

    ran = command_line("import", "--backend=default", f"--namespace={scenario.namespace}", f"--id={project_id}")

    assert (ran.status, ran.out) == (1, "")
    assert f"skipped {project_id} (team): Project {scenario.namespace}/team names it already" in ran.err
    assert len(scenario.calls()) == writes
    assert condition(scenario.get(), "Ready")["status"] == "True"


@pytest.mark.whole
def test_what_a_shared_backend_does_not_allow_is_not_written(
    scenario: Scenario, command_line: CommandLine, tmp_path: Path
) -> None:
    stocked(scenario, 1)
    shared = scenario.cluster_backend()
    scenario.apply(shared)
    asked = (
        *("import", "--backend-kind=ClusterIdentityBackend", f"--backend={scenario.namespace}"),
        *(f"--namespace={scenario.namespace}", "--all"),
    )

    refused = command_line(*asked)
    assert (refused.status, refused.out) == (0, "")
    assert "is not permitted: " in refused.err

    scenario.edit({"tenancy": {"import": "Allowed"}}, scenario.namespace, "ClusterIdentityBackend")
    found = command_line(*asked, f"--to={tmp_path / 'projects'}")
    assert found.status == 0, found.err
    scenario.kubectl("apply", f"--filename={tmp_path / 'projects'}")
    (path,) = (tmp_path / "projects").iterdir()
    imported = scenario.wait_for("True", "Observed", path.stem)
    assert imported["spec"]["backendRef"]["kind"] == "ClusterIdentityBackend"
    assert scenario.calls() == []
