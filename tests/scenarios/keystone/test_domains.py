"""Projects in further domains, and projects that are domains, where the backend object allows them."""

from keystone_scenario import KeystoneScenario
from scenario import condition

from project_operator.api.conditions import Reason


def _as_admin(stage: KeystoneScenario) -> dict[str, str]:
    """What a Secret holds of an application credential of an admin."""
    credential, _ = stage.domain.make_application_credential()
    return {"id": credential.id, "secret": credential.secret}


def test_a_further_domain_holds_what_asks_for_it(bare_stage: KeystoneScenario) -> None:
    further = bare_stage.domain.make_domain()
    member = {
        "auth": {"applicationCredential": {"secretRef": {"name": "credentials"}}},
        "additionalDomains": [further],
    }
    bare_stage.connect(bare_stage.secret(**_as_admin(bare_stage)), bare_stage.backend(keystone=member))

    bare_stage.apply_project("far", keystone={"domainID": further})
    bare_stage.apply_project("near")

    far, near = bare_stage.wait_ready("far")["status"], bare_stage.wait_ready("near")["status"]
    (project,) = bare_stage.admin.projects(further)
    assert (far["id"], far["organizationID"]) == (project.id, further)
    assert near["organizationID"] == bare_stage.remote("near").domain_id == bare_stage.domain.id
    bare_stage.assert_quiet()


def test_a_domain_that_the_backend_object_does_not_name_is_refused(stage: KeystoneScenario) -> None:
    before = stage.asked()
    stage.apply_project(keystone={"domainID": stage.domain.make_domain()})
    stalled = stage.wait_for("False", Reason.REQUEST_REFUSED)
    assert "keystone.domainID" in condition(stalled, "Ready")["message"]
    assert stage.calls(after=before) == []


def test_a_project_that_is_a_domain(bare_stage: KeystoneScenario) -> None:
    member = {"auth": {"applicationCredential": {"secretRef": {"name": "credentials"}}}, "manageDomains": True}
    bare_stage.connect(bare_stage.secret(**_as_admin(bare_stage)), bare_stage.backend(keystone=member))
    bare_stage.apply_project(name=f"made-in-{bare_stage.namespace}", keystone={"isDomain": True})
    project_id = bare_stage.wait_ready()["status"]["id"]
    made = bare_stage.admin.project(project_id)
    assert made is not None
    assert made.is_domain

    bare_stage.delete()
    bare_stage.wait_gone()
    assert bare_stage.admin.project(project_id) is None
