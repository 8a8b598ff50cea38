"""The embedded IAM as an `IdentityService`: routing, the checks in their order, and the answers."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final

from project_operator.sandbox.identity.clock import Clock
from project_operator.sandbox.identity.exchange import Answer, Outcome, Request, Route, Subject
from project_operator.sandbox.identity.fault_answers import HTML_TYPE, JSON_TYPE, page
from project_operator.sandbox.identity.otc import bodies, views
from project_operator.sandbox.identity.otc.refusals import (
    Refusal,
    conflict,
    forbidden,
    invalid,
    not_found,
    unauthorized,
)
from project_operator.sandbox.identity.otc.resources import Project, Token
from project_operator.sandbox.identity.otc.state import ACCOUNT_NAME, USER, State
from project_operator.sandbox.identity.routing import UNKNOWN_METHOD, route

_PROJECT: Final = "/v3/projects/{projectID}"
_STATUS: Final = "/v3-ext/projects/{projectID}"
_GROUP_ROLES: Final = _PROJECT + "/groups/{groupID}/roles"
_GRANT: Final = _GROUP_ROLES + "/{roleID}"
_MOST_PER_PAGE: Final = 5000
_LISTS: Final = ("projects", "groups", "roles")


@dataclass(frozen=True, slots=True)
class Call:
    """A request whose sender is known and may do it."""

    state: State
    now: float
    token: Token | None
    route: Route
    request: Request

    @property
    def query(self) -> dict[str, str]:
        """Of repeated parameters the first."""
        return self.request.parameters

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.request.path}?{self.request.query}" if self.request.query else self.request.path


@dataclass(frozen=True, slots=True)
class Reply:
    """What an operation led to."""

    status: int
    document: Any = None
    """None: the answer has no body."""
    project_id: str = ""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Operation:
    """One of IAM's operations."""

    name: str
    method: str
    template: str
    right: str
    """What the policy must allow (T3-5); "": nothing, and no token either."""
    handler: Callable[[Call], Reply]


class OTCService:
    """One server. Requests are handled one at a time, each at one instant of the clock."""

    def __init__(self, state: State, clock: Clock) -> None:
        self.state = state
        self._clock = clock

    def route(self, method: str, path: str) -> Route:
        """Where a request goes, found from method and path."""
        return route(OPERATIONS, method, path)

    def handle(self, route: Route, request: Request) -> Outcome:
        """How much was asked, then the token, then the right, then the form, then the operation itself."""
        state, now = self.state, self._clock.now()
        state.advance(now)
        revision = state.revision
        operation = next((one for one in OPERATIONS if one.name == route.operation), None)
        if operation is None:
            # Not IAM's own words: a gateway's (T2-13).
            status = HTTPStatus.METHOD_NOT_ALLOWED if route.operation == UNKNOWN_METHOD else HTTPStatus.NOT_FOUND
            return Outcome(Answer(status, page(f"{status.value} {status.phrase}"), (HTML_TYPE,)))
        if state.is_too_much(now):
            body = views.encode(views.throttled(state, state.new_id()))
            return Outcome(Answer(HTTPStatus.TOO_MANY_REQUESTS, body, (JSON_TYPE,)))
        token: Token | None = None
        try:
            if operation.right:
                token = state.authenticate(request.headers.get("x-auth-token", ""), now)
                # Both a token for a project and a user without the role (T3-3, T3-5).
                if token.project_id or not state.administrator:
                    raise forbidden(operation.right)
            if request.method != "GET":
                bodies.check_content_type(request.headers)
            reply = operation.handler(Call(state, now, token, route, request))
        except Refusal as refusal:
            answer = self._refused(request.path, refusal)
            return Outcome(answer, state.revision != revision, token.user if token else "")
        body, kind = (b"", ()) if reply.document is None else (views.encode(reply.document), (JSON_TYPE,))
        traced = ("x-openstack-request-id", f"req-{state.new_id()}")
        answer = Answer(reply.status, body, (*kind, *reply.headers, traced))
        return Outcome(answer, state.revision != revision, token.user if token else "", reply.project_id)

    def subject(self, request: Request) -> Subject:
        """Name and description in the body."""
        return bodies.subject(request.body)

    def without(self, answer: Answer, ids: frozenset[str]) -> Answer:
        """A list without the items that have these ids."""
        document = json.loads(answer.body or b"null")
        key = next((key for key in _LISTS if isinstance(document, dict) and key in document), None)
        if key is None:
            return answer
        kept = [item for item in document[key] if item["id"] not in ids]
        return answer.with_body(views.encode(document | {key: kept}))

    def error_body(self, status: int) -> bytes:
        """The error document of a status, for faults."""
        words = "switched on from outside"
        return views.encode(views.error(self.state.settings.error_shape, "/v3/", status, "IAM.0006", words))

    def _refused(self, path: str, refusal: Refusal) -> Answer:
        shape = self.state.settings.error_shape
        document = views.error(shape, path, refusal.status, refusal.code, refusal.message)
        return Answer(refusal.status, views.encode(document), (JSON_TYPE,))


# Signing in


