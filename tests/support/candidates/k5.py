"""Fujitsu K5, on the embedded server of a region."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, ClassVar, Final, Self

from hosting import KEPT
from scripted_server import Received

from candidates.candidate import AS_IT_WORKS, LOOPBACK, Candidate, Connecting, Purpose, Remark
from candidates.fields import Scene
from candidates.k5_answers import K5_ROWS
from project_operator.backends import k5
from project_operator.backends.base import Backend, ProjectContent, RoleAssignment
from project_operator.backends.calls import TransportSettings
from project_operator.backends.k5 import KeystoneConfig, open_backend
from project_operator.backends.keystone_v3.credentials import Password, ProjectScope, Reference
from project_operator.backends.vendor import Surroundings
from project_operator.sandbox.identity.k5.admin_models import MakeProjects, ProjectSnapshot
from project_operator.sandbox.identity.k5.embedded import EmbeddedK5
from project_operator.sandbox.identity.k5.settings import K5Settings

_MARK: Final = "iproj1:"
_ROOM: Final = 255 - 87


@dataclass(frozen=True)
class K5Connecting(Connecting):
    """With what only K5 has."""

    project: Reference | None = None
    """What the token is for; None: as K5 chooses."""


class K5Candidate(Candidate):
    """A contract, and its administrator."""

    vendor = k5.VENDOR
    url_field = "spec.fujitsuK5.url"
    ca_field = "spec.fujitsuK5.caBundle"
    organization_field = "spec.fujitsuK5.domain"
    asynchronous = False
    required_requests = 3
    names = ("four", "x" * 64, "+=,.@-_aZ09", "1234")
    tags = ()
    error_rows = K5_ROWS
    remarks: ClassVar[Mapping[str, Remark]] = MappingProxyType(
        {
            "test_create.py::TestCreated::test_tags_at_every_bound": Remark(
                "there are none", "test_fields.py::test_what_is_not_held_is_refused_by_name[fujitsu_k5-tags[].name]"
            ),
            "test_update.py::TestUpdated::test_what_is_not_told_stays": Remark("there are no tags; the rest stays"),
            "test_create.py::TestRefused::test_a_name_that_is_taken_is_told_apart": Remark("in any case"),
            **dict.fromkeys(
                (
                    "test_delete.py::test_deletion_is_started_and_not_waited_for",
                    "test_delete.py::test_deleting_the_missing_succeeds",
                    "test_delete.py::test_missing_rights_are_no_success",
                    "test_delete.py::test_a_lost_answer_is_unknown_and_nothing_is_sent_again",
                    "test_plan.py::test_a_deletion_is_as_planned",
                ),
                Remark(
                    "there is none, and it is refused",
                    "test_never_deleted.py::test_a_deletion_is_refused_and_nothing_is_sent[fujitsu_k5]",
                ),
            ),
        }
    )

    @classmethod
    @contextmanager
    def start(cls, fixture: Callable[[str], Any]) -> Iterator[Self]:  # noqa: ARG003 - it needs none
        with EmbeddedK5(keep_alive=KEPT) as server:
            yield cls(server)

    def __init__(self, server: EmbeddedK5) -> None:
        self.server = server
        self.url = server.url
        about = server.admin.about()
        self.organization_id, self.organization_name = about.domain_id, about.domain_name
        self.user, self.home_id = about.user_name, about.project_id
        self._member = server.admin.state().roles["_member_"]

    def open(
        self, how: Connecting = AS_IT_WORKS, *, admission: Any = None, transport: TransportSettings = LOOPBACK
    ) -> Backend:
        domain = Reference(
            how.organization_id or ("" if how.organization_name else self.organization_id), how.organization_name or ""
        )
        project = how.project if isinstance(how, K5Connecting) else None
        scope = None if project is None else ProjectScope(project, domain if project.name else None)
        own = Reference(self.organization_id)
        config = KeystoneConfig(
            url=how.url or self.url,
            domain=domain,
            credential=Password(self.user, own, how.credential or self.credential, scope),
            ca_bundle=how.ca_bundle,
            timeout=how.timeout,
            connections=how.connections,
        )
        return open_backend(config, Surroundings(transport, admission=admission))

    def ways(self) -> Iterable[Connecting]:
        projects = (None, Reference(self.home_id), Reference(name=f"{self.organization_name}-prj".upper()))
        for project in projects:
            yield K5Connecting(organization_id=self.organization_id, project=project)
            yield K5Connecting(organization_name=self.organization_name, project=project)

    def strangers(self) -> Iterable[Connecting]:
        yield Connecting(organization_id=self.unused_id())
        yield Connecting(organization_name="nowhere")

    def purpose(self, request: Received) -> Purpose:
        if request.target.partition("?")[0] == "/v3/auth/tokens":
            return Purpose.SIGN_IN
        if request.method == "GET":
            return Purpose.READ
        return Purpose.CREATE if request.method == "POST" else Purpose.UPDATE

    def secrets_in(self, request: Received) -> Iterable[str]:
        if token := request.headers.get("x-auth-token"):
            yield token

    def held(self, content: ProjectContent) -> ProjectContent:
        content = self.fit(content)
        return replace(content, role_assignments=(), enabled=content.enabled is not False)

    def fit(self, content: ProjectContent) -> ProjectContent:
        """There are no tags, no difference between an empty description and none, and no more room than the mark
        leaves.
        """
        return replace(content, tags=(), description=(content.description or "")[:_ROOM] or None)

    def truth(self) -> dict[str, ProjectContent]:
        return {project.id: _content(project) for project in self.server.admin.state().projects}

    def look(self, project_id: str) -> ProjectContent:
        return self.truth()[project_id]

    def make(self, content: ProjectContent) -> str:
        words = (content.description, _word(content.mark))
        wanted = MakeProjects(name=content.name, description=" ".join(filter(None, words)))
        (project_id,) = self.server.admin.make_projects(wanted)
        return project_id

    def make_many(self, count: int) -> set[str]:
        return set(self.server.admin.make_projects(MakeProjects(count=count, name="many")))

    def make_elsewhere(self) -> str:
        (project_id,) = self.server.admin.make_projects(MakeProjects(name="elsewhere", elsewhere=True))
        return project_id

    def vanish(self, project_id: str) -> None:
        self.server.admin.remove_project(project_id)

    def empty(self) -> None:
        self.server.admin.remove_all_projects()

    def catch_up(self) -> None:
        """Reads show at once what was written."""

    def make_group(self, name: str) -> str:
        return self.server.admin.make_group(name)

    def access(self, group_ids: Iterable[str]) -> dict[str, Any]:
        return {"role_assignments": tuple(sorted(RoleAssignment(group, self._member) for group in group_ids))}

    def scene(self) -> Scene:
        return Scene(self.vendor, self.make_group("those who may"), self._member)

    def allowing_everything(self, scene: Scene) -> Connecting:  # noqa: ARG002 - it needs no scene
        return Connecting()

    def further_changes(self) -> Iterable[dict[str, Any]]:
        yield {"enabled": False}

    def lose_rights(self) -> None:
        self.server.admin.set_administrator(administrator=False)

    def revoke_credential(self) -> None:
        self.server.admin.rotate()

    def take_name(self, name: str) -> None:
        self.make(ProjectContent(name.upper()))

    def slow_down(self) -> None:
        """Nothing takes any time."""

    def wrong_contents(self) -> Iterator[ProjectContent]:
        yield ProjectContent("")
        yield ProjectContent("abc")
        yield ProjectContent("x" * 65)
        yield ProjectContent("with blank")
        yield ProjectContent("größe")

    def unused_id(self) -> str:
        return "0c5f9a7d3b1e4862a9d4f06b8e2c7135"

    def reset(self) -> None:
        admin = self.server.admin
        admin.clear_faults()
        admin.configure(**K5Settings().model_dump())
        admin.set_administrator(administrator=True)
        admin.remove_all_projects()
        admin.remove_all_groups()
        self.credential = admin.rotate().password
        self.secrets = {self.credential}
        admin.clear_requests()


def _word(mark: str) -> str:
    return mark if not mark or mark.startswith(_MARK) else f"{_MARK}{mark}"


def _content(project: ProjectSnapshot) -> ProjectContent:
    """The mark is the last word, if it is one."""
    before, _, last = project.description.rpartition(" ")
    marked = last.startswith(_MARK)
    return ProjectContent(
        project.name,
        (before if marked else project.description) or None,
        mark=("orphaned" if last == f"{_MARK}orphaned" else last) if marked else "",
        role_assignments=tuple(sorted(RoleAssignment(one.group_id, one.role_id) for one in project.assignments)),
        enabled=project.enabled,
    )
