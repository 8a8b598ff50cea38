"""A connection to the simulated backend that asks its gate where a real one does: just before the bytes leave."""

from collections.abc import Callable

from project_operator.backends.base import (
    ConnectionFacts,
    Group,
    PlannedCall,
    ProjectContent,
    RemoteProject,
    Role,
)
from simulation.backend import SimulatedBackend


class GatedBackend:
    """Implements `Backend`."""

    def __init__(self, backend: SimulatedBackend, gate: Callable[[], None]) -> None:
        self._backend = backend
        self._gate = gate

    async def connect(self) -> ConnectionFacts:
        self._gate()
        return await self._backend.connect()

    async def list_projects(self) -> tuple[RemoteProject, ...]:
        self._gate()
        return await self._backend.list_projects()

    async def get_project(self, project_id: str, *, group_ids: frozenset[str] = frozenset()) -> RemoteProject:
        self._gate()
        return await self._backend.get_project(project_id, group_ids=group_ids)

    async def verify_read_access(self) -> None:
        self._gate()
        await self._backend.verify_read_access()

    async def list_groups(self) -> tuple[Group, ...]:
        self._gate()
        return await self._backend.list_groups()

    async def list_roles(self) -> tuple[Role, ...]:
        self._gate()
        return await self._backend.list_roles()

    async def create_project(self, content: ProjectContent, *, before_send: Callable[[], None]) -> RemoteProject:
        return await self._backend.create_project(content, before_send=self._checked(before_send))

    async def update_project(
        self, current: RemoteProject, content: ProjectContent, *, before_send: Callable[[], None]
    ) -> None:
        await self._backend.update_project(current, content, before_send=self._checked(before_send))

    async def delete_project(self, project_id: str, *, before_send: Callable[[], None]) -> None:
        await self._backend.delete_project(project_id, before_send=self._checked(before_send))

    def plan_create(self, content: ProjectContent) -> tuple[PlannedCall, ...]:
        return self._backend.plan_create(content)

    def plan_update(self, current: RemoteProject, content: ProjectContent) -> tuple[PlannedCall, ...]:
        return self._backend.plan_update(current, content)

    def plan_delete(self, project_id: str) -> tuple[PlannedCall, ...]:
        return self._backend.plan_delete(project_id)

    async def aclose(self) -> None:
        await self._backend.aclose()

    def _checked(self, before_send: Callable[[], None]) -> Callable[[], None]:
        def check() -> None:
            before_send()
            self._gate()

        return check
