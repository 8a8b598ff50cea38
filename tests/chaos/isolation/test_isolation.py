"""One endpoint that accepts and never answers, on a real API server with a real process: the others go on (I11)."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from chart_installation import Installation
from silence import ALIVE, SILENT, TIMEOUT, WORKERS, Spread, Tenants
from waiting import wait_until

from project_operator.sandbox.controlplane.plane import ControlPlane

BUILD = Path(__file__).parents[1] / "broken_build.py"
PROJECTS = 70
BESIDE = 30
"""Those of the silent backend: 30 % of all."""


@pytest.mark.whole
def test_the_projects_of_others_go_on_while_one_backend_never_answers(
    chaos_plane: ControlPlane,
    chaos_installation: Installation,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    figures: dict[str, tuple[Spread, Spread]] = {}

    with Tenants(chaos_plane, chaos_installation, "isolation-without", tmp_path) as tenants:
        apply_in_turn(tenants, beside=0)
        figures["without it"] = (tenants.to_first_call(), tenants.to_ready())

    with Tenants(chaos_plane, chaos_installation, "isolation-healthy", tmp_path) as tenants:
        apply_in_turn(tenants, beside=BESIDE)
        figures["beside it while it answers"] = (tenants.to_first_call(), tenants.to_ready())

    with Tenants(chaos_plane, chaos_installation, "isolation-silent", tmp_path) as tenants:
        tenants.fall_silent()
        apply_in_turn(tenants, beside=BESIDE)
        figures["beside it while it is silent"] = (tenants.to_first_call(), tenants.to_ready())
        assert not [name for name in tenants.ready if name.startswith(SILENT)]
        assert tenants.backend(ALIVE)["status"]["breaker"] == "Closed"

        tenants.wait_for_breaker(SILENT, "Open")
        silent = tenants.identities[SILENT].admin
        hung = silent.counts()["createProject"].requests
        assert 0 < hung <= 2 * WORKERS < BESIDE, "one for each worker, and one more for some of them before it opened"

        tenants.come_back()
        tenants.wait_for_breaker(SILENT, "Closed")
        tenants.wait_all_ready(SILENT)
        # They were made although nobody heard of it; none was made again.
        assert len(silent.projects()) == silent.counts()["createProject"].requests == BESIDE

    record_property("isolation", table(figures))


@pytest.mark.whole
def test_one_limiter_for_all_is_caught(
    chaos_plane: ControlPlane, chaos_installation: Installation, tmp_path: Path
) -> None:
    """I11: a build broken on purpose. What hangs takes every place that there is, for as long as a call may hang."""
    program = (sys.executable, str(BUILD), "one_limiter_for_all")
    with Tenants(chaos_plane, chaos_installation, "isolation-broken", tmp_path, program) as tenants:
        tenants.fall_silent()
        for number in range(BESIDE):
            tenants.apply(SILENT, number)
        silent = tenants.identities[SILENT].admin
        wait_until(lambda: "createProject" in silent.counts(), "a call that hangs")
        tenants.apply(ALIVE, 0)
        tenants.wait_all_ready(ALIVE)
        assert tenants.to_first_call().longest > TIMEOUT / 3


def apply_in_turn(tenants: Tenants, beside: int) -> None:
    """All Projects of the backend that answers, with those of the other evenly between them, until the former are
    Ready.
    """
    for number in range(PROJECTS):
        tenants.apply(ALIVE, number)
        for one in range(beside * number // PROJECTS, beside * (number + 1) // PROJECTS):
            tenants.apply(SILENT, one)
    tenants.wait_all_ready(ALIVE)


def table(figures: dict[str, tuple[Spread, Spread]]) -> str:
    """For people."""
    return "\n".join(
        [
            f"{PROJECTS} Projects of one backend, {BESIDE} of another that accepts and never answers",
            *(f"  {what}: to the first call {first}; to Ready {ready}" for what, (first, ready) in figures.items()),
        ]
    )
