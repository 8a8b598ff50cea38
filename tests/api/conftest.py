"""Our definitions on the API server, and a namespace to write objects into."""

import pytest
from custom_objects import CustomObjects

from project_operator.api.crd import crd_name
from project_operator.api.kinds import KINDS
from project_operator.sandbox.controlplane.plane import ControlPlane


@pytest.fixture(scope="session")
def served(control_plane: ControlPlane) -> ControlPlane:
    """The control plane, with our definitions applied as the README says, and established."""
    control_plane.kubectl("apply", "--server-side", "-k", "crds/")
    control_plane.wait_established(*(crd_name(kind) for kind in KINDS))
    return control_plane


@pytest.fixture(scope="module")
def objects(served: ControlPlane, request: pytest.FixtureRequest) -> CustomObjects:
    """A namespace of its own for each module."""
    namespace = request.module.__name__.rpartition(".")[2].replace("_", "-")
    served.kubectl("create", "namespace", namespace)
    return CustomObjects(served.kubeconfig, namespace)
