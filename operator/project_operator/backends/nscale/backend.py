"""nscale Identity as a `Backend`: one organization, one credential."""

import asyncio
import logging
import re
from collections.abc import Callable
from typing import Final, TypeVar

from project_operator.backends.answers import clipped
from project_operator.backends.base import (
    ConnectionFacts,
    Group,
    PlannedCall,
    ProjectContent,
    RemoteProject,
    Role,
)
from project_operator.backends.calls import Answer, Endpoint
from project_operator.backends.documents import each_item
from project_operator.backends.nscale.account_credential import AccountCredential
from project_operator.backends.nscale.client import LONGEST_LIST, NscaleClient
from project_operator.backends.nscale.config import NscaleConfig
from project_operator.backends.nscale.credential_payloads import AccountToken, read_accounts, read_subject
from project_operator.backends.nscale.credentials import CertificateAlone, Credential
from project_operator.backends.nscale.errors import ANSWERS, SPEC_PATH, Operation
from project_operator.backends.nscale.organizations import resolve_organization
from project_operator.backends.nscale.paths import ORGANIZATIONS, USERINFO, VERSION, groups, projects, service_accounts
from project_operator.backends.nscale.payloads import (
    Organization,
    item_to_project,
    read_groups,
    read_organizations,
    read_project,
    read_version,
    write_project,
)
from project_operator.backends.nscale.sender import Sender
from project_operator.backends.nscale.session_credential import SessionCredential
from project_operator.backends.transport import Transport
from project_operator.backends.vendor import Surroundings
from project_operator.errors import BackendError, BackendUnavailable, CredentialsRejected, RequestRefused, Throttled

logger = logging.getLogger(__name__)

T = TypeVar("T")

_BATCH: Final = 250
"""Projects that are read before others have a turn: some 5 ms."""

_QUOTED: Final = 160
"""Characters of an error that are said again."""

_MAY_PASS: Final = (BackendUnavailable, CredentialsRejected, Throttled)
"""What was asked in vain is worth asking again."""

_PATH_SEGMENT: Final = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.:-]{0,127}")