def show_version(_: Call) -> Reply:
    """Which version of the protocol is spoken; needs no token."""
    links = [{"rel": "self", "href": "https://iam.example.com/v3/"}]
    version = {"id": "v3.6", "status": "stable", "updated": "2016-04-04T00:00:00Z", "links": links}
    return Reply(HTTPStatus.OK, {"version": version | {"media-types": []}})


def sign_in(call: Call) -> Reply:
    """T3-1 to T3-3: whatever is wrong, it is one 401. The user's account is known by its name alone."""
    auth = bodies.decode(bodies.SignIn, call.request.body).auth
    state, user = call.state, auth.identity.password.user
    known = (user.name, user.password, user.domain.name) == (USER, state.password, ACCOUNT_NAME)
    domain, project = auth.scope.domain, auth.scope.project
    if domain is not None and state.account_id != domain.id and domain.name != ACCOUNT_NAME:
        known = False
    project_id = ""
    if project is not None:  # of both scopes it is the one that counts (T3-3)
        found = (one.id for one in state.truth().values() if project.id == one.id or project.name == one.name)
        project_id = next(found, "")
        known = known and bool(project_id)
    if not known:
        raise unauthorized("The username or password is wrong.")
    value, token = state.issue(USER, call.now, project_id=project_id)
    return Reply(HTTPStatus.CREATED, views.token(state, token, call.now), headers=(("x-subject-token", value),))


# Projects


def create_project(call: Call) -> Reply:
    """T1-1, T1-8 to T1-15. The answer is complete; reads follow later (T5-1)."""
    wanted = bodies.decode(bodies.CreateProject, call.request.body).project
    state = call.state
    region = state.region(wanted.name)
    if region is None:
        raise invalid("The project name must start with the ID of an existing region and an underscore.")
    if wanted.domain_id not in {None, state.account_id}:
        raise invalid(f"Could not find domain: {wanted.domain_id}.")
    if wanted.parent_id is None and state.settings.parent_required:
        raise invalid("The parent_id is mandatory.")
    parent_id = wanted.parent_id or region.id
    if parent_id not in {region.id} | {one.id for one in state.truth().values() if one.name.startswith(region.name)}:
        raise invalid(f"Could not find project: {parent_id}.")
    _check_name(state, wanted.name, "")
    project = Project(state.new_id(), wanted.name, parent_id, wanted.description, creation_time=call.now)
    state.write(project, call.now)
    return Reply(HTTPStatus.CREATED, {"project": views.project(state, project)}, project.id)


def get_project(call: Call) -> Reply:
    """T1-2."""
    shown = _seen(call)
    return Reply(HTTPStatus.OK, {"project": views.project(call.state, shown)}, shown.id)


def get_project_status(call: Call) -> Reply:
    """T1-3."""
    shown = _seen(call)
    return Reply(HTTPStatus.OK, {"project": views.project_with_status(call.state, shown)}, shown.id)


def list_projects(call: Call) -> Reply:
    """T1-4, T4-1 to T4-5."""
    state, query = call.state, call.query
    found = list(state.seen(call.now, state.settings.list_lag))
    if query.get("domain_id", state.account_id) != state.account_id:
        found = []
    if (name := query.get("name")) is not None:
        found = [one for one in found if one.name == name]
    if (parent_id := query.get("parent_id")) is not None:
        found = [one for one in found if one.parent_id == parent_id]
    items = [views.project(state, one) for one in _place(call, found)]
    return Reply(HTTPStatus.OK, views.page("projects", items, call.target))


def update_project(call: Call) -> Reply:
    """T1-5, T1-12: a name of another region is refused without a word that could be read."""
    changes = bodies.decode(bodies.ModifyProject, call.request.body).project
    state, current = call.state, _existing(call)
    if changes.name is None and changes.description is None:
        raise invalid("One of name and description is mandatory.")
    region = state.region(changes.name or current.name)
    if region is None or not current.name.startswith(f"{region.name}_"):
        raise invalid("null")
    _check_name(state, changes.name or current.name, current.id)
    description = current.description if changes.description is None else changes.description
    project = replace(current, name=changes.name or current.name, description=description)
    state.write(project, call.now)
    return Reply(HTTPStatus.OK, {"project": views.project(state, project) | {"extra": {}}}, project.id)


def set_project_status(call: Call) -> Reply:
    """T1-6."""
    wanted = bodies.decode(bodies.SetStatus, call.request.body).project
    current = _existing(call)
    if current.gone_at is None:
        call.state.write(replace(current, status=wanted.status), call.now)
    return Reply(HTTPStatus.NO_CONTENT, project_id=current.id)


def delete_project(call: Call) -> Reply:
    """T1-7, T7-1 to T7-3."""
    current = _existing(call)
    call.state.begin_deletion(current, call.now)
    return Reply(call.state.settings.delete_answer, project_id=current.id)


def _seen(call: Call) -> Project:
    project_id = call.route.parameters["projectID"]
    shown = call.state.get(project_id, call.now, call.state.settings.read_lag)
    if shown is None:
        raise not_found("project", project_id)
    return shown


