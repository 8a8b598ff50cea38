"""An identity backend in memory, with the traps of nscale that the protocol is about: no unique names, reads that lag,
writes that commit late. With ``keystone`` it answers synchronously, and has what Keystone has more: enabled, parents,
roles of groups, a lock.

It stands in for the network and the vendor in tests of the core alone; what the vendors really do is tested against
their servers (docs/backends/nscale.md, sections 0, 1.4 and 1.5; docs/backends/keystone.md).
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from random import Random
from typing import Any, TypeVar

from project_operator.backends.base import (
    ConnectionFacts,
    Group,
    HealthStatus,
    PlannedCall,
    ProjectContent,
    ProvisioningStatus,
    RemoteProject,
    Role,
    RoleAssignment,
)
from project_operator.backends.vendor import Capabilities
from project_operator.errors import (
    BackendError,
    BackendUnavailable,
    OutcomeUnknown,
    PermissionDenied,
    ProjectNotFound,
    RequestRefused,
)
from project_operator.reconcile.evidence import without_assignments

T = TypeVar("T")

DOMAIN = "d1"
LOCK = "keystone.immutable"


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
    keystone: bool = False
    repeats_creation: bool = True
    destroys: str = ""
    deletes: bool = True
    ignores_case: bool = False
    read_lag: float = 0.0
    provision_delay: float = 0.5
    delete_delay: float = 0.5
    create_delay: float = 0.0
    create_queue: float = 0.0
    """How long a creation waits for its turn before it is sent."""
    silent_for: float | None = None
    """Seconds that calls hang and come to nothing: it accepts and never answers. None: it answers."""
    lists_state: bool = True
    """Otherwise only a read of a project alone, or a creation, tells its state, and lists know what it told."""
    admission: AbstractAsyncContextManager[object] = field(default_factory=contextlib.nullcontext)
    """Held during each call: the limiter of the connection."""
    blocked: set[str] = field(default_factory=set)
    groups: list[Group] = field(default_factory=list)
    roles: list[Role] = field(default_factory=list)
    readable: bool = True
    organization_id: str = "org"
    """Of whichever credential is used."""
    credential_expires_at: datetime | None = None
    """Likewise; None: that is not told."""
    calls: list[tuple[str, float, str]] = field(default_factory=list)
    created: list[RemoteProject] = field(default_factory=list)
    faults: deque[Fault] = field(default_factory=deque)
    requests: list[PlannedCall] = field(default_factory=list)
    """What was sent to write, as the plans would have it."""
    _history: list[tuple[float, dict[str, RemoteProject]]] = field(default_factory=list)
    _serial: int = 0
    _told: set[str] = field(default_factory=set)
    """Of which projects the state was told over this connection."""

    @property
    def capabilities(self) -> Capabilities:
        fixed = frozenset({"parentID", "keystone.isDomain", "keystone.domainID"})
        if self.keystone:
            return Capabilities(
                delete=self.deletes, roles=True, disable=True, ignores_case=self.ignores_case, fixed=fixed
            )
        return Capabilities(delete=self.deletes, repeats_creation=self.repeats_creation, destroys=self.destroys)

    async def connect(self) -> ConnectionFacts:
        self._told.clear()
        await self._enter("connect")
        return ConnectionFacts(self.organization_id, "demo", "robot", credential_expires_at=self.credential_expires_at)

    async def list_projects(self) -> tuple[RemoteProject, ...]:
        await self._enter("list")
        return tuple(self._listed(project) for project in self._seen().values()) if self.readable else ()

    async def get_project(self, project_id: str, *, group_ids: frozenset[str] = frozenset()) -> RemoteProject:
        await self._enter("get", project_id)
        if not self.readable:
            raise PermissionDenied("no right to read", operation="get_project")
        try:
            project = self._seen()[project_id]
        except KeyError:
            raise ProjectNotFound("not found", operation="get_project") from None
        self._told.add(project_id)
        if not group_ids or not self.keystone:
            return without_assignments(project)
        shown = tuple(one for one in project.content.role_assignments or () if one.group_id in group_ids)
        return replace(project, content=replace(project.content, role_assignments=shown))

    async def verify_read_access(self) -> None:
        await self._enter("verify")
        if not self.readable:
            raise PermissionDenied("no right to read", operation="verify_read_access")

    async def list_groups(self) -> tuple[Group, ...]:
        await self._enter("groups")
        return tuple(self.groups)

    async def list_roles(self) -> tuple[Role, ...]:
        await self._enter("roles")
        return tuple(self.roles)

    async def create_project(self, content: ProjectContent, *, before_send: Callable[[], None]) -> RemoteProject:
        await asyncio.sleep(self.create_queue)

        def depart() -> None:
            before_send()
            self.requests += self.plan_create(replace(content, role_assignments=None))

        project = without_assignments(await self._write("create", "", lambda: self._create(content), depart))
        self._told.add(project.id)
        return project

    async def update_project(
        self, current: RemoteProject, content: ProjectContent, *, before_send: Callable[[], None]
    ) -> None:
        planned = self.plan_update(current, content)
        await self._write("update", current.id, lambda: self._update(current, content), before_send)
        self.requests += planned

    async def delete_project(self, project_id: str, *, before_send: Callable[[], None]) -> None:
        def depart() -> None:
            before_send()
            self.requests += self.plan_delete(project_id)

        await self._write("delete", project_id, lambda: self._delete(project_id), depart)

    def plan_create(self, content: ProjectContent) -> tuple[PlannedCall, ...]:
        grants = (self._grant("{id}", one) for one in sorted(content.role_assignments or ()))
        return (PlannedCall("POST", "/projects", f"create '{content.name}'"), *grants)

    def plan_update(self, current: RemoteProject, content: ProjectContent) -> tuple[PlannedCall, ...]:
        if not self.keystone:
            same = current.content == content
            return () if same else (PlannedCall("PUT", f"/projects/{current.id}", f"replace '{content.name}'"),)
        before, after = set(current.content.role_assignments or ()), set(content.role_assignments or ())
        plain = replace(_plain(current.content), particulars={})
        aim = replace(_plain(content), particulars={})
        locks = {
            path: value for path, value in content.particulars.items() if current.content.particulars.get(path) != value
        }
        return (
            *((PlannedCall("PATCH", f"/projects/{current.id}", "change"),) if plain != aim or locks else ()),
            *(self._grant(current.id, one) for one in sorted(after - before)),
            *(replace(self._grant(current.id, one), verb="DELETE") for one in sorted(before - after)),
        )

    def plan_delete(self, project_id: str) -> tuple[PlannedCall, ...]:
        return (PlannedCall("DELETE", f"/projects/{project_id}", "delete"),)

    async def aclose(self) -> None:
        pass

    @staticmethod
    def _grant(project_id: str, one: RoleAssignment) -> PlannedCall:
        return PlannedCall("PUT", f"/projects/{project_id}/groups/{one.group_id}/roles/{one.role_id}", "a role")

    def _listed(self, project: RemoteProject) -> RemoteProject:
        shown = without_assignments(project)
        if self.lists_state or project.id in self._told:
            return shown
        return replace(
            shown,
            content=replace(shown.content, enabled=True if self.keystone else shown.content.enabled),
            provisioning_status=ProvisioningStatus.PROVISIONED,
            health_status=HealthStatus.HEALTHY,
            deletion_time=None,
            whole=False,
        )

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

    def edit(self, project_id: str, **changes: Any) -> None:
        """Somebody else changes a project's content."""
        current = self.truth[project_id]
        self.put(replace(current, content=replace(current.content, **changes)))

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
        async with self.admission:
            self.calls.append((operation, self._now(), detail))
            if self.silent_for is not None:
                await asyncio.sleep(self.silent_for)
                raise BackendUnavailable("no answer in time", operation=operation)
            await asyncio.sleep(0.001)
            if self.faults and self.faults[0].operation == operation:
                fault = self.faults.popleft()
                await asyncio.sleep(fault.answer_after)
                if fault.error is not None:
                    raise fault.error

    async def _write(self, operation: str, detail: str, apply: Callable[[], T], depart: Callable[[], None]) -> T:
        async with self.admission:
            depart()
            self.calls.append((operation, self._now(), detail))
            if self.silent_for is not None:
                await asyncio.sleep(self.silent_for)
                raise OutcomeUnknown("no answer in time", operation=operation)
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
        if self.keystone:
            content = replace(
                content,
                enabled=content.enabled is not False,
                parent_id=content.parent_id or DOMAIN,
                particulars={LOCK: "false", "keystone.isDomain": "false", **content.particulars},
                role_assignments=() if ours else content.role_assignments or (),
            )
            self._enabled_below_disabled(content)
        project = RemoteProject(
            id=f"p{self._serial}",
            organization_id=self.organization_id,
            content=content,
            provisioning_status=ProvisioningStatus.PROVISIONED if self.keystone else ProvisioningStatus.PENDING,
            health_status=HealthStatus.HEALTHY if self.keystone else HealthStatus.UNKNOWN,
            creation_time=_moment(self._now()),
            created_by="robot" if ours else "somebody",
        )
        self.put(project)
        if ours:
            self.created.append(project)
        return project

    def _update(self, read: RemoteProject, content: ProjectContent) -> None:
        current = self.truth.get(read.id)
        if current is None:
            raise ProjectNotFound("not found", operation="update_project")
        if self.keystone:
            content = self._patched(current.content, read.content, content)
            if content.enabled is False and any(child.content.enabled for child in self._children(read.id)):
                raise RequestRefused("cannot disable: it has children that are enabled", operation="update_project")
            self._enabled_below_disabled(content)
        self.put(replace(current, content=content, modified_time=_moment(self._now())))

    def _patched(self, truth: ProjectContent, read: ProjectContent, aim: ProjectContent) -> ProjectContent:
        """What is sent is what differs from what was read; a lock is taken off only by who names it."""
        if truth.particulars[LOCK] == "true" and LOCK not in aim.particulars:
            raise RequestRefused("the project is immutable", operation="update_project")
        before, after = set(read.role_assignments or ()), set(aim.role_assignments or ())
        assigned = (set(truth.role_assignments or ()) | (after - before)) - (before - after)
        return replace(
            truth,
            name=aim.name,
            description=aim.description,
            tags=aim.tags,
            mark=aim.mark,
            enabled=aim.enabled,
            particulars={**truth.particulars, **aim.particulars},
            role_assignments=tuple(sorted(assigned)),
        )

    def _delete(self, project_id: str) -> None:
        current = self.truth.get(project_id)
        if self.keystone and current is not None:
            if self._children(project_id):
                raise RequestRefused("cannot delete: it has children", operation="delete_project")
            if current.content.particulars[LOCK] == "true":
                raise RequestRefused("cannot delete: it is immutable", operation="delete_project")
        self.begin_deletion(project_id)

    def _children(self, project_id: str) -> list[RemoteProject]:
        return [one for one in self.living() if one.content.parent_id == project_id]

    def _enabled_below_disabled(self, content: ProjectContent) -> None:
        parent = self.truth.get(content.parent_id or "")
        if parent is not None and parent.content.enabled is False and content.enabled:
            raise RequestRefused("cannot enable: its parent is disabled")

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
            return None if (over or self.keystone) and project.id not in self.blocked else project
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


def _plain(content: ProjectContent) -> ProjectContent:
    return replace(
        content, role_assignments=None, description=content.description or None, tags=tuple(sorted(content.tags))
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)
