"""Finds what was left over (R11): remote projects with this cluster's mark whose object is gone, by live look."""

import logging
from typing import Any, Protocol

from project_operator.api.events import EventReason
from project_operator.backends.base import RemoteProject
from project_operator.errors import KubeError
from project_operator.kube.resources import PROJECTS, Resource
from project_operator.reconcile.actions import Notice
from project_operator.reconcile.leftovers import leftovers
from project_operator.runtime.clock import Clock
from project_operator.runtime.connections import Connection
from project_operator.runtime.store import Store

logger = logging.getLogger(__name__)


class Lister(Protocol):
    """A live listing of the API server."""

    async def list(
        self, resource: Resource, namespace: str | None = None, *, metadata_only: bool = False
    ) -> list[dict[str, Any]]:
        """All objects of a kind."""


class Sweeper:
    """One per backend object and connection; asked now and then."""

    def __init__(self, kube: Lister, projects: Store, clock: Clock, cluster: str, *, restores: bool = False) -> None:
        """``cluster``: the 16 hex digits that this cluster's marks begin with. ``restores``: nothing is called left
        over while what earlier objects left is being taken up.
        """
        self._kube = kube
        self._projects = projects
        self._clock = clock
        self._cluster = cluster
        self._restores = restores
        self._since: dict[str, float] = {}
        self._reported: set[str] = set()

    async def sweep(self, connection: Connection, *, quarantine: float) -> list[Notice]:
        """What is to be reported now; nothing is ever changed (docs/adr: the sweeper only reports).

        An id is reported once per process, as long as it is there, after it has been left over for a whole quarantine
        and a live listing of all Projects confirmed it. Where the operator may not list all Projects it cannot know,
        and reports nothing.
        """
        listing = connection.observer.listing
        if self._restores or listing is None or not listing.credible:
            return []
        living = {str(raw["metadata"]["uid"]) for raw in self._projects.values()}
        found = leftovers(listing, cluster=self._cluster, living=living)
        now = self._clock.now()
        self._reported.intersection_update(listing.by_id)
        self._since = {project.id: self._since.get(project.id, now) for project in found}
        due = [
            project
            for project in found
            if now - self._since[project.id] > quarantine and project.id not in self._reported
        ]
        if not due:
            return []
        try:
            live = await self._kube.list(PROJECTS, None, metadata_only=True)
        except KubeError as error:
            logger.info("cannot tell what is left over in %s: %s", connection.key, error)
            return []
        lives = {str(raw["metadata"]["uid"]) for raw in live}
        confirmed = [one for one in leftovers(listing, cluster=self._cluster, living=lives) if one in due]
        return [notice for one in confirmed if (notice := self._report(connection, one)) is not None]

    def _report(self, connection: Connection, project: RemoteProject) -> Notice | None:
        """None for what is switched off: so `Disable` leaves a project, and nobody has to do anything about it."""
        self._reported.add(project.id)
        if project.content.enabled is False:
            logger.info("%s: project %s is left over, switched off", connection.key, project.id)
            return None
        note = (
            f"project {project.id} ('{project.content.name}') carries the mark of a Project that no longer "
            "exists; delete it in the backend, or take "
            "it over with a Project of the former name and `spec.import.id`"
        )
        logger.warning("%s: %s", connection.key, note)
        return Notice(reason=EventReason.LEFT_OVER, action="Sweep", note=note)
