"""Makes a project's content what it is told: a PATCH or two, then its roles, one by one."""

from collections.abc import Callable

from project_operator.backends.base import ProjectContent, RemoteProject
from project_operator.backends.keystone_v3 import requests
from project_operator.backends.keystone_v3.absence import is_gone, not_in_the_list
from project_operator.backends.keystone_v3.client import KeystoneClient
from project_operator.backends.keystone_v3.errors import Operation
from project_operator.backends.keystone_v3.mark_place import MarkPlace
from project_operator.backends.keystone_v3.payloads import IMMUTABLE
from project_operator.backends.keystone_v3.projects import ProjectReader, path_of
from project_operator.backends.keystone_v3.reach import Reach, is_domain
from project_operator.backends.keystone_v3.requests import Asked
from project_operator.backends.keystone_v3.writing import acknowledged, put_right, with_more
from project_operator.backends.requests import Request
from project_operator.errors import (
    BackendError,
    NameTaken,
    OutcomeUnknown,
    PermissionDenied,
    ProjectNotFound,
    RequestRefused,
    RightExpired,
)


class Update:
    """From one read content to another."""

    def __init__(self, client: KeystoneClient, projects: ProjectReader, reach: Reach, place: MarkPlace) -> None:
        self._client = client
        self._projects = projects
        self._reach = reach
        self._place = place

    def steps(self, current: RemoteProject, content: ProjectContent) -> tuple[Request[Asked], ...]:
        """The requests that it takes, in order."""
        return requests.update(current, content, self._place)

    async def carry_out(self, current: RemoteProject, content: ProjectContent, before_send: Callable[[], None]) -> None:
        """Send the `steps`; what fails is the first that fails, and those before it stand, but that the lock which is
        wanted is put on whatever becomes of the rest.
        """
        operation = Operation.UPDATE_PROJECT
        path_of(operation, current.id)
        if self._reach.is_home(current.id):
            words = f"{operation.words}: it is a domain that the backend object is for"
            raise RequestRefused(words, operation=operation)
        opened = False
        for request in self.steps(current, content):
            try:
                await acknowledged(self._client, request, before_send)
            except RightExpired:
                raise
            except BackendError as error:
                meaning = await self._meaning(error, request, current, content)
                unlocks = requests.unlocks(request)
                open_now = opened or current.content.particulars.get(IMMUTABLE) != "true"
                if open_now or (unlocks and isinstance(meaning, OutcomeUnknown)):
                    meaning = await self._locked_again(meaning, request, current, content, before_send)
                raise meaning from None
            opened = opened or requests.unlocks(request)

    async def _meaning(
        self, error: BackendError, request: Request[Asked], current: RemoteProject, content: ProjectContent
    ) -> BackendError:
        """What Keystone cannot say of itself: that there is nothing to write to, or that a name is taken."""
        if request.asked.operation is not Operation.UPDATE_PROJECT:
            return error
        if isinstance(error, PermissionDenied) and await is_gone(self._projects.get(current.id)):
            return not_in_the_list(error, "domain")
        renames = content.name != current.content.name and isinstance(error, OutcomeUnknown)
        if renames and error.status == 500 and await self._is_taken(current, content.name):  # noqa: PLR2004 - of HTTP
            return _taken(error)
        return error

    async def _is_taken(self, current: RemoteProject, name: str) -> bool:
        """Whether a rename cannot have been done, as another project has the name: some releases say 500 (K6-5)."""
        if is_domain(current):
            return False
        try:
            found = await self._projects.find(domain_id=current.organization_id, name=name)
        except BackendError:
            return False
        return any(project.id != current.id and project.content.name == name for project in found)

    async def _locked_again(
        self,
        meaning: BackendError,
        failed: Request[Asked],
        current: RemoteProject,
        content: ProjectContent,
        before_send: Callable[[], None],
    ) -> BackendError:
        """What failed must not leave a project without the lock that it is to have. What to raise: ``meaning``, or why
        there is no lock now, where that will pass: a refusal would not be asked again soon.
        """
        wanted = content.particulars.get(IMMUTABLE) == "true"
        if not wanted or failed.asked.operation is not Operation.UPDATE_PROJECT or isinstance(meaning, ProjectNotFound):
            return meaning
        try:
            await put_right(self._client, requests.lock(current.id), before_send)
        except (RequestRefused, ProjectNotFound, PermissionDenied, RightExpired):
            return meaning  # mostly: it is locked already, by the change whose answer was lost
        except BackendError as error:
            if isinstance(meaning, (RequestRefused, NameTaken)):
                return with_more(error, "so `keystone.immutable` is off until this is tried again")
        return meaning


def _taken(unknown: BackendError) -> NameTaken:
    """What ``unknown`` is, now that another project is shown to have the name."""
    return NameTaken(
        "update project: another project of the domain has this name; choose another `spec.name`",
        operation=unknown.operation,
        status=unknown.status,
        trace_id=unknown.trace_id,
    )
