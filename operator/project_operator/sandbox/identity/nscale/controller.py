"""The project controller: what happens to a project by itself, some time after somebody asked for it (N2, N1.5).

Nothing runs in the background. Steps are due at a time, and `run` does all that are due, each at its own time, before
anything else looks.
"""

import heapq
from dataclasses import dataclass, replace
from enum import StrEnum

from project_operator.sandbox.identity.nscale.resources import CONTROLLER_FINALIZER, Project
from project_operator.sandbox.identity.nscale.settings import NscaleSettings
from project_operator.sandbox.identity.nscale.store import Store


class Step(StrEnum):
    """What the controller does to a project."""

    PICK_UP = "pick up"
    PROVISION = "provision"
    DEPROVISION = "deprovision"


@dataclass(frozen=True, slots=True, order=True)
class _Due:
    time: float
    sequence: int
    step: Step
    project_id: str


class Controller:
    """Knows what is due."""

    def __init__(self) -> None:
        self._due: list[_Due] = []
        self._sequence = 0
        self.failures_left = 0
        """Attempts to provision that are still to fail (N2-13)."""

    def created(self, project: Project, settings: NscaleSettings) -> None:
        """A project has been created."""
        start = project.creation_time
        self._schedule(start + min(settings.pickup_delay, settings.provision_delay), Step.PICK_UP, project.id)
        self._schedule(start + settings.provision_delay, Step.PROVISION, project.id)

    def deleted(self, project: Project, now: float, settings: NscaleSettings) -> None:
        """A project has been marked for deletion."""
        self._schedule(now + settings.deprovision_delay, Step.DEPROVISION, project.id)

    def run(self, store: Store, now: float, settings: NscaleSettings) -> None:
        """Do everything that is due by ``now``."""
        while self._due and self._due[0].time <= now:
            due = heapq.heappop(self._due)
            project = store.get(Project, due.project_id)
            if project is None:
                continue
            match due.step:
                case Step.PICK_UP:
                    if project.deletion_time is None:
                        store.write(replace(project, finalizers=(*project.finalizers, CONTROLLER_FINALIZER)), due.time)
                case Step.PROVISION:
                    if project.deletion_time is None:
                        self._provision(store, project, due.time, settings)
                case Step.DEPROVISION:
                    self._deprovision(store, project, due.time, settings)

    def _provision(self, store: Store, project: Project, now: float, settings: NscaleSettings) -> None:
        """Both statuses at once (N2-11); a failure shows as ``error``, is retried and heals (N2-13)."""
        if self.failures_left:
            self.failures_left -= 1
            store.write(replace(project, available="Errored"), now)
            self._schedule(now + settings.controller_retry, Step.PROVISION, project.id)
        else:
            store.write(replace(project, available="Provisioned", healthy="Healthy"), now)

    def _deprovision(self, store: Store, project: Project, now: float, settings: NscaleSettings) -> None:
        """While anything refers to the project only wait (N1.5-3), without end and without an error (N1.5-7)."""
        if any(finalizer != CONTROLLER_FINALIZER for finalizer in project.finalizers):
            self._schedule(now + settings.controller_retry, Step.DEPROVISION, project.id)
        else:
            store.drop_finalizer(project, CONTROLLER_FINALIZER, now)

    def _schedule(self, time: float, step: Step, project_id: str) -> None:
        self._sequence += 1
        heapq.heappush(self._due, _Due(time, self._sequence, step, project_id))
