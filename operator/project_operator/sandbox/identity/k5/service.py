"""The embedded service as an `IdentityService`: routing, the checks in their order, and the answers."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final

from project_operator.sandbox.identity.clock import Clock
from project_operator.sandbox.identity.exchange import Answer, Outcome, Request, Route, Subject
from project_operator.sandbox.identity.fault_answers import JSON_TYPE
from project_operator.sandbox.identity.k5 import bodies, views
from project_operator.sandbox.identity.k5.refusals import (
    Refusal,
    conflict,
    forbidden,
    invalid,
    not_found,
    not_implemented,
    unauthorized,
)
from project_operator.sandbox.identity.k5.resources import Assignment, Caller, Named, Project, Scope
from project_operator.sandbox.identity.k5.state import State
from project_operator.sandbox.identity.routing import UNKNOWN_METHOD, route

_PROJECT: Final = "/v3/projects/{projectID}"
_GROUP_ROLES: Final = f"{_PROJECT}/groups/{{groupID}}/roles"
_GROUP_ROLE: Final = f"{_GROUP_ROLES}/{{roleID}}"

_LISTS: Final = ("projects", "groups", "roles", "role_assignments")
_NO_SUCH_PAGE: Final = b"<html><body><h1>404 Not Found</h1></body></html>"
_HTML: Final = ("content-type", "text/html")
_VARY: Final = ("vary", "X-Auth-Token")


@dataclass(frozen=True, slots=True)
class Call:
    """A request whose sender is known and may do it."""

    state: State
    now: float
    route: Route
    request: Request

    @property
    def query(self) -> dict[str, str]:
        """Of repeated parameters the first. What the pages do not name is ignored (F6-3)."""
        return self.request.parameters


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
    """One of the service's operations."""

    name: str
    method: str
    template: str
    right: str
    """What the policy is asked; "": nothing, and no token is needed."""
    handler: Callable[[Call], Reply]


class K5Service:
    """One server. Requests are handled one at a time, each at one instant of the clock."""

    def __init__(self, state: State, clock: Clock) -> None:
        self.state = state
        self._clock = clock

    def route(self, method: str, path: str) -> Route:
        """A path that is known with another method is an operation that is not implemented (F5-3)."""
        return route(OPERATIONS, method, path.rstrip("/"))

    def handle(self, route: Route, request: Request) -> Outcome:
        """Token, then policy, then the operation itself."""
        state, now = self.state, self._clock.now()
        revision = state.revision
        operation = next((one for one in (*OPERATIONS, _UNKNOWN_METHOD) if one.name == route.operation), None)
        if operation is None:
            return Outcome(Answer(HTTPStatus.NOT_FOUND, _NO_SUCH_PAGE, (_HTML,)))
        caller = Caller("", administrator=False, regional=False)
        token = request.headers.get("x-auth-token", "")
        try:
            if operation.right:
                caller = state.authenticate(token, now)
                if not (caller.administrator and caller.regional):
                    raise forbidden(operation.right)  # F3-3, F4-1
            if operation.name in state.settings.unimplemented:
                raise not_implemented()
            reply = operation.handler(Call(state, now, route, request))
        except Refusal as refusal:
            reply = Reply(refusal.status, views.error(refusal.status, refusal.message))
        headers = [_VARY, *reply.headers]
        if token and state.settings.returns_token:
            headers.append(("x-auth-token", token))  # F5-5
        body = b"" if reply.document is None else views.encode(reply.document)
        answer = Answer(reply.status, body, (*headers, *((JSON_TYPE,) if body else ())))
        return Outcome(answer, state.revision != revision, caller.name, reply.project_id)

    def subject(self, request: Request) -> Subject:
        """Name and description in the body."""
        return bodies.subject(request.body)

    def without(self, answer: Answer, ids: frozenset[str]) -> Answer:
        """A list without the items that have these ids."""
        document = json.loads(answer.body or b"null")
        key = next((key for key in _LISTS if isinstance(document, dict) and key in document), None)
        if key is None:
            return answer
        kept = [item for item in document[key] if item.get("id", "") not in ids]
        return answer.with_body(views.encode(document | {key: kept}))

    def error_body(self, status: int) -> bytes:
        """The error document of a status, for faults."""
        return views.encode(views.error(status, "switched on from outside"))


# Signing in


