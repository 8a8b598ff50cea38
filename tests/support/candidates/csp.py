"""VMware Cloud Services Platform, on the embedded server, with deletion switched on."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, ClassVar, Final, Self
from urllib.parse import quote

from hosting import KEPT
from scripted_server import Received

from candidates.candidate import AS_IT_WORKS, LOOPBACK, Candidate, Connecting, Purpose, Remark
from candidates.csp_answers import CSP_ROWS
from candidates.fields import Scene
from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.backends import csp
from project_operator.backends.base import Backend, ProjectContent
from project_operator.backends.calls import TransportSettings
from project_operator.backends.csp import CSPConfig, open_backend
from project_operator.backends.csp.credentials import ApiToken, ClientCredentials
from project_operator.backends.vendor import Surroundings
from project_operator.sandbox.identity.csp.admin_models import MakeProjects, ProjectSnapshot
from project_operator.sandbox.identity.csp.embedded import EmbeddedPlatform
from project_operator.sandbox.identity.csp.resources import CUSTOM, SYSTEM
from project_operator.sandbox.identity.csp.settings import CSPSettings
from project_operator.sandbox.identity.csp.state import MEMBER, OWNER

_MARK: Final = "iproj1:"
_ROOM: Final = 255 - 87
_PURPOSES: Final = {"POST": Purpose.CREATE, "PATCH": Purpose.UPDATE, "DELETE": Purpose.DELETE, "GET": Purpose.READ}
_SPEC: Final = IdentityBackendSpec.model_validate(
    {
        "vmwareCSP": {
            "url": "https://console.example.com",
            "organization": "o",
            "auth": {"clientCredentials": {"secretRef": {"name": "csp"}}},
            "capabilities": {"delete": True},
        }
    }
)


@dataclass(frozen=True)
class CSPConnecting(Connecting):
    """With what only this platform has."""

    config: dict[str, Any] | None = None
    """Further fields of `CSPConfig`."""


class CSPCandidate(Candidate):
    """An organization, and a client that owns it."""

    vendor = csp.VENDOR.configured(csp.VENDOR, _SPEC)
    url_field = "spec.vmwareCSP.url"
    ca_field = "spec.vmwareCSP.caBundle"
    organization_field = "spec.vmwareCSP.organization"
    asynchronous = False
    required_requests = 2
    looks_before: ClassVar[Mapping[str, int]] = MappingProxyType({"delete_project": 1})
    names = ("x", "x" * 255, "größe 漢字 \U0001f600", "a/b?c#d%20 e&f", "default")
    tags = ()
    error_rows = CSP_ROWS
    gives_access = False
    remarks: ClassVar[Mapping[str, Remark]] = MappingProxyType(
        {
            "test_connect.py::test_the_organization_is_found_in_every_way_to_name_it": Remark("by its id alone"),
            "test_reads.py::TestList::test_it_holds_no_other_organizations_projects": Remark(
                "nor the platform's own; a list is of one organization anyway"
            ),
            "test_create.py::TestRefused::test_a_name_that_is_taken_is_told_apart": Remark(
                "where the platform minds: the page on creation has a 409, and says not of what"
            ),
            "test_create.py::TestCreated::test_tags_at_every_bound": Remark(
                "there are none", "test_fields.py::test_what_is_not_held_is_refused_by_name[vmware_csp-tags[].name]"
            ),
            "test_update.py::TestUpdated::test_access_of_groups_is_given_and_taken": Remark(
                "where the backend object names roles",
                "csp/facts/test_roles.py::test_they_are_given_on_the_project_alone_and_taken_again",
            ),
            "test_update.py::TestUpdated::test_what_is_not_told_stays": Remark("there are no tags; the rest stays"),
            "test_plan.py::test_so_is_one_of_the_access_of_groups": Remark(
                "where the backend object names roles", "csp/facts/test_roles.py::test_plans_name_the_groups"
            ),
            "test_delete.py::test_deletion_is_started_and_not_waited_for": Remark(
                "where that is switched on, as it is in this suite"
            ),
        }
    )
    answers_in_full: ClassVar[bool] = False

    @classmethod
    @contextmanager
    def start(cls, fixture: Callable[[str], Any]) -> Iterator[Self]:  # noqa: ARG003 - it needs none
        with EmbeddedPlatform(keep_alive=KEPT) as server:
            yield cls(server)

    def __init__(self, server: EmbeddedPlatform) -> None:
        self.server = server
        self.url = server.url
        self.organization_id = server.organization_id
        self.organization_name = ""
        self.client_id = server.admin.about().client_id
        self.api_token = ""
        self._settings = CSPSettings(list_lag=0.0, deletes=True)

    def open(
        self, how: Connecting = AS_IT_WORKS, *, admission: Any = None, transport: TransportSettings = LOOPBACK
    ) -> Backend:
        more = how.config if isinstance(how, CSPConnecting) else None
        config = CSPConfig(
            url=how.url or self.url,
            organization_id=how.organization_id or self.organization_id,
            credential=ClientCredentials(self.client_id, how.credential or self.credential),
            delete=True,
            ca_bundle=how.ca_bundle,
            timeout=how.timeout,
            connections=how.connections,
        )
        return open_backend(replace(config, **(more or {})), Surroundings(transport, admission=admission))

    def ways(self) -> Iterable[Connecting]:
        yield Connecting()
        yield CSPConnecting(config={"credential": ApiToken(self.api_token)})
        client = ClientCredentials(self.client_id, self.credential, path="/auth/authorize")
        yield CSPConnecting(config={"credential": client})

    def strangers(self) -> Iterable[Connecting]:
        yield Connecting(organization_id=self.unused_id())

    def purpose(self, request: Received) -> Purpose:
        return Purpose.SIGN_IN if "/am/api/auth/" in request.target else _PURPOSES[request.method]

    def secrets_in(self, request: Received) -> Iterable[str]:
        for shown in (
            request.headers.get("authorization", "").partition(" ")[2],
            request.headers.get("csp-auth-token"),
        ):
            if shown:
                yield shown

    def held(self, content: ProjectContent) -> ProjectContent:
        vrn = f"vrn/org:{self.organization_id}/project:{quote(content.name)}"
        return replace(self.fit(content), particulars={"csp.vrn": vrn, **content.particulars})

    def fit(self, content: ProjectContent) -> ProjectContent:
        """There are no tags, no difference between an empty description and none, and no more room than the mark
        leaves.
        """
        return replace(content, tags=(), description=(content.description or "")[:_ROOM] or None)

    def truth(self) -> dict[str, ProjectContent]:
        return {one.id: _content(one) for one in self.server.admin.state().projects if one.type == CUSTOM}

    def look(self, project_id: str) -> ProjectContent:
        return self.truth()[project_id]

    def make(self, content: ProjectContent) -> str:
        words = (content.description, _word(content.mark))
        wanted = MakeProjects(display_name=content.name, description=" ".join(filter(None, words)) or None)
        (project_id,) = self.server.admin.make_projects(wanted)
        self.catch_up()
        return project_id

    def make_many(self, count: int) -> set[str]:
        ids = set(self.server.admin.make_projects(MakeProjects(count=count, display_name="many")))
        self.catch_up()
        return ids

    def make_elsewhere(self) -> str:
        """One of the platform's own: there is one organization alone in a list (V2-3, V2-13)."""
        (project_id,) = self.server.admin.make_projects(MakeProjects(display_name="the platform's", type=SYSTEM))
        return project_id

    def vanish(self, project_id: str) -> None:
        self.server.admin.remove_project(project_id)
        self.catch_up()

    def empty(self) -> None:
        self.server.admin.remove_all_projects()
        self.catch_up()

    def catch_up(self) -> None:
        self.server.admin.catch_up()

    def make_group(self, name: str) -> str:
        return self.server.admin.make_group(name)

    def access(self, group_ids: Iterable[str]) -> dict[str, Any]:  # noqa: ARG002 - roles are off unless switched on
        return {}

    def scene(self) -> Scene:
        return Scene(self.vendor, parent_id=self.make(ProjectContent("above")))

    def allowing_everything(self, scene: Scene) -> Connecting:  # noqa: ARG002 - it needs no scene
        return CSPConnecting(config={"reparent": True})

    def further_changes(self) -> Iterable[dict[str, Any]]:
        yield {"particulars": {"csp.vrn": "vrn/org:x/project:another"}}

    def lose_rights(self) -> None:
        self.server.admin.set_role(MEMBER)

    def revoke_credential(self) -> None:
        self.server.admin.rotate()

    def take_name(self, name: str) -> None:
        self.server.admin.configure(unique_names=True)
        self.make(ProjectContent(name))

    def slow_down(self) -> None:
        """Nothing takes any time."""

    def wrong_contents(self) -> Iterator[ProjectContent]:
        yield ProjectContent("")
        yield ProjectContent("x" * 256)

    def unused_id(self) -> str:
        return "0c5f9a7d-3b1e-4862-a9d4-f06b8e2c7135"

    def reset(self) -> None:
        admin = self.server.admin
        admin.clear_faults()
        admin.configure(**self._settings.model_dump(mode="json"))
        admin.set_role(OWNER)
        admin.remove_all_projects()
        admin.remove_all_groups()
        about = admin.rotate()
        self.credential, self.api_token = about.client_secret, about.api_token
        self.secrets = {self.credential, self.api_token}
        admin.catch_up()
        admin.clear_requests()


def _word(mark: str) -> str:
    return mark if not mark or mark.startswith(_MARK) else f"{_MARK}{mark}"


def _content(project: ProjectSnapshot) -> ProjectContent:
    """The mark is the last word, if it is one."""
    text = project.description or ""
    before, _, last = text.rpartition(" ")
    marked = last.startswith(_MARK)
    particulars = {"csp.vrn": project.vrn or "", "csp.subResourceServiceScopes": ",".join(sorted(project.scopes))}
    return ProjectContent(
        project.display_name,
        (before if marked else text) or None,
        mark=("orphaned" if last == f"{_MARK}orphaned" else last) if marked else "",
        parent_id=project.parent_id,
        particulars={path: value for path, value in particulars.items() if value},
    )
