"""Waiting until CustomResourceDefinitions are served."""

from collections.abc import Sequence

from waiting import wait_until

from project_operator.sandbox.controlplane.plane import ControlPlane


def wait_established(control_plane: ControlPlane, names: Sequence[str]) -> None:
    """Return once the definitions of these names are Established; at once where there are none."""
    if not names:
        return
    command = ["wait", "--for=condition=Established", *(f"crd/{name}" for name in names), "--timeout=60s"]
    # kubectl gives up on a definition that has no conditions yet ("accessor error"): ask again.
    wait_until(lambda: control_plane.kubectl(*command, check=False).returncode == 0, "the definitions to be served")
