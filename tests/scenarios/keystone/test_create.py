"""A Project becomes a project with one call and two writes: Keystone answers a creation with what is ready."""

from keystone_scenario import KeystoneScenario

from project_operator.api.conditions import Reason


def test_the_smallest_one(stage: KeystoneScenario) -> None:
    before = stage.asked()
    stage.apply_project()
    status = stage.wait_ready()["status"]

    remote = stage.remote()
    assert status["id"] == remote.id
    assert status["organizationID"] == remote.domain_id == stage.domain.id
    assert (status["provisioningStatus"], status["healthStatus"]) == ("provisioned", "healthy")
    assert (remote.parent_id, remote.enabled, remote.is_domain) == (stage.domain.id, True, False)
    (mark,) = remote.tags
    assert mark.startswith("iproj1:")
    assert len(mark) == 86
    assert status["observed"].get("tags", []) == []
    assert [(call.method, call.path, call.status) for call in stage.calls(after=before)] == [
        ("POST", "/v3/projects", 201)
    ]
    written = [(write.verb, write.subresource) for write in stage.writes()]
    assert written == [("patch", ""), ("patch", "status")], "the finalizer, then Ready"
    stage.assert_quiet()


def test_every_field(stage: KeystoneScenario) -> None:
    developers, auditors = stage.domain.make_group("developers"), stage.domain.make_group("auditors")
    member, reader = stage.admin.role_id("member"), stage.admin.role_id("reader")

    stage.apply_project(
        name="Zahlungen (Prüfung)",
        description="Zahlungen, zur Prüfung",
        tags=[{"name": "team", "value": "payments"}, {"name": "plain", "value": ""}],
        groups=[
            {"name": "developers", "roles": [{"name": "member"}, {"id": reader}]},
            {"id": auditors, "roles": [{"name": "reader"}]},
        ],
        enabled=True,
        keystone={"immutable": False},
    )
    status = stage.wait_ready()["status"]

    remote = stage.remote("Zahlungen (Prüfung)")
    assert remote.description == status["observed"]["description"] == "Zahlungen, zur Prüfung"
    assert stage.own_tags("Zahlungen (Prüfung)") == {"team=payments", "plain"}
    wanted = {(developers, member), (developers, reader), (auditors, reader)}
    assert {(one.group, one.role) for one in stage.assignments("Zahlungen (Prüfung)")} == wanted
    for shown in (status["observed"], status["applied"]):
        assert {(one["groupID"], one["roleID"]) for one in shown["roleAssignments"]} == wanted
    assert (status["observed"]["enabled"], status["observed"]["parentID"]) == (True, stage.domain.id)
    stage.assert_quiet()


def test_a_name_that_is_taken_is_said_and_ends_when_it_is_free(stage: KeystoneScenario) -> None:
    taken = stage.admin.make_project("team", stage.domain.id)
    stage.apply_project()
    stage.wait_for("False", Reason.NAME_TAKEN)

    stage.admin.remove_project(taken)
    stage.edit({"description": "again"})

    assert stage.wait_ready()["status"]["id"] == stage.remote().id != taken


def test_what_keystone_cannot_hold_is_refused_before_any_call(stage: KeystoneScenario) -> None:
    before = stage.asked()
    stage.apply_project(tags=[{"name": "a/b", "value": "c"}])
    stalled = stage.wait_for("False", Reason.UNSUPPORTED)
    assert "spec.tags[0].name" in stalled["status"]["conditions"][0]["message"]
    assert stage.calls(after=before) == []
