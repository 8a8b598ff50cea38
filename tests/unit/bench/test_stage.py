from pathlib import Path

import pytest

from bench.stage import refuse_emulated
from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane.plane import ControlPlane


class Emulated(ControlPlane):
    @property
    def emulated(self) -> bool:
        return True


def test_nothing_is_measured_on_the_emulated_api_server(tmp_path: Path) -> None:
    with pytest.raises(SandboxError, match="a real API server"):
        refuse_emulated(Emulated(tmp_path, tmp_path, tmp_path))