class NscaleBackend:
    """Keeps the promises of `project_operator.backends.base`; this says how.

    Reads lag (N0-2) and names are not unique (N0-1): neither is hidden here. The mark is the value of the tag
    `names.MARK_TAG`.
    """

    def __init__(self, config: NscaleConfig, surroundings: Surroundings) -> None:
        """Nothing is sent yet.

        Raises:
            ConnectionRefused: the URL is not allowed here, or CA bundle or client certificate cannot be read.
        """
        endpoint = Endpoint(
            config.url, SPEC_PATH, config.ca_bundle, config.timeout, config.connections, config.certificate
        )
        transport = Transport(
            endpoint, surroundings.transport, admission=surroundings.admission, token_hex=surroundings.token_hex
        )
        self._config = config
        sender = Sender(transport, surroundings.now)
        self._credential = _credential(config, sender, surroundings)
        self._client = NscaleClient(sender, self._credential)
        self._token_hex = surroundings.token_hex
        self._organization_id = ""
        self._doubt = ""
        """Why it was asked in vain who we are."""

    async def connect(self) -> ConnectionFacts:
        """Resolve the organization; the token is proved on the way."""
        with self._client.one_deadline():
            return await self._connect()

    async def _connect(self) -> ConnectionFacts:
        found = await self._find_organization()
        self._organization_id = found.id
        principal = await self._learn_who_we_are(found.id)
        return ConnectionFacts(
            found.id,
            found.name,
            principal or "",
            await self._learn_version(),
            self._credential.expires_at,
            self._credential.renews,
            not_renewed=self._not_renewed(in_doubt=principal is None),
            principal_in_doubt=principal is None,
        )

    async def _find_organization(self) -> Organization:
        answer = await self._client.get(Operation.CONNECT, ORGANIZATIONS)
        visible = read_organizations(answer.body)
        if visible is None:
            raise ANSWERS.unusable(Operation.CONNECT, answer)
        # What was found once is stayed with, also where others have become visible since.
        organization_id = self._organization_id or self._config.organization_id
        return resolve_organization(visible, organization_id, self._config.organization_name)

    async def list_projects(self) -> tuple[RemoteProject, ...]:
        """One request, as there are no pages (N1-7)."""
        answer = await self._client.get(Operation.LIST_PROJECTS, projects(self._organization), longest=LONGEST_LIST)
        found = await _listed(answer.body)
        if found is None:
            raise ANSWERS.unusable(Operation.LIST_PROJECTS, answer)
        # While an organization is not ready its list holds the projects of all others (N4-3).
        return tuple(project for project in found if project.organization_id == self._organization)

    async def get_project(self, project_id: str, *, group_ids: frozenset[str] = frozenset()) -> RemoteProject:  # noqa: ARG002 - groups bring their roles with them
        """Just after a creation the server may not know the project yet (N0-2)."""
        answer = await self._client.get(Operation.GET_PROJECT, self._project(Operation.GET_PROJECT, project_id))
        project = read_project(answer.body)
        if project is None or project.id != project_id or project.organization_id != self._organization:
            raise ANSWERS.unusable(Operation.GET_PROJECT, answer)
        return project

    async def verify_read_access(self) -> None:
        """Ask for a project that there cannot be.

        LIST is filtered and never forbidden (N1-1), but GET tells: only who may read every project of the organization
        hears "not found", anybody else hears "forbidden" (N1.3-3, N1.3-4).
        """
        path = projects(self._organization, _unused_id(self._token_hex))
        answer = await self._client.get(Operation.VERIFY_READ_ACCESS, path)
        if ANSWERS.succeeded(Operation.VERIFY_READ_ACCESS, answer) and read_project(answer.body) is None:
            raise ANSWERS.unusable(Operation.VERIFY_READ_ACCESS, answer)

    async def list_groups(self) -> tuple[Group, ...]:
        """One request, as there are no pages (N4-4)."""
        answer = await self._client.get(Operation.LIST_GROUPS, groups(self._organization), longest=LONGEST_LIST)
        found = read_groups(answer.body, self._organization)
        if found is None:
            raise ANSWERS.unusable(Operation.LIST_GROUPS, answer)
        return found

    async def list_roles(self) -> tuple[Role, ...]:
        """None: groups bring their roles with them."""
        return ()

    async def create_project(self, content: ProjectContent, *, before_send: Callable[[], None]) -> RemoteProject:
        """POST is not idempotent: asked twice, nscale makes two projects (N0-1)."""
        operation = Operation.CREATE_PROJECT
        path = projects(self._organization)
        answer = await self._client.write(operation, "POST", path, write_project(content), before_send)
        project = read_project(answer.body)
        if project is None or project.organization_id != self._organization:
            raise ANSWERS.unusable(operation, answer)
        return project

    async def update_project(
        self, current: RemoteProject, content: ProjectContent, *, before_send: Callable[[], None]
    ) -> None:
        """PUT replaces the whole content, which `ProjectContent` is; there is nothing else to keep (N1.4-1).

        Even one that changes nothing is a modification (N0-3), so none is sent that need not be.
        """
        operation = Operation.UPDATE_PROJECT
        if not self.plan_update(current, content):
            return
        path = self._project(operation, current.id)
        _acknowledge(operation, await self._client.write(operation, "PUT", path, write_project(content), before_send))

    async def delete_project(self, project_id: str, *, before_send: Callable[[], None]) -> None:
        """Everything in the project goes with it, and how long that takes is open (N0-5, N1.5)."""
        operation = Operation.DELETE_PROJECT
        path = self._project(operation, project_id)
        _acknowledge(operation, await self._client.write(operation, "DELETE", path, None, before_send))

    def plan_create(self, content: ProjectContent) -> tuple[PlannedCall, ...]:
        """One POST."""
        return (PlannedCall("POST", projects(self._organization), f"create project '{content.name}'"),)

    def plan_update(self, current: RemoteProject, content: ProjectContent) -> tuple[PlannedCall, ...]:
        """One PUT of the whole content, if anything differs."""
        if current.content == content:
            return ()
        return (
            PlannedCall("PUT", projects(self._organization, current.id), f"replace the content of '{content.name}'"),
        )

    def plan_delete(self, project_id: str) -> tuple[PlannedCall, ...]:
        """One DELETE."""
        return (
            PlannedCall(
                "DELETE", projects(self._organization, project_id), "delete the project with all that is in it"
            ),
        )

    async def aclose(self) -> None:
        """Calls under way end at once."""
        await self._client.aclose()

    @property
    def _organization(self) -> str:
        if not self._organization_id:
            raise BackendUnavailable("the organization is not known yet: connect() has not succeeded")
        return self._organization_id

    def _project(self, operation: Operation, project_id: str) -> str:
        if not _PATH_SEGMENT.fullmatch(project_id):
            # "." and ".." would be another path, and DELETE of that another thing.
            words = f"{operation.words}: {project_id[:64]!r} is no id of a project; nscale's are UUIDs"
            raise RequestRefused(words, operation=operation)
        return projects(self._organization, project_id)

    async def _learn_who_we_are(self, organization_id: str) -> str | None:
        """Who we are to the server; "" where it does not tell, None where it is worth asking again."""
        try:
            principal = await self._ask_who_we_are(organization_id)
        except BackendError as error:
            logger.warning("who this credential is to nscale could not be learnt: %s", error)
            self._doubt = clipped(str(error), _QUOTED)
            return None if isinstance(error, _MAY_PASS) else ""
        self._doubt = ""
        return principal

    async def _ask_who_we_are(self, organization_id: str) -> str:
        """The same; the credential is told which service account it is of."""
        if not self._config.token:
            return await self._ask(USERINFO, read_subject) if self._config.session else ""
        # Whoever may not list service accounts sees itself, and whoever sees a single one is it (N3.2-1).
        accounts = await self._ask(service_accounts(organization_id), read_accounts) or ()
        if len(accounts) > 1:
            subject = await self._ask(USERINFO, read_subject)
            accounts = tuple(account for account in accounts if account.id == subject)
        account = accounts[0] if accounts else AccountToken()
        self._credential.identified(organization_id, account)
        return account.id

    def _not_renewed(self, *, in_doubt: bool) -> str:
        """See `ConnectionFacts.not_renewed`."""
        words = self._credential.not_renewed
        if words and in_doubt:
            return f"`rotation` waits: nscale does not say whose the token is; it is asked again soon ({self._doubt})"
        return f"{words} ({self._doubt})" if words and self._doubt else words

    async def _learn_version(self) -> str:
        """What it would be good to know, or "" where it is not to be had."""
        try:
            return await self._ask(VERSION, read_version)
        except BackendError:
            return ""

    async def _ask(self, path: str, read: Callable[[bytes], T | None]) -> T:
        answer = await self._client.get(Operation.CONNECT, path)
        found = read(answer.body)
        if found is None:
            # Not `ConnectionRefused`: the organization's list has proved that this is nscale.
            raise BackendUnavailable(f"connect: the answer to {path} cannot be read", operation=Operation.CONNECT)
        return found


