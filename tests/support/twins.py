"""Backends that do one thing wrong, each for the checks that must notice."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from project_operator.backends.base import Backend, PlannedCall, ProjectContent, RemoteProject
from project_operator.errors import BackendError, BackendUnavailable, OutcomeUnknown, ProjectNotFound

Leave = Callable[[], None]


class Twin:
    """A backend like the one it is given."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend

    def __getattr__(self, name: str) -> Any:
        return getattr(self.backend, name)


class TryingTwice(Twin):
    """Creates again where it is not known whether it created."""

    async def create_project(self, content: ProjectContent, *, before_send: Leave) -> RemoteProject:
        try:
            return await self.backend.create_project(content, before_send=before_send)
        except OutcomeUnknown:
            return await self.backend.create_project(content, before_send=lambda: None)


class MakingLightOfIt(Twin):
    """Takes a lost answer for a request that was never sent."""

    async def create_project(self, content: ProjectContent, *, before_send: Leave) -> RemoteProject:
        try:
            return await self.backend.create_project(content, before_send=before_send)
        except OutcomeUnknown as error:
            raise BackendUnavailable(str(error)) from None


class AskingNobody(Twin):
    """Asks for leave when it is too late."""

    async def create_project(self, content: ProjectContent, *, before_send: Leave) -> RemoteProject:
        project = await self.backend.create_project(content, before_send=lambda: None)
        before_send()
        return project


class HidingFailures(Twin):
    """Lists nothing where it could not list."""

    async def list_projects(self) -> tuple[RemoteProject, ...]:
        try:
            return await self.backend.list_projects()
        except BackendError:
            return ()


class ReadingOnePage(Twin):
    """Takes the first thousand for the whole."""

    async def list_projects(self) -> tuple[RemoteProject, ...]:
        return (await self.backend.list_projects())[:1000]


class MixingUp(Twin):
    """Shows projects of others as its own."""

    def __init__(self, backend: Backend, foreign: str) -> None:
        super().__init__(backend)
        self._foreign = foreign

    async def list_projects(self) -> tuple[RemoteProject, ...]:
        listed = await self.backend.list_projects()
        return (*listed, replace(listed[0], id=self._foreign))


class BelievingAnything(Twin):
    """Takes every 404 for the absence of the project."""

    async def get_project(self, project_id: str, *, group_ids: frozenset[str] = frozenset()) -> RemoteProject:
        try:
            return await self.backend.get_project(project_id, group_ids=group_ids)
        except BackendError as error:
            raise ProjectNotFound(str(error), status=error.status) from None


class TakingAnyProject(Twin):
    """Does not look whose answer it is."""

    async def get_project(self, project_id: str, *, group_ids: frozenset[str] = frozenset()) -> RemoteProject:
        try:
            return await self.backend.get_project(project_id, group_ids=group_ids)
        except BackendUnavailable:
            return (await self.backend.list_projects())[0]


class DroppingDescriptions(Twin):
    """Writes what it is told and forgets the description."""

    async def update_project(self, current: RemoteProject, content: ProjectContent, *, before_send: Leave) -> None:
        await self.backend.update_project(current, replace(content, description=None), before_send=before_send)


class DroppingTags(Twin):
    """Writes only the last tag."""

    async def update_project(self, current: RemoteProject, content: ProjectContent, *, before_send: Leave) -> None:
        await self.backend.update_project(current, replace(content, tags=content.tags[-1:]), before_send=before_send)


class WritingAnyway(Twin):
    """Writes although nothing differs."""

    async def update_project(self, current: RemoteProject, content: ProjectContent, *, before_send: Leave) -> None:
        current = replace(current, content=replace(current.content, name="another"))
        await self.backend.update_project(current, content, before_send=before_send)


class SayingLess(Twin):
    """Plans nothing."""

    def plan_update(self, current: RemoteProject, content: ProjectContent) -> tuple[PlannedCall, ...]:
        return self.backend.plan_update(current, content)[1:]


class Complaining(Twin):
    """Does not take the missing for deleted."""

    async def delete_project(self, project_id: str, *, before_send: Leave) -> None:
        await self.backend.delete_project(project_id, before_send=before_send)
        await self.backend.get_project(project_id)


class Leaking(Twin):
    """Tells in its errors what it was told in confidence."""

    def __init__(self, backend: Backend, secret: str) -> None:
        super().__init__(backend)
        self._secret = secret

    async def list_projects(self) -> tuple[RemoteProject, ...]:
        try:
            return await self.backend.list_projects()
        except BackendError as error:
            raise type(error)(f"{error}, with {self._secret}") from None
