"""What becomes of a project by itself, for any pace and any interruption."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from project_operator.sandbox.identity.nscale.controller import Controller
from project_operator.sandbox.identity.nscale.dialects import DOCUMENTED
from project_operator.sandbox.identity.nscale.resources import Project
from project_operator.sandbox.identity.nscale.settings import NscaleSettings
from project_operator.sandbox.identity.nscale.store import Store
from project_operator.sandbox.identity.nscale.views import provisioning_status

LEGAL = {
    "unknown": {"unknown", "error", "provisioned", "deprovisioning", "gone"},
    "error": {"error", "provisioned", "deprovisioning", "gone"},
    "provisioned": {"provisioned", "deprovisioning", "gone"},
    "deprovisioning": {"deprovisioning", "gone"},
    "gone": set(),
}  # fmt: skip
seconds = st.floats(min_value=0.0, max_value=5.0)


@given(
    pickup=seconds,
    provision=seconds,
    deprovision=seconds,
    failures=st.integers(min_value=0, max_value=3),
    deleted_at=st.none() | seconds,
    reference=st.booleans(),
)
def test_every_project_takes_a_legal_path_to_its_end(
    pickup: float, provision: float, deprovision: float, failures: int, deleted_at: float | None, *, reference: bool
) -> None:
    settings = NscaleSettings(
        pickup_delay=pickup, provision_delay=provision, deprovision_delay=deprovision, controller_retry=1.0
    )
    store, controller = Store(), Controller()
    controller.failures_left = failures
    finalizers = ("servers.compute/x",) if reference else ()
    created = store.write(Project(id="p", name="p", creation_time=0.0, finalizers=finalizers), 0.0)
    controller.created(created, settings)
    if deleted_at is not None:
        controller.run(store, deleted_at, settings)
        project = store.get(Project, "p")
        assert project is not None
        store.delete_project(project, deleted_at)
        controller.deleted(project, deleted_at, settings)
    controller.run(store, 100.0, settings)
    path = [
        provisioning_status(change.resource, DOCUMENTED) if isinstance(change.resource, Project) else "gone"
        for change in store.changes
    ]
    assert all(after in LEGAL[before] for before, after in pairwise(path)), path
    assert [change.time for change in store.changes] == sorted(change.time for change in store.changes)
    if deleted_at is None:
        assert path[-1] == "provisioned"
        assert path.count("error") == failures
    else:
        assert path[-1] == ("deprovisioning" if reference else "gone")


def test_what_is_due_happens_at_its_own_time_not_when_it_is_looked_at() -> None:
    settings = NscaleSettings(pickup_delay=1.0, provision_delay=3.0)
    store, controller = Store(), Controller()
    project = store.write(Project(id="p", name="p", creation_time=0.0), 0.0)
    controller.created(project, settings)
    controller.run(store, 1000.0, settings)
    assert [change.time for change in store.changes] == [0.0, 1.0, 3.0]


def test_a_project_that_vanished_is_left_alone() -> None:
    settings = NscaleSettings(provision_delay=3.0)
    store, controller = Store(), Controller()
    project = store.write(Project(id="p", name="p", creation_time=0.0), 0.0)
    controller.created(project, settings)
    store.write(replace(project, finalizers=("x",)), 0.0)
    store.remove(Project, "p", 0.5)
    controller.run(store, 10.0, settings)
    assert store.get(Project, "p") is None