def get_version(_: Call) -> Reply:
    """F1-2."""
    return Reply(HTTPStatus.OK, views.version())


def sign_in(call: Call) -> Reply:
    """F3-1 to F3-6. Whatever is wrong, the answer is the same."""
    auth = bodies.decode(bodies.SignIn, call.request.headers, call.request.body).auth
    user, state = auth.identity.password.user, call.state
    if user.id != state.user.id and (user.name != state.user.name or not _is(state.domain, user.domain)):
        raise unauthorized()
    state.check_password(user.password, call.now)
    scope = _scope(state, auth.scope)
    token = state.issue(scope, call.now)
    headers = (("x-subject-token", token),)
    return Reply(HTTPStatus.CREATED, views.token(state, scope, call.now), headers=headers)


def _scope(state: State, wanted: bodies.WantedScope | None) -> Scope:
    """Without one, as if the project that came with the contract were named (F3-4)."""
    if wanted is not None and wanted.domain is not None:
        if not _is(state.domain, wanted.domain):
            raise unauthorized()
        return Scope(domain_id=state.domain.id)
    project_id = state.home_id
    if wanted is not None and wanted.project is not None:
        project_id = wanted.project.id
        if not project_id and _is(state.domain, wanted.project.domain):
            project_id = next((one.id for one in state.called(wanted.project.name, state.domain.id)), "")
    found = state.projects.get(project_id)
    if found is None or found.domain_id != state.domain.id or not found.enabled:
        raise unauthorized()
    return Scope(project_id=project_id)


def _is(domain: Named, named: bodies.DomainName) -> bool:
    return domain.id == named.id if named.id else domain.name == named.name


# Projects


def create_project(call: Call) -> Reply:
    """F2-1 to F2-7. Two at a time with one name are one and a conflict."""
    state = call.state
    wanted = bodies.decode(bodies.CreateProject, call.request.headers, call.request.body).project
    _own_domain(state, wanted.domain_id, "identity:create_project")
    _check_name(state, wanted.name, "")
    project = Project(state.new_id(), wanted.name, wanted.domain_id, wanted.description, wanted.enabled, call.now)
    state.write(project)
    return Reply(HTTPStatus.CREATED, {"project": views.project(state, project)}, project.id)


def get_project(call: Call) -> Reply:
    """F2-10."""
    found = _project(call, "identity:get_project")
    return Reply(HTTPStatus.OK, {"project": views.project(call.state, found)}, found.id)


def list_projects(call: Call) -> Reply:
    """F6-1 to F6-3."""
    state, query = call.state, call.query
    domain_id = query.get("domain_id", "")
    if not domain_id:
        raise invalid("domain_id is required")
    _own_domain(state, domain_id, "identity:list_projects")
    found = [one for one in state.projects.values() if one.domain_id == domain_id]
    if (name := query.get("name")) is not None:
        found = [one for one in found if one.name.casefold() == name.casefold()]
    if (enabled := query.get("enabled")) is not None:
        found = [one for one in found if one.enabled is (enabled.lower() == "true")]
    return Reply(HTTPStatus.OK, views.listed("projects", (views.project(state, one) for one in found)))


def update_project(call: Call) -> Reply:
    """F2-8."""
    state = call.state
    changes = bodies.decode(bodies.UpdateProject, call.request.headers, call.request.body).project
    found = _project(call, "identity:update_project")
    if changes.name is not None:
        _check_name(state, changes.name, found.id)
    project = replace(found, **changes.model_dump(exclude_none=True))
    state.write(project)
    return Reply(HTTPStatus.OK, {"project": views.project(state, project)}, project.id)


def not_there(_: Call) -> Reply:
    """F5-3, F8-1."""
    raise not_implemented()


def _project(call: Call, right: str) -> Project:
    project_id = call.route.parameters["projectID"]
    found = call.state.projects.get(project_id)
    if found is None:
        raise not_found("project", project_id)
    _own_domain(call.state, found.domain_id, right)
    return found


def _own_domain(state: State, domain_id: str, right: str) -> None:
    if domain_id != state.domain.id:
        raise forbidden(right)  # F4-2


def _check_name(state: State, name: str, project_id: str) -> None:
    if any(one.id != project_id for one in state.called(name, state.domain.id)):
        raise conflict("Conflict occurred attempting to store project - Duplicate entry found.")


# Groups and roles


