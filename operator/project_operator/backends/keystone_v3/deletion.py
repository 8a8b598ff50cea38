"""Deletes projects; a domain only while nothing is in it.

With a domain Keystone deletes all that is in it, whoever made that (K8-7). So what is in it is looked up before it is
changed, and again when it is disabled and none of its users can make anything in it any more; and a domain that is not
deleted then is enabled again.
"""

from collections.abc import Callable

from project_operator.backends.answers import clipped
from project_operator.backends.base import RemoteProject
from project_operator.backends.keystone_v3 import requests
from project_operator.backends.keystone_v3.absence import is_gone
from project_operator.backends.keystone_v3.client import KeystoneClient
from project_operator.backends.keystone_v3.contents import Contents
from project_operator.backends.keystone_v3.errors import Operation
from project_operator.backends.keystone_v3.projects import ProjectReader, path_of
from project_operator.backends.keystone_v3.reach import Reach, is_domain
from project_operator.backends.keystone_v3.requests import Asked
from project_operator.backends.keystone_v3.writing import acknowledged, put_right, with_more
from project_operator.backends.requests import Request
from project_operator.errors import (
    BackendError,
    DeletionBlocked,
    PermissionDenied,
    ProjectNotFound,
    RequestRefused,
    RightExpired,
)


class Deletion:
    """Knows which domains it has left disabled, until they are gone or enabled again."""

    def __init__(self, client: KeystoneClient, projects: ProjectReader, reach: Reach) -> None:
        self._client = client
        self._contents = Contents(client)
        self._projects = projects
        self._reach = reach
        self._left_disabled: set[str] = set()

    def steps(self, project_id: str) -> tuple[Request[Asked], ...]:
        """The requests that it takes, in order, reads apart."""
        if self._reach.kind(project_id) is not True:
            return (requests.deletion(project_id, is_domain=False),)
        return (requests.switch(project_id, enabled=False), requests.deletion(project_id, is_domain=True))

    async def carry_out(self, project_id: str, before_send: Callable[[], None]) -> None:
        """It is gone when this returns.

        Raises:
            DeletionBlocked: something is in it, or below it. It is as it was, unless the message says that it is
                disabled.
        """
        operation = Operation.DELETE_PROJECT
        path_of(operation, project_id)
        if self._reach.is_home(project_id):
            words = f"{operation.words}: it is a domain that the backend object is for"
            raise RequestRefused(words, operation=operation)
        project = None if self._reach.kind(project_id) is False else await self._look_at(project_id)
        if project is not None and is_domain(project):
            await self._delete_domain(project, before_send)
        else:
            await self._delete(project_id, before_send)
        self._reach.forget(project_id)
        self._left_disabled.discard(project_id)

    async def _look_at(self, project_id: str) -> RemoteProject | None:
        """What it is; None where the deletion itself will hear that it is not there, or not to be had.

        Raises:
            DeletionBlocked: it may be a domain, and what would go with it cannot be seen.
        """
        try:
            return await self._projects.get(project_id)
        except ProjectNotFound:
            return None
        except PermissionDenied as denied:
            if self._reach.manages_domains:
                raise _blocked(f"whether it is a domain, and what is in it, cannot be seen: {denied}") from None
            return None

    async def _delete(self, project_id: str, before_send: Callable[[], None]) -> None:
        request = requests.deletion(project_id, is_domain=False)
        try:
            await acknowledged(self._client, request, before_send)
        except PermissionDenied:
            if not await is_gone(self._projects.get(project_id)):
                raise
        except RequestRefused as refused:
            if children := await self._children(project_id):
                raise _blocked(f"what is below it must be deleted before: {children}") from None
            raise refused from None

    async def _children(self, project_id: str) -> str:
        """What is below a project that could not be deleted; "" also where that cannot be seen."""
        try:
            return await self._contents.below(project_id)
        except BackendError:
            return ""

    async def _delete_domain(self, domain: RemoteProject, before_send: Callable[[], None]) -> None:
        ours_to_enable = domain.id in self._left_disabled
        try:
            await self._require_empty(domain)
            if domain.content.enabled:
                ours_to_enable = True
                await acknowledged(self._client, requests.switch(domain.id, enabled=False), before_send)
                await self._require_empty(domain)
            await acknowledged(self._client, requests.deletion(domain.id, is_domain=True), before_send)
        except ProjectNotFound:
            return
        except RightExpired:
            if ours_to_enable:
                self._left_disabled.add(domain.id)
            raise
        except BackendError as error:
            if ours_to_enable:
                raise await self._put_back(domain, error, before_send) from None
            raise (error if domain.content.enabled else with_more(error, "the domain is disabled")) from None

    async def _require_empty(self, domain: RemoteProject) -> None:
        try:
            inside = await self._contents.of_domain(domain.id)
        except PermissionDenied as denied:
            raise _blocked(f"whether the domain is empty cannot be seen: {denied}") from None
        if inside:
            raise _blocked(f"what is in the domain would go with it; delete or move that first: {inside}")

    async def _put_back(
        self, domain: RemoteProject, error: BackendError, before_send: Callable[[], None]
    ) -> BackendError:
        """Enable what we disabled. What to raise: ``error``, with a word where that fails."""
        try:
            await put_right(self._client, requests.switch(domain.id, enabled=True), before_send)
        except ProjectNotFound:
            pass  # the deletion whose answer was lost was done
        except BackendError as failure:
            self._left_disabled.add(domain.id)
            return with_more(error, f"the domain is left disabled: {clipped(str(failure), 80)}")
        self._left_disabled.discard(domain.id)
        return error


def _blocked(words: str) -> DeletionBlocked:
    operation = Operation.DELETE_PROJECT
    return DeletionBlocked(clipped(f"{operation.words}: {words}"), operation=operation)
