"""Every field of the spec is in the backend, and status shows what is there and what of it is ours."""

from scenario import Scenario, manifest


def test_every_field_reaches_the_backend(scenario: Scenario) -> None:
    admins, readers = scenario.identity.admin.make_group("admins"), scenario.identity.admin.make_group("readers")
    scenario.identity.admin.catch_up()
    spec = {
        "backendRef": {"name": "default"},
        "name": "Research.2026",
        "description": "Genomes, sequenced and annotated",
        "tags": [{"name": "cost-centre", "value": "4711"}, {"name": "stage", "value": ""}],
        "groups": [{"id": admins}, {"name": "readers"}],
        "managementPolicy": "Manage",
        "missingPolicy": "Recreate",
        "deletionPolicy": "Orphan",
        "deletionProtection": False,
        "suspend": False,
    }
    scenario.apply(manifest("Project", "team", spec))

    status, remote = scenario.wait_ready()["status"], scenario.remote()
    assert (remote.name, remote.description) == ("Research.2026", "Genomes, sequenced and annotated")
    assert (remote.tag("cost-centre"), remote.tag("stage"), len(remote.tags)) == ("4711", "", 3)
    assert set(remote.group_ids) == {admins, readers}

    assert status["name"] == "Research.2026"
    assert status["observed"]["description"] == "Genomes, sequenced and annotated"
    shown = {tag["name"]: tag.get("value", "") for tag in status["observed"]["tags"]}
    assert shown == {"cost-centre": "4711", "stage": ""}
    assert set(status["observed"]["groupIDs"]) == {admins, readers}
    assert status["observed"]["createdBy"] == scenario.identity.service_account_id
    assert status["observed"]["raw"] == {"provisioningStatus": "provisioned", "healthStatus": "healthy"}
    assert set(status["applied"]) == {"name", "description", "tags", "groupIDs", "generation"}
    assert status["deletionPolicy"] == {"policy": "Orphan", "source": "Project"}
    assert len(scenario.calls()) == 1


def test_what_is_absent_is_not_managed(scenario: Scenario) -> None:
    scenario.apply_project(description="")
    status = scenario.wait_ready()["status"]

    assert set(status["applied"]) == {"name", "description", "generation"}
    scenario.identity.admin.edit_project(
        status["id"], tags={t.name: t.value for t in scenario.remote().tags} | {"x": "y"}
    )
    scenario.wait_for_listings()
    assert scenario.remote().tag("x") == "y"
    assert len(scenario.calls()) == 1
