"""An identity backend in memory, with the traps of nscale that the protocol is about: no unique names, reads that lag,
writes that commit late.

It stands in for the network and the vendor in tests of the core alone; what the vendor really does is tested against
the embedded server (docs/backends/nscale.md, sections 0, 1.4 and 1.5).
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random
from typing import TypeVar

from project_operator.backends.base import (
    ConnectionFacts,
    Group,
    HealthStatus,
    PlannedCall,
    ProjectContent,
    ProvisioningStatus,
    RemoteProject,
    Role,
)
from project_operator.errors import BackendError, OutcomeUnknown, PermissionDenied, ProjectNotFound

T = TypeVar("T")


@dataclass(slots=True)
class Fault:
    """What happens to the next call of an operation."""

    operation: str
    error: BackendError | None = None
    """Raised instead of doing anything."""
    commit_after: float | None = None
    """Without ``error``: the caller hears `OutcomeUnknown`, and the write takes effect so many seconds later; None:
    never.
    """
    answer_after: float = 0.0


@dataclass(slots=True)
class SimulatedBackend:
    """Implements `Backend`. `truth` is what really is; reads show what was ``read_lag`` seconds ago."""

    random: Random
    read_lag: float = 0.0
    provision_delay: float = 0.5
    delete_delay: float = 0.5
    create_delay: float = 0.0
    blocked: set[str] = field(default_factory=set)
    groups: list[Group] = field(default_factory=list)
    readable: bool = True
    calls: list[tuple[str, float, str]] = field(default_factory=list)
    created: list[RemoteProject] = field(default_factory=list)
    faults: deque[Fault] = field(default_factory=deque)
    _history: list[tuple[float, dict[str, RemoteProject]]] = field(default_factory=list)
    _serial: int = 0

    async def connect(self) -> ConnectionFacts:
        await self._enter("connect")
        return ConnectionFacts("org", "demo", "robot")

    async def list_projects(self) -> tuple[RemoteProject, ...]:
        await self._enter("list")
        return tuple(self._seen().values()) if self.readable else ()

    async def get_project(self, project_id: str, *, group_ids: frozenset[str] = frozenset()) -> RemoteProject:  # noqa: ARG002 - its groups bring their roles with them
        await self._enter("get", project_id)
        if not self.readable:
            raise PermissionDenied("no right to read", operation="get_project")
        try:
            return self._seen()[project_id]
        except KeyError:
            raise ProjectNotFound("not found", operation="get_project") from None

    async def verify_read_access(self) -> None:
        await self._enter("verify")
        if not self.readable:
            raise PermissionDenied("no right to read", operation="verify_read_access")

    async def list_groups(self) -> tuple[Group, ...]:
        await self._enter("groups")
        return tuple(self.groups)

    async def list_roles(self) -> tuple[Role, ...]:
        return ()

    async def create_project(self, content: ProjectContent, *, before_send: Callable[[], None]) -> RemoteProject:
        before_send()
        return await self._write("create", "", lambda: self._create(content))

    async def update_project(
        self, current: RemoteProject, content: ProjectContent, *, before_send: Callable[[], None]
    ) -> None:
        before_send()
        await self._write("update", current.id, lambda: self._update(current.id, content))

    async def delete_project(self, project_id: str, *, before_send: Callable[[], None]) -> None:
        before_send()
        await self._write("delete", project_id, lambda: self.begin_deletion(project_id))

    def plan_create(self, content: ProjectContent) -> tuple[PlannedCall, ...]:
        return (PlannedCall("POST", "/projects", f"create '{content.name}'"),)

    def plan_update(self, current: RemoteProject, content: ProjectContent) -> tuple[PlannedCall, ...]:
        same = current.content == content
        return () if same else (PlannedCall("PUT", f"/projects/{current.id}", f"replace '{content.name}'"),)

    def plan_delete(self, project_id: str) -> tuple[PlannedCall, ...]:
        return (PlannedCall("DELETE", f"/projects/{project_id}", "delete"),)

    async def aclose(self) -> None:
        pass

    # What happens outside.

    @property
    def truth(self) -> dict[str, RemoteProject]:
        """Every project that is, by id; the lifecycle has been brought up to now."""
        return self._at(self._now())

    def living(self, mark: str | None = None) -> list[RemoteProject]:
        """Those that are not being deleted."""
        return [one for one in self.truth.values() if not one.deleting and (mark is None or one.content.mark == mark)]

    def make(self, content: ProjectContent) -> RemoteProject:
        """Somebody else creates a project."""
        return self._create(content, ours=False)

    def edit(self, project_id: str, **changes: object) -> None:
        """Somebody else changes a project's content."""
        current = self.truth[project_id]
        self.put(replace(current, content=replace(current.content, **changes)))  # type: ignore[arg-type]

    def begin_deletion(self, project_id: str) -> None:
        """Accept a deletion; of the missing it succeeds."""
        current = self.truth.get(project_id)
        if current is not None and not current.deleting:
            self.put(
                replace(
                    current, deletion_time=_moment(self._now()), provisioning_status=ProvisioningStatus.DEPROVISIONING
                )
            )

    def count(self, operation: str) -> int:
        """How many calls of an operation there were."""
        return sum(name == operation for name, _, _ in self.calls)

    async def _enter(self, operation: str, detail: str = "") -> None:
        self.calls.append((operation, self._now(), detail))
        await asyncio.sleep(0.001)
        if self.faults and self.faults[0].operation == operation:
            fault = self.faults.popleft()
            await asyncio.sleep(fault.answer_after)
            if fault.error is not None:
                raise fault.error

    async def _write(self, operation: str, detail: str, apply: Callable[[], T]) -> T:
        self.calls.append((operation, self._now(), detail))
        await asyncio.sleep(self.create_delay if operation == "create" and self.create_delay else 0.001)
        fault = self.faults.popleft() if self.faults and self.faults[0].operation == operation else None
        if fault is None:
            return apply()
        await asyncio.sleep(fault.answer_after)
        if fault.error is not None:
            raise fault.error
        if fault.commit_after is not None:
            asyncio.get_running_loop().call_later(fault.commit_after, _quietly, apply)
        raise OutcomeUnknown("no answer", operation=operation)

    def _create(self, content: ProjectContent, *, ours: bool = True) -> RemoteProject:
        self._serial += 1
        project = RemoteProject(
            id=f"p{self._serial}",
            organization_id="org",
            content=content,
            provisioning_status=ProvisioningStatus.PENDING,
            health_status=HealthStatus.UNKNOWN,
            creation_time=_moment(self._now()),
            created_by="robot" if ours else "somebody",
        )
        self.put(project)
        if ours:
            self.created.append(project)
        return project

    def _update(self, project_id: str, content: ProjectContent) -> None:
        current = self.truth.get(project_id)
        if current is None:
            raise ProjectNotFound("not found", operation="update_project")
        self.put(replace(current, content=content, modified_time=_moment(self._now())))

    def put(self, project: RemoteProject) -> None:
        """Make ``project`` what is."""
        self._history.append((self._now(), {**self._at(self._now()), project.id: project}))

    def _seen(self) -> dict[str, RemoteProject]:
        return self._at(self._now() - self.read_lag)

    def _at(self, moment: float) -> dict[str, RemoteProject]:
        """The world at ``moment``: the last write before it, with the lifecycle that has happened since."""
        state: dict[str, RemoteProject] = {}
        for written_at, after in reversed(self._history):
            if written_at <= moment:
                state = after
                break
        return {one.id: grown for one in state.values() if (grown := self._grown(one, moment)) is not None}

    def _grown(self, project: RemoteProject, moment: float) -> RemoteProject | None:
        if project.deletion_time is not None:
            over = moment >= project.deletion_time.timestamp() + self.delete_delay
            return None if over and project.id not in self.blocked else project
        ready_at = (project.creation_time or _moment(0)).timestamp() + self.provision_delay
        if project.provisioning_status is ProvisioningStatus.PENDING and moment >= ready_at:
            return replace(
                project, provisioning_status=ProvisioningStatus.PROVISIONED, health_status=HealthStatus.HEALTHY
            )
        return project

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _quietly(apply: Callable[[], object]) -> None:
    """A write that commits when nobody waits for it any more; what it would have said is said to nobody."""
    with contextlib.suppress(BackendError):
        apply()


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)
