"""A plugin of pytest by which a run of scenarios says at its end which rights of the chart none of them used."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest
from audit import AuditLog
from chart_installation import Installation
from rights import Ledger, Right, granted

WORKER_OUTPUT: Final = "rights"
"""Where a worker of xdist leaves its ledger for the run."""


@dataclass
class RightsUsed:
    """Fails the run of all tests in ``folder`` for a right that is granted for nothing, but for the ``exempt``."""

    config: pytest.Config
    folder: Path
    exempt: Mapping[Right, str]
    ledger: Ledger = field(default_factory=Ledger)

    def note(self, installation: Installation, audit: AuditLog | None) -> None:
        """Put to the ledger what an operator used; it must not have been refused anything."""
        if audit is None:
            return
        assert audit.denials() == [], "the chart gives the operator too few rights"
        self.ledger.add(Ledger(granted(installation.objects), audit.used()))

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker of xdist has ended."""
        self.ledger.add(Ledger.unpacked(getattr(node, "workeroutput", {}).get(WORKER_OUTPUT, {})))

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Everybody has put what there is to the ledger."""
        if hasattr(self.config, "workeroutput"):
            self.config.workeroutput[WORKER_OUTPUT] = self.ledger.packed()
        elif session.exitstatus == pytest.ExitCode.OK and self.ledger.granted and self.all_were_run():
            complaints = self.ledger.complaints(self.exempt)
            used = len(self.ledger.granted & self.ledger.used)
            say = self.config.get_terminal_writer().line
            say(f"\nrights of the chart: {len(self.ledger.granted)}, used in this run: {used}")
            for complaint in complaints:
                say(complaint, red=True)
            if complaints:
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def all_were_run(self) -> bool:
        """Whether nothing was left out: only then what nobody used is of no use."""
        option = self.config.option
        choices = ("keyword", "markexpr", "lf", "deselect", "ignore", "ignore_glob", "collectonly", "maxfail")
        places = {Path(one).resolve() for one in self.config.args}
        return places == {self.folder} and not any(getattr(option, choice, None) for choice in choices)
