"""A backend that is read for real, and whose writes are told and never sent."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Final

from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.backends.base import (
    Backend,
    ConnectionFacts,
    Group,
    PlannedCall,
    ProjectContent,
    RemoteProject,
    Role,
)
from project_operator.backends.registry import Registry
from project_operator.backends.vendor import Open, Surroundings, Vendor
from project_operator.errors import RequestRefused

NOT_SENT: Final = "this is a rehearsal: the request was not sent"

Tell = Callable[[Iterable[str], str, tuple[PlannedCall, ...]], None]
"""Told of a write: marks that say whose it is, the project's id ("" while it has none), and the calls it stands for."""


def _nobody(_marks: Iterable[str], _project_id: str, _calls: tuple[PlannedCall, ...]) -> None:
    """Nobody wants to know."""


class Rehearsed:
    """Implements `Backend` over another one, of which it asks what is read, and what would be sent."""

    def __init__(self, backend: Backend, tell: Tell) -> None:
        self._backend = backend
        self._tell = tell
        self._marks: dict[str, str] = {}

    async def connect(self) -> ConnectionFacts:
        """See `Backend.connect`."""
        return await self._backend.connect()

    async def list_projects(self) -> tuple[RemoteProject, ...]:
        """See `Backend.list_projects`."""
        found = await self._backend.list_projects()
        self._marks.update({one.id: one.content.mark for one in found})
        return found

    async def get_project(self, project_id: str, *, group_ids: frozenset[str] = frozenset()) -> RemoteProject:
        """See `Backend.get_project`."""
        found = await self._backend.get_project(project_id, group_ids=group_ids)
        self._marks[found.id] = found.content.mark
        return found

    async def verify_read_access(self) -> None:
        """See `Backend.verify_read_access`."""
        await self._backend.verify_read_access()

    async def list_groups(self) -> tuple[Group, ...]:
        """See `Backend.list_groups`."""
        return await self._backend.list_groups()

    async def list_roles(self) -> tuple[Role, ...]:
        """See `Backend.list_roles`."""
        return await self._backend.list_roles()

    async def create_project(self, content: ProjectContent, *, before_send: Callable[[], None]) -> RemoteProject:  # noqa: ARG002 - the contract's signature
        """Told, and refused."""
        self._tell([content.mark], "", self._backend.plan_create(content))
        raise RequestRefused(NOT_SENT, operation="create_project")

    async def update_project(
        self,
        current: RemoteProject,
        content: ProjectContent,
        *,
        before_send: Callable[[], None],  # noqa: ARG002 - the contract's signature
    ) -> None:
        """Told, and refused."""
        self._tell([content.mark, current.content.mark], current.id, self._backend.plan_update(current, content))
        raise RequestRefused(NOT_SENT, operation="update_project")

    async def delete_project(self, project_id: str, *, before_send: Callable[[], None]) -> None:  # noqa: ARG002 - the contract's signature
        """Told, and refused."""
        self._tell([self._marks.get(project_id, "")], project_id, self._backend.plan_delete(project_id))
        raise RequestRefused(NOT_SENT, operation="delete_project")

    def plan_create(self, content: ProjectContent) -> tuple[PlannedCall, ...]:
        """See `Backend.plan_create`."""
        return self._backend.plan_create(content)

    def plan_update(self, current: RemoteProject, content: ProjectContent) -> tuple[PlannedCall, ...]:
        """See `Backend.plan_update`."""
        return self._backend.plan_update(current, content)

    def plan_delete(self, project_id: str) -> tuple[PlannedCall, ...]:
        """See `Backend.plan_delete`."""
        return self._backend.plan_delete(project_id)

    async def aclose(self) -> None:
        """See `Backend.aclose`."""
        await self._backend.aclose()


def without_writes(registry: Registry, tell: Tell = _nobody) -> Registry:
    """The same kinds of backend, each rehearsed."""
    return Registry(_rehearsed(vendor, tell) for vendor in registry)


def _rehearsed(vendor: Vendor, tell: Tell) -> Vendor:
    def configured(one: Vendor, spec: IdentityBackendSpec) -> Vendor:
        made = vendor.configured(vendor, spec)
        return replace(made, open=_opening(made.open, tell), configured=one.configured)

    return replace(vendor, open=_opening(vendor.open, tell), configured=configured)


def _opening(opened: Open, tell: Tell) -> Open:
    def open_(spec: IdentityBackendSpec, secret: Mapping[str, bytes], surroundings: Surroundings) -> Backend:
        return Rehearsed(opened(spec, secret, surroundings), tell)

    return open_