def get_domain(call: Call) -> Reply:
    """F4-3."""
    domain_id = call.route.parameters["domainID"]
    _own_domain(call.state, domain_id, "identity:get_domain")
    return Reply(HTTPStatus.OK, {"domain": views.named("domains", call.state.domain, enabled=True)})


def list_groups(call: Call) -> Reply:
    """F7-4."""
    query, domain_id = call.query, call.state.domain.id
    _own_domain(call.state, query.get("domain_id", domain_id), "identity:list_groups")
    found = [one for one in call.state.groups.values() if query.get("name", one.name) == one.name]
    items = (views.named("groups", one, domain_id=domain_id) for one in found)
    return Reply(HTTPStatus.OK, views.listed("groups", items))


def list_roles(call: Call) -> Reply:
    """F7-5: the only filter is the name."""
    found = [one for one in call.state.roles.values() if call.query.get("name", one.name) == one.name]
    return Reply(HTTPStatus.OK, views.listed("roles", (views.named("roles", one) for one in found)))


def list_group_roles(call: Call) -> Reply:
    """F7-2."""
    state, found = call.state, _assignment(call)
    shown = [
        state.roles[one.role_id]
        for one in sorted(state.assignments)
        if (one.project_id, one.group_id) == (found.project_id, found.group_id)
    ]
    return Reply(HTTPStatus.OK, views.listed("roles", (views.named("roles", one) for one in shown)))


def list_role_assignments(call: Call) -> Reply:
    """F7-3."""
    project_id = call.query.get("scope.project.id", "")
    shown = [one for one in sorted(call.state.assignments) if project_id in ("", one.project_id)]
    return Reply(HTTPStatus.OK, views.listed("role_assignments", map(views.assignment, shown)))


def grant_role(call: Call) -> Reply:
    """F7-1."""
    found = _assignment(call)
    call.state.assign(found, on=True)
    return Reply(HTTPStatus.NO_CONTENT, project_id=found.project_id)


def revoke_role(call: Call) -> Reply:
    """F7-1."""
    found = _assignment(call)
    if found not in call.state.assignments:
        raise not_found("role", found.role_id)
    call.state.assign(found, on=False)
    return Reply(HTTPStatus.NO_CONTENT, project_id=found.project_id)


def _assignment(call: Call) -> Assignment:
    """What the path speaks of; each part of it must be there."""
    parameters = call.route.parameters
    project = _project(call, "identity:create_grant")
    group_id, role_id = parameters["groupID"], parameters.get("roleID", "")
    if group_id not in call.state.groups:
        raise not_found("group", group_id)
    if "roleID" in parameters and role_id not in call.state.roles:
        raise not_found("role", role_id)
    return Assignment(project.id, group_id, role_id)


OPERATIONS: Final = (
    Operation("getVersion", "GET", "/v3", "", get_version),
    Operation("signIn", "POST", "/v3/auth/tokens", "", sign_in),
    Operation("createProject", "POST", "/v3/projects", "identity:create_project", create_project),
    Operation("listProjects", "GET", "/v3/projects", "identity:list_projects", list_projects),
    Operation("getProject", "GET", _PROJECT, "identity:get_project", get_project),
    Operation("updateProject", "PATCH", _PROJECT, "identity:update_project", update_project),
    Operation("deleteProject", "DELETE", _PROJECT, "identity:delete_project", not_there),
    Operation("getDomain", "GET", "/v3/domains/{domainID}", "identity:get_domain", get_domain),
    Operation("listDomains", "GET", "/v3/domains", "identity:list_domains", not_there),
    Operation("listGroups", "GET", "/v3/groups", "identity:list_groups", list_groups),
    Operation("listRoles", "GET", "/v3/roles", "identity:list_roles", list_roles),
    Operation("listRoleAssignments", "GET", "/v3/role_assignments", "identity:list_grants", list_role_assignments),
    Operation("listGroupRoles", "GET", _GROUP_ROLES, "identity:list_grants", list_group_roles),
    Operation("grantRole", "PUT", _GROUP_ROLE, "identity:create_grant", grant_role),
    Operation("revokeRole", "DELETE", _GROUP_ROLE, "identity:revoke_grant", revoke_role),
)
_UNKNOWN_METHOD: Final = Operation(UNKNOWN_METHOD, "", "", "identity:none", not_there)
