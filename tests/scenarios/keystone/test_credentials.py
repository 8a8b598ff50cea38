"""The manager of a domain is enough; so is an application credential of an admin; what is too little is said."""

import pytest
from keystone_scenario import KeystoneScenario
from scenario import condition
from waiting import wait_until

from project_operator.api.conditions import Reason


@pytest.mark.whole
def test_an_application_credential_of_an_admin_will_do(bare_stage: KeystoneScenario) -> None:
    credential, _ = bare_stage.domain.make_application_credential()
    member = {"auth": {"applicationCredential": {"secretRef": {"name": "credentials"}}}}
    secret = bare_stage.secret(id=credential.id, secret=credential.secret)
    bare_stage.connect(secret, bare_stage.backend(keystone=member))
    bare_stage.domain.make_group("ours")
    bare_stage.apply_project(groups=[{"name": "ours", "roles": [{"name": "member"}]}])
    project_id = bare_stage.wait_ready()["status"]["id"]
    assert len(bare_stage.assignments()) == 1

    bare_stage.delete()
    bare_stage.wait_gone()
    assert bare_stage.admin.project(project_id) is None


@pytest.mark.whole
def test_a_wrong_password_is_said_and_a_right_one_is_followed(bare_stage: KeystoneScenario) -> None:
    manager = bare_stage.domain.manager
    bare_stage.apply(bare_stage.secret(username=manager.name, password="wrong"), bare_stage.backend())

    def refused() -> str:
        ready = condition(bare_stage.get("default", "IdentityBackend"), "Ready")
        return str(ready["message"]) if ready.get("status") == "False" else ""

    assert "wrong" not in wait_until(refused, "the refusal")
    assert condition(bare_stage.get("default", "IdentityBackend"), "Ready")["reason"] == Reason.CREDENTIALS_REJECTED

    bare_stage.apply(bare_stage.secret())
    bare_stage.wait_ready("default", kind="IdentityBackend")


def test_a_dead_token_is_no_missing_project(stage: KeystoneScenario) -> None:
    stage.apply_project()
    project_id = stage.wait_ready()["status"]["id"]
    manager = stage.domain.manager

    stage.admin.edit_user(manager.id, password="another-good-password")
    stage.apply(stage.secret(username=manager.name, password="another-good-password"))
    stage.edit({"description": "still here"})

    assert stage.wait_ready()["status"]["id"] == project_id == stage.remote().id
    assert stage.remote().description == "still here"
