"""Deleting our definitions deletes our objects and nothing in the backend; the operator waits for them to come back."""

from scenario import Scenario
from scraped import labels_shown
from waiting import wait_until

from project_operator.api.crd import crd_name
from project_operator.api.kinds import KINDS
from project_operator.api.names import MARK_TAG
from project_operator.observability.families import WATCHES


def test_nothing_remote_is_touched(expendable: Scenario) -> None:
    expendable.install_definitions()
    expendable.operator.wait_ready()
    expendable.apply(expendable.secret(), expendable.backend())
    expendable.apply_project()
    ready = expendable.wait_ready()
    mark = expendable.remote().tag(MARK_TAG)

    expendable.kubectl("delete", "--kustomize=crds/", "--timeout=60s")

    remote = expendable.remote()
    assert (remote.id, remote.tag(MARK_TAG), remote.deletion_time) == (ready["status"]["id"], mark, None)
    assert [call.operation for call in expendable.calls()] == ["createProject"]

    # It waits, and says for what, and goes on when they are back.
    definitions = [crd_name(kind) for kind in KINDS]
    wait_until(
        lambda: all(name in expendable.operator.readyz() for name in definitions),
        "/readyz to name the definitions that are missing",
    )
    assert expendable.operator.running
    restarts = labels_shown(expendable.operator.page("/metrics"))[WATCHES.name]
    assert restarts == {*WATCHES.label_names}
    expendable.install_definitions()
    expendable.operator.wait_ready()
    expendable.apply(expendable.backend())
    expendable.apply_project(import_={"id": remote.id})
    again = expendable.wait_ready()
    assert again["status"]["id"] == expendable.remote().id == remote.id
    assert str(expendable.remote().tag(MARK_TAG)).endswith(f":{again['metadata']['uid']}")
    assert [call.operation for call in expendable.calls()] == ["createProject", "updateProject"]
