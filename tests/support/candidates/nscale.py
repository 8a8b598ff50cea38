"""nscale Identity, on the embedded server."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, ClassVar, Final, Self

from hosting import KEPT
from scripted_server import Received

from candidates.candidate import AS_IT_WORKS, LOOPBACK, Candidate, Connecting, Purpose, Remark
from candidates.fields import Scene
from candidates.nscale_answers import NSCALE_ROWS
from project_operator.api.names import MARK_TAG
from project_operator.backends import nscale
from project_operator.backends.base import Backend, ProjectContent, Tag
from project_operator.backends.calls import TransportSettings
from project_operator.backends.nscale import NscaleConfig, open_backend
from project_operator.backends.vendor import Surroundings
from project_operator.sandbox.identity.nscale.embedded import EmbeddedIdentityServer
from project_operator.sandbox.identity.nscale.settings import NscaleSettings

_FOR_EVER: Final = 3600.0
_PURPOSES: Final = {"POST": Purpose.CREATE, "PUT": Purpose.UPDATE, "DELETE": Purpose.DELETE, "GET": Purpose.READ}


class NscaleCandidate(Candidate):
    """One organization and a service account with the role administrator."""

    vendor = nscale.VENDOR
    url_field = "spec.nscale.url"
    ca_field = "spec.nscale.caBundle"
    organization_field = "spec.nscale.organization"
    asynchronous = True
    required_requests = 1
    names = ("x", "A" + "-_." * 20 + "z9")
    tags = (Tag("", ""), Tag("same", "one"), Tag("same", "two"), Tag("long", "v" * 255), Tag("a/b,c=d", "=,/"))
    error_rows = NSCALE_ROWS
    remarks: ClassVar[Mapping[str, Remark]] = MappingProxyType(
        {
            "test_create.py::TestRefused::test_a_name_that_is_taken_is_told_apart": Remark(
                "where the server minds; nscale takes any number of one name"
            )
        }
    )

    @classmethod
    @contextmanager
    def start(cls, fixture: Callable[[str], Any]) -> Iterator[Self]:  # noqa: ARG003 - it needs none
        with EmbeddedIdentityServer(NscaleSettings(dialect="1.18", read_lag=0.0), keep_alive=KEPT) as server:
            yield cls(server)

    def __init__(self, server: EmbeddedIdentityServer) -> None:
        self.server = server
        self.url = server.url
        self.organization_id = server.organization_id
        self.organization_name = "demo"
        self.account = server.service_account_id
        self._slow = False
        self._others: list[str] = []
        self._settings = NscaleSettings(
            dialect="1.18", read_lag=0.0, token_lag=0.0, provision_delay=0.05, acl_cache=0.0
        )

    def open(
        self, how: Connecting = AS_IT_WORKS, *, admission: Any = None, transport: TransportSettings = LOOPBACK
    ) -> Backend:
        config = NscaleConfig(
            url=how.url or self.url,
            token=how.credential or self.credential,
            organization_id=how.organization_id or "",
            organization_name=how.organization_name or "",
            ca_bundle=how.ca_bundle,
            timeout=how.timeout,
            connections=how.connections,
        )
        return open_backend(config, Surroundings(transport, admission=admission))

    def ways(self) -> Iterable[Connecting]:
        yield Connecting()
        yield Connecting(organization_id=self.organization_id)
        yield Connecting(organization_name=self.organization_name)

    def strangers(self) -> Iterable[Connecting]:
        yield Connecting(organization_id=self.unused_id())
        yield Connecting(organization_name="nowhere")

    def purpose(self, request: Received) -> Purpose:
        return _PURPOSES[request.method]

    def secrets_in(self, request: Received) -> Iterable[str]:
        yield request.headers["authorization"].removeprefix("Bearer ")

    def held(self, content: ProjectContent) -> ProjectContent:
        return content

    def truth(self) -> dict[str, ProjectContent]:
        return {
            project.id: ProjectContent(
                project.name,
                project.description,
                tuple(Tag(tag.name, tag.value) for tag in project.tags if tag.name != MARK_TAG),
                project.group_ids,
                project.tag(MARK_TAG) or "",
            )
            for project in self.server.admin.projects()
            if project.organization_id == self.organization_id and project.deletion_time is None
        }

    def look(self, project_id: str) -> ProjectContent:
        return self.truth()[project_id]

    def make(self, content: ProjectContent) -> str:
        (project_id,) = self.server.admin.make_projects(name_prefix=content.name, group_ids=content.group_ids)
        tags = {tag.name: tag.value for tag in content.tags} | ({MARK_TAG: content.mark} if content.mark else {})
        self.server.admin.edit_project(project_id, description=content.description, tags=tags)
        if self._slow:
            self.block_deletion(project_id)
        self.catch_up()
        return project_id

    def make_many(self, count: int) -> set[str]:
        ids = set(self.server.admin.make_projects(count))
        self.catch_up()
        return ids

    def make_elsewhere(self) -> str:
        organization_id = self.server.admin.make_organization("elsewhere")
        (project_id,) = self.server.admin.make_projects(organization_id=organization_id)
        self.server.admin.edit_organization(self.organization_id, ready=False)  # lists all namespaces (N4-3)
        self.catch_up()
        return project_id

    def vanish(self, project_id: str) -> None:
        self.server.admin.remove_project(project_id, at_once=True)
        self.catch_up()

    def empty(self) -> None:
        self.server.admin.remove_all_projects(at_once=True)
        self.catch_up()

    def catch_up(self) -> None:
        self.server.admin.catch_up()

    def make_group(self, name: str) -> str:
        group_id = self.server.admin.make_group(name)
        self.catch_up()
        return group_id

    def access(self, group_ids: Iterable[str]) -> dict[str, Any]:
        return {"group_ids": tuple(group_ids)}

    def scene(self) -> Scene:
        return Scene(self.vendor, group_id=self.make_group("those who may"))

    def allowing_everything(self, scene: Scene) -> Connecting:  # noqa: ARG002 - nothing has to be allowed
        return AS_IT_WORKS

    def further_changes(self) -> Iterable[dict[str, Any]]:
        yield {"description": None, "tags": (Tag("no", "description"),)}

    def lose_rights(self) -> None:
        self.server.admin.revoke(self.account)
        self.catch_up()

    def revoke_credential(self) -> None:
        self.server.admin.rotate(self.account)
        self.catch_up()

    def take_name(self, name: str) -> None:
        self.server.admin.configure(unique_names=True)
        self.make(ProjectContent(name))

    def race(self, project_id: str) -> None:
        """Let somebody else win the next update of the project."""
        self.server.admin.configure(read_lag=_FOR_EVER)
        self.server.admin.edit_project(project_id, description="somebody else's")

    def block_deletion(self, project_id: str) -> None:
        """Let the deletion of the project take for ever."""
        self.server.admin.add_reference(project_id, "clusters.example.com/one")

    def slow_down(self) -> None:
        self._slow = True
        self.server.admin.configure(provision_delay=_FOR_EVER)

    def wrong_contents(self) -> Iterator[ProjectContent]:
        yield ProjectContent("-not a label value-")
        yield ProjectContent("")
        yield ProjectContent("x" * 64)
        yield ProjectContent("a", group_ids=(self.unused_id(),))

    def unused_id(self) -> str:
        return "a3ce929d-0e0e-4736-b3b4-c6a3f5a2c0de"

    def make_account(self, role: str) -> str:
        """Another service account of the organization; its token."""
        account = self.server.admin.make_service_account("another", role, organization_id=self.organization_id)
        self._others.append(account.service_account_id)
        self.catch_up()
        return account.token

    def reset(self) -> None:
        admin = self.server.admin
        admin.clear_faults()
        admin.configure(**self._settings.model_dump())
        admin.edit_organization(self.organization_id, ready=True)
        admin.remove_all_projects(at_once=True)
        while self._others:
            admin.remove_service_account(self._others.pop())
        admin.restore(self.account)
        self.credential = admin.rotate(self.account).token
        self.secrets = {self.credential}
        self._slow = False
        admin.catch_up()
        admin.clear_requests()
