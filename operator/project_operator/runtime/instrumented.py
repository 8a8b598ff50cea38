"""A backend whose calls go through the circuit breaker of its connection, and are counted and timed by operation and by
what came of them.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, TypeVar

from project_operator.backends.base import (
    Backend,
    ConnectionFacts,
    Group,
    PlannedCall,
    ProjectContent,
    RemoteProject,
    Role,
)
from project_operator.errors import BackendError, BreakerOpen, HeldBack, RightExpired
from project_operator.observability.hooks import BackendCall, Hooks
from project_operator.runtime.circuit import Circuit

T = TypeVar("T")

OF_ONE: Final = frozenset({"get_project", "create_project", "update_project", "delete_project"})
"""The calls that are about a single project: what is wrong with that is not the endpoint's fault."""


class InstrumentedBackend:
    """Passes on to ``backend`` what ``circuit`` lets through, and tells that and ``hooks`` how each call ended; the
    latter only of calls that were sent.
    """

    def __init__(self, backend: Backend, vendor: str, hooks: Hooks, now: Callable[[], float], circuit: Circuit) -> None:
        self._circuit = circuit
        self._backend = backend
        self._vendor = vendor
        self._hooks = hooks
        self._now = now

    async def connect(self) -> ConnectionFacts:
        """See `Backend.connect`."""
        return await self._timed("connect", self._backend.connect)

    async def list_projects(self) -> tuple[RemoteProject, ...]:
        """See `Backend.list_projects`."""
        return await self._timed("list_projects", self._backend.list_projects)

    async def get_project(self, project_id: str, *, group_ids: frozenset[str] = frozenset()) -> RemoteProject:
        """See `Backend.get_project`."""
        return await self._timed("get_project", partial(self._backend.get_project, project_id, group_ids=group_ids))

    async def verify_read_access(self) -> None:
        """See `Backend.verify_read_access`."""
        await self._timed("verify_read_access", self._backend.verify_read_access)

    async def list_groups(self) -> tuple[Group, ...]:
        """See `Backend.list_groups`."""
        return await self._timed("list_groups", self._backend.list_groups)

    async def list_roles(self) -> tuple[Role, ...]:
        """See `Backend.list_roles`."""
        return await self._timed("list_roles", self._backend.list_roles)

    async def create_project(self, content: ProjectContent, *, before_send: Callable[[], None]) -> RemoteProject:
        """See `Backend.create_project`."""
        return await self._timed(
            "create_project", partial(self._backend.create_project, content, before_send=before_send)
        )

    async def update_project(
        self, current: RemoteProject, content: ProjectContent, *, before_send: Callable[[], None]
    ) -> None:
        """See `Backend.update_project`."""
        await self._timed(
            "update_project", partial(self._backend.update_project, current, content, before_send=before_send)
        )

    async def delete_project(self, project_id: str, *, before_send: Callable[[], None]) -> None:
        """See `Backend.delete_project`."""
        await self._timed("delete_project", partial(self._backend.delete_project, project_id, before_send=before_send))

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

    async def _timed(self, operation: str, call: Callable[[], Awaitable[T]]) -> T:
        with self._circuit.call(of_one=operation in OF_ONE):
            begun = self._now()
            code: str | None = "error"
            try:
                answer = await call()
                code = "ok"
            except BackendError as error:
                code = _code(error)
                raise
            else:
                return answer
            finally:
                if code is not None:
                    self._hooks.emit(BackendCall(self._vendor, operation, code, self._now() - begun))


def _code(error: BackendError) -> str | None:
    """What came of a call that failed, see `BackendCall`; None where it was we who did not send it, which is no
    request, and nothing that the backend failed in.
    """
    if isinstance(error, (HeldBack, BreakerOpen, RightExpired)):
        return None
    return str(error.status) if error.status is not None else "error"
