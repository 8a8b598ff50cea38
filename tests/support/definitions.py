"""Waiting until CustomResourceDefinitions are served."""

from collections.abc import Sequence

from project_operator.sandbox.controlplane.plane import ControlPlane


def wait_established(control_plane: ControlPlane, names: Sequence[str]) -> None:
    """Return once the definitions of these names are Established; at once where there are none."""
    if not names:
        return
    control_plane.wait_established(*names)