def _existing(call: Call) -> Project:
    """The project as it is, to be changed: never one of the vendor's own (T7-3)."""
    project_id = call.route.parameters["projectID"]
    found = call.state.truth().get(project_id)
    if found is None:
        raise not_found("project", project_id)
    if call.state.is_built_in(found):
        raise forbidden("iam:projects:updateProject")
    return found


def _check_name(state: State, name: str, project_id: str) -> None:
    """T1-11; whether case counts is not said, so that here it does not."""
    if any(one.name.lower() == name.lower() and one.id != project_id for one in state.truth().values()):
        raise conflict("Conflict occurred attempting to store project - Duplicate Entry.")


def _place(call: Call, found: list[Project]) -> list[Project]:
    """The page that is asked for (T4-1)."""
    asked = [call.query.get(name) for name in ("page", "per_page")]
    if asked == [None, None]:
        return found
    try:
        number, size = (int(text or "") for text in asked)
    except ValueError:
        raise invalid("page and per_page must both be given, as numbers") from None
    if number < 1 or not 1 <= size <= _MOST_PER_PAGE:
        raise invalid(f"page must be at least 1, and per_page between 1 and {_MOST_PER_PAGE}")
    return found[(number - 1) * size : number * size]


# Groups and roles


def list_groups(call: Call) -> Reply:
    """T6-8."""
    items = [views.group(call.state, one) for one in call.state.groups.values()]
    return Reply(HTTPStatus.OK, views.page("groups", items, call.target))


def list_roles(call: Call) -> Reply:
    """T6-7: the account's own with the account, the system's without."""
    custom = "domain_id" in call.query
    items = [views.role(call.state, one) for one in call.state.roles.values() if one.custom is custom]
    return Reply(HTTPStatus.OK, views.page("roles", items, call.target))


def list_group_roles(call: Call) -> Reply:
    """T6-2."""
    project_id, group_id = _seen(call).id, call.route.parameters["groupID"]
    if group_id not in call.state.groups:
        raise not_found("group", group_id)
    held = [role for project, group, role in call.state.grants if (project, group) == (project_id, group_id)]
    items = [views.role(call.state, call.state.roles[role]) for role in sorted(held)]
    return Reply(HTTPStatus.OK, views.page("roles", items, call.target))


def grant_role(call: Call) -> Reply:
    """T6-1, T6-6: what is so already is a conflict."""
    grant, role_id = _grant(call), call.route.parameters["roleID"]
    if call.state.roles[role_id].type not in {"XA", "AA"}:
        raise invalid("The role cannot be given on a project.")
    if grant in call.state.grants:
        raise conflict("Conflict occurred attempting to store grant - Duplicate Entry.")
    call.state.grants.add(grant)
    call.state.revision += 1
    return Reply(HTTPStatus.NO_CONTENT, project_id=grant[0])


def revoke_role(call: Call) -> Reply:
    """T6-1."""
    grant = _grant(call)
    if grant not in call.state.grants:
        raise not_found("role", grant[2])
    call.state.grants.remove(grant)
    call.state.revision += 1
    return Reply(HTTPStatus.NO_CONTENT, project_id=grant[0])


def _grant(call: Call) -> tuple[str, str, str]:
    state, parameters = call.state, call.route.parameters
    project_id, group_id, role_id = (parameters[name] for name in ("projectID", "groupID", "roleID"))
    if state.get(project_id, call.now, state.settings.read_lag) is None:
        raise not_found("project", project_id)
    if group_id not in state.groups:
        raise not_found("group", group_id)
    if role_id not in state.roles:
        raise not_found("role", role_id)
    return project_id, group_id, role_id


OPERATIONS: Final = (
    Operation("showVersion", "GET", "/v3", "", show_version),
    Operation("signIn", "POST", "/v3/auth/tokens", "", sign_in),
    Operation("createProject", "POST", "/v3/projects", "iam:projects:createProject", create_project),
    Operation("listProjects", "GET", "/v3/projects", "iam:projects:listProjects", list_projects),
    Operation("getProject", "GET", _PROJECT, "iam:projects:getProject", get_project),
    Operation("updateProject", "PATCH", _PROJECT, "iam:projects:updateProject", update_project),
    Operation("deleteProject", "DELETE", _PROJECT, "iam:projects:deleteProject", delete_project),
    Operation("getProjectStatus", "GET", _STATUS, "iam:projects:getProject", get_project_status),
    Operation("setProjectStatus", "PUT", _STATUS, "iam:projects:updateProject", set_project_status),
    Operation("listGroups", "GET", "/v3/groups", "iam:groups:listGroups", list_groups),
    Operation("listRoles", "GET", "/v3/roles", "iam:roles:listRoles", list_roles),
    Operation("listGroupRoles", "GET", _GROUP_ROLES, "iam:permissions:listRolesForGroupOnProject", list_group_roles),
    Operation("grantRole", "PUT", _GRANT, "iam:permissions:grantRoleToGroupOnProject", grant_role),
    Operation("revokeRole", "DELETE", _GRANT, "iam:permissions:revokeRoleFromGroupOnProject", revoke_role),
)
