"""OpenStack Keystone: the real one."""

import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Self

from keystone import PASSWORD, Domain, make_domain
from scripted_server import Received

from candidates.candidate import AS_IT_WORKS, LOOPBACK, Candidate, Connecting, Purpose
from candidates.fields import Scene
from candidates.openstack_answers import OPENSTACK_ROWS
from project_operator.backends import openstack
from project_operator.backends.base import Backend, ProjectContent, RoleAssignment, Tag
from project_operator.backends.calls import TransportSettings
from project_operator.backends.keystone_v3.credentials import (
    DomainScope,
    Password,
    ProjectScope,
    Reference,
    Scope,
    SystemScope,
)
from project_operator.backends.openstack import KeystoneConfig, open_backend
from project_operator.backends.vendor import Surroundings
from project_operator.sandbox.identity.keystone.admin_client import ADMIN, DEFAULT_DOMAIN, ProjectSnapshot
from project_operator.sandbox.identity.keystone.embedded import EmbeddedKeystone

_MARK: Final = "iproj1:"
_ORPHANED: Final = "orphaned"
_CLOUD: Final = ProjectScope(Reference(name=ADMIN), Reference(DEFAULT_DOMAIN))
"""Where the administrator of the cloud may do everything. Keystone works out the roles of a system scope anew three
times a request, and remembers these."""


@dataclass(frozen=True)
class OpenStackConnecting(Connecting):
    """With what only Keystone has."""

    administrator: Scope | None = None
    """As the administrator of the cloud, with this scope; None: as the domain's manager."""
    additional_domains: tuple[str, ...] = ()
    manage_domains: bool = False


@dataclass(frozen=True)
class _Around:
    """What scenes in a domain share: to make it takes longer than most of what is asked."""

    domain: Domain
    group_id: str
    beside: Domain
    """Another one."""


