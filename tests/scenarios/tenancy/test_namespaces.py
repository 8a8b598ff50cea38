"""Who may use a backend for many namespaces: those that it selects, for as long as it does."""

from scenario import Scenario, condition
from waiting import wait_until

from project_operator.kube.resources import CLUSTER_IDENTITY_BACKENDS, NAMESPACES, SECRETS


def test_a_selected_namespace_uses_a_credential_that_it_cannot_see(shared: Scenario) -> None:
    shared.apply(shared.tenant())
    made = shared.wait_ready()
    assert made["status"]["backendRef"]["kind"] == "ClusterIdentityBackend"
    assert shared.remote().id == made["status"]["id"]

    shared.delete(shared.namespace, "ClusterIdentityBackend")
    shared.delete()
    shared.wait_gone()
    shared.wait_gone(shared.namespace, "ClusterIdentityBackend")
    assert shared.identity.admin.projects() == []


def test_a_namespace_that_is_not_selected_is_refused(shared: Scenario) -> None:
    nobody = {"matchLabels": {"nobody": "has this"}}
    shared.objects.patch(CLUSTER_IDENTITY_BACKENDS, shared.namespace, {"spec": {"namespaceSelector": nobody}})
    shared.wait_ready(shared.namespace, kind="ClusterIdentityBackend")

    shared.apply(shared.tenant())

    stalled = shared.wait_for("False", "NotPermitted")
    message = condition(stalled, "Ready")["message"]
    assert message == (
        f"`spec.backendRef` is not permitted by ClusterIdentityBackend '{shared.namespace}': its `namespaceSelector` "
        f"does not select the namespace '{shared.namespace}'"
    )
    assert condition(stalled, "Stalled")["reason"] == "NotPermitted"
    assert "finalizers" not in stalled["metadata"]
    assert shared.calls() == []


def test_a_namespace_that_stops_matching_is_read_and_deleted_but_not_written(shared: Scenario) -> None:
    label = "tenancy.example.com/team"
    shared.objects.patch(NAMESPACES, shared.namespace, {"metadata": {"labels": {label: "web"}}})
    selector = {"matchLabels": {label: "web", "kubernetes.io/metadata.name": None}}
    shared.objects.patch(CLUSTER_IDENTITY_BACKENDS, shared.namespace, {"spec": {"namespaceSelector": selector}})
    shared.apply(shared.tenant())
    project_id = shared.wait_ready()["status"]["id"]
    written = len(shared.calls())

    shared.objects.patch(NAMESPACES, shared.namespace, {"metadata": {"labels": {label: "shop"}}})
    shared.wait_for("False", "NotPermitted")
    shared.edit({"description": "no more"})
    shared.wait_for("False", "NotPermitted")
    shared.identity.admin.edit_project(project_id, description="changed outside")
    shared.wait_for_listings()
    shared.wait_for("False", "NotPermitted")
    assert len(shared.calls()) == written

    shared.delete()
    shared.wait_gone()
    assert shared.identity.admin.projects() == []


def test_a_namespace_that_stops_matching_is_let_go_of_a_backend_that_cannot_be_used(shared: Scenario) -> None:
    shared.apply(shared.tenant())
    shared.wait_ready()
    nobody = {"matchLabels": {"nobody": "has this", "kubernetes.io/metadata.name": None}}
    shared.objects.patch(SECRETS, "credentials", {"data": {"token": None}})
    shared.objects.patch(CLUSTER_IDENTITY_BACKENDS, shared.namespace, {"spec": {"namespaceSelector": nobody}})
    shared.wait_for("False", "SecretInvalid", shared.namespace, kind="ClusterIdentityBackend")
    message = condition(shared.wait_for("False", "NotPermitted"), "Ready")["message"]
    assert "does not select the namespace" in message
    assert "token" not in message
    written = len(shared.calls())

    shared.delete()
    wait_until(
        lambda: condition(shared.get(), "Ready")["message"].startswith("the deletion waits: "), "the deletion to wait"
    )
    message = condition(shared.get(), "Ready")["message"]
    assert message.endswith("it is not Ready; to let the project go without touching it, set `deletionPolicy: Orphan`")
    shared.edit({"deletionPolicy": "Orphan"})
    shared.wait_gone()
    assert len(shared.calls()) == written