def _credential(config: NscaleConfig, sender: Sender, surroundings: Surroundings) -> Credential:
    if config.token:
        return AccountCredential(config.token, config.rotate_before, sender, surroundings.keeper)
    if config.session is not None:
        return SessionCredential(config.session, sender, surroundings.keeper)
    return CertificateAlone()


def _acknowledge(operation: Operation, answer: Answer) -> None:
    """Raise where a success of PUT or DELETE is not nscale's: it has no body (N0-4), or in days to come the project."""
    if ANSWERS.succeeded(operation, answer) and answer.body.strip() and read_project(answer.body) is None:
        raise ANSWERS.unusable(operation, answer)


def _unused_id(token_hex: Callable[[int], str]) -> str:
    """A random UUID as nscale makes them, with a letter first (N1.2-1)."""
    digits = token_hex(16)
    first = "abcdef"[int(digits[0], 16) % 6]
    return f"{first}{digits[1:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:32]}"


async def _listed(body: bytes) -> list[RemoteProject] | None:
    """The projects of a listing, some at a time, that others have their turns; None where one cannot be used."""
    found: list[RemoteProject] = []
    try:
        for item in each_item(body):
            if (project := item_to_project(item)) is None:
                return None
            found.append(project)
            if len(found) % _BATCH == 0:
                await asyncio.sleep(0)
    except ValueError:
        return None
    return found