class OpenStackCandidate(Candidate):
    """A domain and its manager, who has the least privilege that is enough."""

    vendor = openstack.VENDOR
    url_field = "spec.keystone.url"
    ca_field = "spec.keystone.caBundle"
    organization_field = "spec.keystone.domain"
    asynchronous = False
    required_requests = 4
    names = ("x", "x" * 64, "größe 漢字 \U0001f600", "a/b?c#d%20 e&f", "é" * 64)
    tags = (
        Tag("same", "one"),
        Tag("same", "two"),
        Tag("Same", "two"),
        Tag("bare", ""),
        Tag("long", "v" * 250),
        Tag("x" * 255, ""),
        Tag("ü", "=:;=\U0001f600"),
    )
    error_rows = OPENSTACK_ROWS

    @classmethod
    @contextmanager
    def start(cls, fixture: Callable[[str], Any]) -> Iterator[Self]:
        yield cls(fixture("keystone_server"))

    def __init__(self, server: EmbeddedKeystone) -> None:
        self.server = server
        self.url = server.url.removesuffix("/v3")
        self._made: Domain | None = None
        self._around: _Around | None = None
        self._reader = server.admin.role_id("reader")
        self._powerless = server.admin.make_role(f"powerless-{uuid.uuid4().hex[:8]}")
        self._spoilt = False

    @property
    def domain(self) -> Domain:
        """The organization."""
        assert self._made is not None, "reset() makes it"
        return self._made

    def open(
        self, how: Connecting = AS_IT_WORKS, *, admission: Any = None, transport: TransportSettings = LOOPBACK
    ) -> Backend:
        domain = Reference(
            how.organization_id or ("" if how.organization_name else self.domain.id), how.organization_name or ""
        )
        more = how if isinstance(how, OpenStackConnecting) else OpenStackConnecting()
        manager = Password(
            self.domain.manager.name, Reference(self.domain.id), how.credential or self.credential, DomainScope(domain)
        )
        config = KeystoneConfig(
            url=how.url or self.url,
            domain=domain,
            credential=manager if more.administrator is None else self._administrator(more.administrator),
            additional_domains=more.additional_domains,
            manage_domains=more.manage_domains,
            ca_bundle=how.ca_bundle,
            timeout=how.timeout,
            connections=how.connections,
        )
        return open_backend(config, Surroundings(transport, admission=admission))

    def ways(self) -> Iterable[Connecting]:
        for administrator in (None, _CLOUD, SystemScope()):
            yield OpenStackConnecting(organization_id=self.organization_id, administrator=administrator)
            yield OpenStackConnecting(organization_name=self.organization_name, administrator=administrator)

    def strangers(self) -> Iterable[Connecting]:
        yield OpenStackConnecting(organization_id=self.unused_id(), administrator=SystemScope())
        yield OpenStackConnecting(organization_name="nowhere", administrator=SystemScope())

    def purpose(self, request: Received) -> Purpose:
        path = request.target.partition("?")[0]
        if path == "/v3/auth/tokens":
            return Purpose.SIGN_IN
        if request.method == "GET":
            return Purpose.READ
        if request.method == "POST":
            return Purpose.CREATE
        is_project = path.count("/") == len(("v3", "projects", "ID"))
        return Purpose.DELETE if request.method == "DELETE" and is_project else Purpose.UPDATE

    def secrets_in(self, request: Received) -> Iterable[str]:
        if token := request.headers.get("x-auth-token"):
            yield token

    def held(self, content: ProjectContent) -> ProjectContent:
        return ProjectContent(
            content.name,
            content.description or "",
            content.tags,
            mark=content.mark,
            role_assignments=(),
            enabled=content.enabled is not False,
            parent_id=content.parent_id or self.domain.id,
            particulars={
                "keystone.isDomain": "false",
                "keystone.domainID": self.domain.id,
                "keystone.immutable": content.particulars.get("keystone.immutable", "false"),
            },
        )

    def truth(self) -> dict[str, ProjectContent]:
        return {project.id: self._content(project) for project in self.server.admin.projects(self.domain.id)}

    def look(self, project_id: str) -> ProjectContent:
        project = self.server.admin.project(project_id)
        assert project is not None
        return self._content(project)

    def make(self, content: ProjectContent) -> str:
        tags = [f"{tag.name}={tag.value}" if tag.value else tag.name for tag in content.tags]
        marks = [content.mark if content.mark != _ORPHANED else f"{_MARK}{_ORPHANED}"] if content.mark else []
        return self.server.admin.make_project(
            content.name, self.domain.id, description=content.description or "", tags=tags + marks
        )

    def make_many(self, count: int) -> set[str]:
        return self.domain.make_many(count)

    def make_elsewhere(self) -> str:
        return self.server.admin.make_project("elsewhere", self.domain.make_domain())

    def vanish(self, project_id: str) -> None:
        self.server.admin.remove_project(project_id)

    def empty(self) -> None:
        self.domain.empty()

    def catch_up(self) -> None:
        """Reads show at once what was written (K6-2)."""

    def make_group(self, name: str) -> str:
        self._spoilt = True
        return self.domain.make_group(name)

    def access(self, group_ids: Iterable[str]) -> dict[str, Any]:
        return {"role_assignments": tuple(sorted(RoleAssignment(group, self._reader) for group in group_ids))}

    def scene(self) -> Scene:
        around = self._around
        if around is None or around.domain is not self.domain:
            group_id = self.domain.make_group("those who may")
            around = self._around = _Around(self.domain, group_id, make_domain(self.server))
        above = self.server.admin.make_project("above", self.domain.id)
        return Scene(self.vendor, around.group_id, self._reader, above, around.beside.id)

    def allowing_everything(self, scene: Scene) -> Connecting:
        return OpenStackConnecting(administrator=_CLOUD, additional_domains=(scene.domain_id,), manage_domains=True)

    def further_changes(self) -> Iterable[dict[str, Any]]:
        yield {"enabled": False}
        yield {"particulars": {"keystone.immutable": "true"}}
        yield {"name": "new and locked", "particulars": {"keystone.immutable": "true"}}

    def lose_rights(self) -> None:
        self._spoilt = True
        admin, manager, on = self.server.admin, self.domain.manager, f"domains/{self.domain.id}"
        admin.grant(self._powerless, on, user=manager.id)
        admin.take(admin.role_id("manager"), on, user=manager.id)

    def revoke_credential(self) -> None:
        self._spoilt = True
        self.server.admin.edit_user(self.domain.manager.id, password="another")

    def take_name(self, name: str) -> None:
        self.make(ProjectContent(name))

    def slow_down(self) -> None:
        """Nothing takes any time."""

    def wrong_contents(self) -> Iterator[ProjectContent]:
        yield ProjectContent("")
        yield ProjectContent("   ")
        yield ProjectContent("x" * 65)
        yield ProjectContent("a", tags=(Tag("a,b", ""),))
        yield ProjectContent("a", tags=(Tag("a/b", ""),))
        yield ProjectContent("a", tags=(Tag("x" * 256, ""),))
        yield ProjectContent("a", tags=tuple(Tag(f"tag-{number}", "") for number in range(81)))

    def unused_id(self) -> str:
        return "0c5f9a7d3b1e4862a9d4f06b8e2c7135"

    def reset(self) -> None:
        if self._made is None or self._spoilt or self._made.others:
            self._made = make_domain(self.server)
            self.organization_id, self.organization_name = self._made.id, self._made.name
        self._made.empty()
        if self._around is not None:
            self._around.beside.empty()
        self._spoilt = False
        self.credential = PASSWORD
        self.secrets = {PASSWORD, self.server.admin_password}

    def _administrator(self, scope: Scope) -> Password:
        return Password(ADMIN, Reference(DEFAULT_DOMAIN), self.server.admin_password, scope)

    def _content(self, project: ProjectSnapshot) -> ProjectContent:
        marks = sorted(tag for tag in project.tags if tag.startswith(_MARK))
        tags = (tag.partition("=") for tag in sorted(project.tags.difference(marks)))
        roles = self.server.admin.assignments(f"projects/{project.id}")
        return ProjectContent(
            project.name,
            project.description,
            tuple(Tag(name, value) for name, _, value in tags),
            mark=",".join(marks).removeprefix(f"{_MARK}{_ORPHANED}") or (_ORPHANED if marks else ""),
            role_assignments=tuple(
                sorted(RoleAssignment(one.group, one.role) for one in roles if one.group and not one.inherited)
            ),
            enabled=project.enabled,
            parent_id=project.parent_id,
            particulars={
                "keystone.isDomain": str(project.is_domain).lower(),
                "keystone.immutable": str(project.immutable).lower(),
            }
            | ({} if project.is_domain else {"keystone.domainID": project.domain_id}),
        )
