"""Open Telekom Cloud, on the embedded IAM. Names lack the region's prefix, which the backend puts before them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, ClassVar, Final, Self

from hosting import KEPT
from scripted_server import Received

from candidates.candidate import AS_IT_WORKS, LOOPBACK, Candidate, Connecting, Purpose, Remark
from candidates.fields import Scene
from candidates.otc_answers import OTC_ROWS
from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.api.v1alpha1.otc import RegionPrefix
from project_operator.backends import otc
from project_operator.backends.base import Backend, ProjectContent, RoleAssignment
from project_operator.backends.calls import TransportSettings
from project_operator.backends.keystone_v3.credentials import DomainScope, Password, Reference
from project_operator.backends.otc import OTCConfig, open_backend
from project_operator.backends.otc.names import RegionNames
from project_operator.backends.vendor import Surroundings
from project_operator.sandbox.identity.otc.admin_models import MakeProjects, ProjectSnapshot, Snapshot
from project_operator.sandbox.identity.otc.embedded import EmbeddedIAM
from project_operator.sandbox.identity.otc.settings import OTCSettings

_MARK: Final = "iproj1:"
_ROOM: Final = 255 - 87
_REGION: Final = "eu-de"
_PREFIX: Final = f"{_REGION}_"
_SPEC: Final = IdentityBackendSpec.model_validate(
    {
        "openTelekomCloud": {
            "url": "https://iam.example.com",
            "domain": {"name": "account"},
            "region": _REGION,
            "regionPrefix": "Prepend",
            "auth": {"password": {"secretRef": {"name": "otc"}}},
        }
    }
)
_PURPOSES: Final = {"GET": Purpose.READ, "POST": Purpose.CREATE}


@dataclass(frozen=True)
class OTCConnecting(Connecting):
    """With what only this vendor has."""

    region: str = _REGION
    prefix: RegionPrefix = RegionPrefix.PREPEND


class OTCCandidate(Candidate):
    """A region of an account, and a user who is Security Administrator."""

    vendor = otc.VENDOR.configured(otc.VENDOR, _SPEC)
    url_field = "spec.openTelekomCloud.url"
    ca_field = "spec.openTelekomCloud.caBundle"
    organization_field = "spec.openTelekomCloud.region"
    asynchronous = False
    required_requests = 2
    names = ("x", "x" * 58, "A-b_9", "0", "eu-nl_x")
    tags = ()
    error_rows = OTC_ROWS
    remarks: ClassVar[Mapping[str, Remark]] = MappingProxyType(
        {
            "test_connect.py::test_an_organization_that_the_credential_does_not_see_is_the_field_to_look_at": Remark(
                "that the region is; a wrong account is a rejected sign-in"
            ),
            "test_reads.py::TestList::test_it_holds_no_other_organizations_projects": Remark(
                "nor those of other regions, nor the vendor's own"
            ),
            "test_create.py::TestCreated::test_names_at_every_bound": Remark("in the characters that there are"),
            "test_create.py::TestCreated::test_tags_at_every_bound": Remark(
                "there are none",
                "test_fields.py::test_what_is_not_held_is_refused_by_name[open_telekom_cloud-tags[].name]",
            ),
            "test_update.py::TestUpdated::test_what_is_not_told_stays": Remark("there are no tags; the rest stays"),
        }
    )
    completes: ClassVar[frozenset[str]] = frozenset({"role_assignments", "enabled"})
    deletes_later = True

    @classmethod
    @contextmanager
    def start(cls, fixture: Callable[[str], Any]) -> Iterator[Self]:  # noqa: ARG003 - it needs none
        with EmbeddedIAM(keep_alive=KEPT) as server:
            yield cls(server)

    def __init__(self, server: EmbeddedIAM) -> None:
        self.server = server
        self.url = server.url
        about = server.admin.about()
        self.organization_id, self.organization_name, self.user = about.account_id, about.account_name, about.username
        state = server.admin.state()
        self._region_id = next(one.id for one in state.projects if one.name == _REGION)
        self._role = next(one.id for one in state.roles if one.display_name == "VPC FullAccess")
        self._settings = OTCSettings(read_lag=0.0, list_lag=0.0, deletion_delay=0.0)

    def open(
        self, how: Connecting = AS_IT_WORKS, *, admission: Any = None, transport: TransportSettings = LOOPBACK
    ) -> Backend:
        more = how if isinstance(how, OTCConnecting) else OTCConnecting()
        account = Reference(how.organization_id) if how.organization_id else Reference(name=self.organization_name)
        config = OTCConfig(
            url=how.url or self.url,
            names=RegionNames(more.region, more.prefix),
            credential=Password(
                self.user,
                Reference(name=self.organization_name),
                how.credential or self.credential,
                DomainScope(account),
            ),
            ca_bundle=how.ca_bundle,
            timeout=how.timeout,
            connections=how.connections,
        )
        return open_backend(config, Surroundings(transport, admission=admission))

    def ways(self) -> Iterable[Connecting]:
        yield Connecting(organization_id=self.organization_id)
        yield Connecting(organization_name=self.organization_name)

    def strangers(self) -> Iterable[Connecting]:
        """A wrong account is a wrong sign-in, and nobody says which (T3-2); a region is what one can be wrong about."""
        yield OTCConnecting(region="eu-xy")

    def purpose(self, request: Received) -> Purpose:
        path = request.target.partition("?")[0]
        if path == "/v3/auth/tokens":
            return Purpose.SIGN_IN
        is_project = path.count("/") == len(("v3", "projects", "ID"))
        if request.method == "DELETE" and is_project:
            return Purpose.DELETE
        return _PURPOSES.get(request.method, Purpose.UPDATE)

    def secrets_in(self, request: Received) -> Iterable[str]:
        if token := request.headers.get("x-auth-token"):
            yield token

    def held(self, content: ProjectContent) -> ProjectContent:
        return replace(
            self.fit(content), enabled=True, parent_id=content.parent_id or self._region_id, role_assignments=()
        )

    def fit(self, content: ProjectContent) -> ProjectContent:
        """There are no tags, no difference between an empty description and none, and no more room than the mark
        leaves.
        """
        return replace(content, tags=(), description=(content.description or "")[:_ROOM] or None)

    def truth(self) -> dict[str, ProjectContent]:
        state = self.server.admin.state()
        return {
            one.id: _content(state, one)
            for one in state.projects
            if one.name.startswith(_PREFIX) and not one.deleting and not one.built_in
        }

    def look(self, project_id: str) -> ProjectContent:
        return self.truth()[project_id]

    def make(self, content: ProjectContent) -> str:
        words = (content.description, _word(content.mark))
        wanted = MakeProjects(name=f"{_PREFIX}{content.name}", description=" ".join(filter(None, words)))
        (project_id,) = self.server.admin.make_projects(wanted)
        return project_id

    def make_many(self, count: int) -> set[str]:
        name = f"{_PREFIX}many-{self.unused_id()[:6]}-{len(self.truth())}"
        return set(self.server.admin.make_projects(MakeProjects(count=count, name=name)))

    def make_elsewhere(self) -> str:
        """A project of another region: those of another account no list shows (T4-5)."""
        (project_id,) = self.server.admin.make_projects(MakeProjects(name="eu-nl_elsewhere"))
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

    def access(self, group_ids: Iterable[str]) -> dict[str, Any]:
        return {"role_assignments": tuple(sorted(RoleAssignment(group, self._role) for group in group_ids))}

    def scene(self) -> Scene:
        return Scene(
            self.vendor, self.make_group("those who may"), self._role, parent_id=self.make(ProjectContent("above"))
        )

    def allowing_everything(self, scene: Scene) -> Connecting:  # noqa: ARG002 - nothing has to be allowed
        return Connecting()

    def further_changes(self) -> Iterable[dict[str, Any]]:
        yield {"enabled": False}
        yield {"enabled": False, "name": "changed"}

    def lose_rights(self) -> None:
        self.server.admin.set_rights(administrator=False)

    def revoke_credential(self) -> None:
        self.server.admin.rotate()

    def take_name(self, name: str) -> None:
        self.make(ProjectContent(name))

    def slow_down(self) -> None:
        self.server.admin.configure(deletion_delay=3600.0)

    def wrong_contents(self) -> Iterator[ProjectContent]:
        yield ProjectContent("")
        yield ProjectContent("x" * 59)
        yield ProjectContent("a b")
        yield ProjectContent("ä")

    def unused_id(self) -> str:
        return "0c5f9a7d3b1e4862a9d4f06b8e2c7135"

    def reset(self) -> None:
        admin = self.server.admin
        admin.clear_faults()
        admin.configure(**self._settings.model_dump(mode="json"))
        admin.set_rights(administrator=True)
        admin.remove_all_projects()
        admin.remove_all_groups()
        self.credential = admin.rotate().password
        self.secrets = {self.credential}
        admin.catch_up()
        admin.clear_requests()


def _word(mark: str) -> str:
    return mark if not mark or mark.startswith(_MARK) else f"{_MARK}{mark}"


def _content(state: Snapshot, project: ProjectSnapshot) -> ProjectContent:
    """The mark is the last word, if it is one."""
    before, _, last = project.description.rpartition(" ")
    marked = last.startswith(_MARK)
    return ProjectContent(
        project.name.removeprefix(_PREFIX),
        (before if marked else project.description) or None,
        mark=("orphaned" if last == f"{_MARK}orphaned" else last) if marked else "",
        role_assignments=tuple(
            sorted(RoleAssignment(one.group_id, one.role_id) for one in state.grants if one.project_id == project.id)
        ),
        enabled=project.status != "suspended",
        parent_id=project.parent_id,
    )
