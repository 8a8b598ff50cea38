"""The embedded platform as an `IdentityService`: routing, the checks in their order, and the answers."""

import json
from base64 import b64decode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final

from project_operator.sandbox.identity.clock import Clock
from project_operator.sandbox.identity.csp import bodies, views
from project_operator.sandbox.identity.csp.refusals import (
    Refusal,
    conflict,
    forbidden,
    invalid,
    not_found,
    unauthorized,
)
from project_operator.sandbox.identity.csp.resources import CUSTOM, DEFAULT_ID, Caller, Group, HeldRole, Project
from project_operator.sandbox.identity.csp.settings import NameFilter
from project_operator.sandbox.identity.csp.state import MANAGERS, OWNERS, State
from project_operator.sandbox.identity.exchange import Answer, Outcome, Request, Route, Subject
from project_operator.sandbox.identity.fault_answers import JSON_TYPE
from project_operator.sandbox.identity.routing import UNKNOWN_METHOD, route

_IAM: Final = "/csp/gateway/am/api"
_RESOURCE: Final = "/csp/gateway/resource/api"
_PROJECTS: Final = _RESOURCE + "/v1/orgs/{organizationID}/projects"
_PROJECT: Final = _PROJECTS + "/{projectID}"
_GROUPS: Final = _IAM + "/orgs/{organizationID}/groups"
_ROLES: Final = _GROUPS + "/{groupID}/roles"

_NO_SUCH_PAGE: Final = b"<html><body><h1>404 Not Found</h1></body></html>"
_HTML: Final = ("content-type", "text/html")


@dataclass(frozen=True, slots=True)
class Call:
    """A request whose sender is known and may do it."""

    state: State
    now: float
    caller: Caller
    route: Route
    request: Request

    @property
    def query(self) -> dict[str, str]:
        """Of repeated parameters the first."""
        return self.request.parameters


@dataclass(frozen=True, slots=True)
class Reply:
    """What an operation led to."""

    status: int
    document: Any = None
    """None: the answer has no body."""
    project_id: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One of the platform's operations."""

    name: str
    method: str
    template: str
    roles: frozenset[str] | None
    """Who may; None: it is how one signs in."""
    handler: Callable[[Call], Reply]


class CSPService:
    """One server. Requests are handled one at a time, each at one instant of the clock."""

    def __init__(self, state: State, clock: Clock) -> None:
        self.state = state
        self._clock = clock

    def route(self, method: str, path: str) -> Route:
        """Literal segments come before parameters: ``deleted`` is no project."""
        return route(OPERATIONS, method, path)

    def handle(self, route: Route, request: Request) -> Outcome:
        """Token, then organization, then role, then the operation itself."""
        state, now = self.state, self._clock.now()
        revision = state.revision
        operation = next((one for one in OPERATIONS if one.name == route.operation), None)
        if operation is None:
            # Not the platform's own words: a gateway's (V6-4).
            status = HTTPStatus.METHOD_NOT_ALLOWED if route.operation == UNKNOWN_METHOD else HTTPStatus.NOT_FOUND
            return Outcome(Answer(status, _NO_SUCH_PAGE, (_HTML,)))
        caller = Caller("", "")
        try:
            if operation.roles is not None:
                headers = request.headers
                caller = state.authenticate(headers.get("authorization", ""), headers.get("csp-auth-token", ""), now)
                if route.parameters["organizationID"] != state.organization_id:
                    raise not_found("the organization")
                if caller.role not in operation.roles:
                    raise forbidden()
            reply = operation.handler(Call(state, now, caller, route, request))
        except Refusal as refusal:
            body = views.encode(views.error(refusal.status, refusal.message, state.trace()))
            return Outcome(Answer(refusal.status, body, (JSON_TYPE,)), state.revision != revision, caller.name)
        if reply.document is None:
            answer = Answer(reply.status)
        else:
            answer = Answer(reply.status, views.encode(reply.document), (JSON_TYPE,))
        return Outcome(answer, state.revision != revision, caller.name, reply.project_id)

    def subject(self, request: Request) -> Subject:
        """Name and description in the body."""
        return bodies.subject(request.body)

    def without(self, answer: Answer, ids: frozenset[str]) -> Answer:
        """A list without the items that have these ids, which it does not count either."""
        document = json.loads(answer.body or b"null")
        if not isinstance(document, dict) or not isinstance(document.get("results"), list):
            return answer
        kept = [item for item in document["results"] if item["id"] not in ids]
        if "totalResults" in document:
            document["totalResults"] -= len(document["results"]) - len(kept)
        return answer.with_body(views.encode(document | {"results": kept}))

    def error_body(self, status: int) -> bytes:
        """The error document of a status, for faults."""
        return views.encode(views.error(status, "switched on from outside", self.state.trace()))


# Signing in


def exchange_api_token(call: Call) -> Reply:
    """V3-1, V3-4. A token in the query is refused, as it would be in every log on the way."""
    if call.query:
        raise invalid("the token must be in the form, not in the query")
    fields = bodies.form(call.request.headers, call.request.body)
    if (fields.get("api_token") or fields.get("refresh_token")) != call.state.api_token:
        raise invalid("invalid_grant: Invalid refresh token: the API token is unknown or expired")
    return _session(call, call.state.user, username=call.state.user)


def exchange_client_credentials(call: Call) -> Reply:
    """V3-2, V3-5."""
    fields = bodies.form(call.request.headers, call.request.body)
    if fields.get("grant_type") != "client_credentials":
        raise invalid("unsupported grant_type")
    scheme, _, basic = call.request.headers.get("authorization", "").partition(" ")
    try:
        presented = b64decode(basic, validate=True).decode() if scheme == "Basic" else ""
    except ValueError:
        presented = ""
    if presented != f"{call.state.client_id}:{call.state.client_secret}":
        raise unauthorized("invalid_client")
    return _session(call, call.state.client_id)


def _session(call: Call, name: str, *, username: str = "") -> Reply:
    state = call.state
    token = state.issue(name, call.now, username=username)
    life = {"expires_in": int(state.settings.token_life)} if state.settings.tells_life else {}
    return Reply(HTTPStatus.OK, {"access_token": token, "token_type": "bearer", "scope": "ALL_PERMISSIONS", **life})


# Projects


def create_project(call: Call) -> Reply:
    """V2-1, V2-9 to V2-14: asked twice it makes two, unless the switch for unique names is on (V5-1)."""
    body = bodies.decode(bodies.CreateProject, call.request.headers, call.request.body)
    state = call.state
    if body.parent_project_id is not None:
        _existing(call, body.parent_project_id, "the parent project")
    _check_name(state, body.display_name, "")
    project_id = state.new_id()
    state.write(
        Project(
            id=project_id,
            display_name=body.display_name,
            description=body.description,
            type=body.type,
            vrn=body.vrn if body.vrn is not None else state.vrn(body.display_name),
            parent_id=body.parent_project_id,
            scopes=body.sub_resource_service_scopes or (),
            creation_time=call.now,
            created_by=call.caller.name,
        ),
        call.now,
    )
    link = f"/csp/gateway/resource/api/v1/orgs/{state.organization_id}/projects/{project_id}"
    return Reply(HTTPStatus.CREATED, {"id": project_id, "refLink": link}, project_id)


def get_project(call: Call) -> Reply:
    """V2-2, V2-20."""
    if call.route.parameters["projectID"] == DEFAULT_ID and not call.state.settings.shows_default:
        raise forbidden()
    shown = call.state.get(_project_id(call), call.now, call.state.settings.read_lag)
    if shown is None:
        raise not_found("the project")
    return Reply(HTTPStatus.OK, views.project(call.state, shown, call.state.parents(), expanded=True), shown.id)


def list_projects(call: Call) -> Reply:
    """V2-3, V4-1 to V4-7."""
    state, query = call.state, call.query
    found = list(state.seen(call.now, state.settings.list_lag))
    if (name := query.get("displayName")) is not None:
        found = [one for one in found if _is_called(one, name, state.settings.name_filter)]
    if (parent_id := query.get("parentProjectId")) is not None:
        found = [one for one in found if one.parent_id == parent_id]
    if query.get("orderByCreationDate", "false") == "true":
        found.sort(key=lambda one: (one.creation_time, one.id))
    expanded = query.get("expandProject", "false") == "true"
    start, limit = _place(query, 1000)
    path, parents = call.request.path, state.parents()
    return Reply(
        HTTPStatus.OK,
        views.page(state, path, found, start, limit, lambda one: views.project(state, one, parents, expanded=expanded)),
    )


def list_deleted_projects(call: Call) -> Reply:
    """V2-5."""
    state = call.state
    start, limit = _place(call.query, 1000)
    found = list(state.deleted.values())

    def view(one: Project) -> dict[str, Any]:
        return views.project(state, one, frozenset(), expanded=False)

    return Reply(HTTPStatus.OK, views.page(state, call.request.path, found, start, limit, view))


def update_project(call: Call) -> Reply:
    """V2-4, V2-15: what is not in the body stays, and null is as if it were not there (V2-19)."""
    body = bodies.decode(bodies.ModifyProject, call.request.headers, call.request.body)
    state = call.state
    current = _existing(call, _project_id(call), "the project")
    changes: dict[str, Any] = {"modified_time": call.now, "modified_by": call.caller.name}
    if body.display_name is not None:
        _check_name(state, body.display_name, current.id)
        changes["display_name"] = body.display_name
    if body.description is not None:
        changes["description"] = body.description
    if body.vrn is not None:
        changes["vrn"] = body.vrn
    if body.new_parent_project_id is not None:
        _existing(call, body.new_parent_project_id, "the parent project")
        if body.new_parent_project_id == current.id:
            raise invalid("a project cannot be its own parent")
        changes["parent_id"] = body.new_parent_project_id
    elif body.make_root:
        changes["parent_id"] = None
    state.write(replace(current, **changes), call.now)
    return Reply(HTTPStatus.OK, project_id=current.id)


def delete_project(call: Call) -> Reply:
    """V2-7, V8-1 to V8-3: an assumption from end to end."""
    state = call.state
    if not state.settings.deletes:
        raise Refusal(HTTPStatus.METHOD_NOT_ALLOWED, "Request method 'DELETE' is not supported")
    current = _existing(call, _project_id(call), "the project")
    if current.type != CUSTOM:
        raise invalid("only projects of the type CUSTOM can be deleted")
    if current.services:
        raise conflict("the project has enabled services")
    if current.id in state.parents():
        raise conflict("the project has children")
    if any(role.resource == current.vrn for group in state.groups.values() for role in group.roles):
        raise conflict("users or groups have access to the project")
    state.remove(current, call.now)
    return Reply(HTTPStatus.OK, project_id=current.id)


def _project_id(call: Call) -> str:
    """The id in the path; `default` is the default project's (V2-20)."""
    named = call.route.parameters["projectID"]
    return call.state.default_id if named == DEFAULT_ID else named


def _existing(call: Call, project_id: str, what: str) -> Project:
    found = call.state.truth().get(call.state.default_id if project_id == DEFAULT_ID else project_id)
    if found is None:
        raise not_found(what)
    return found


def _check_name(state: State, name: str, project_id: str) -> None:
    if not state.settings.unique_names:
        return
    if any(one.display_name == name and one.id != project_id for one in state.truth().values()):
        raise conflict(f"a project with the name '{name}' exists already")


def _is_called(project: Project, name: str, how: NameFilter) -> bool:
    if how is NameFilter.EXACT:
        return project.display_name == name
    return name.lower() in project.display_name.lower()


def _place(query: Mapping[str, str], most: int) -> tuple[int, int]:
    """``pageStart`` and ``pageLimit`` within their bounds (V4-3, V4-4)."""
    try:
        start, limit = int(query.get("pageStart", "1")), int(query.get("pageLimit", "200"))
    except ValueError:
        raise invalid("pageStart and pageLimit must be numbers") from None
    if start < 1 or not 1 <= limit <= most:
        raise invalid(f"pageStart must be at least 1, and pageLimit between 1 and {most}")
    return start, limit


# Groups


def list_groups(call: Call) -> Reply:
    """V7-1."""
    start, limit = _place(call.query, 200)
    found = list(call.state.groups.values())
    return Reply(HTTPStatus.OK, views.page(call.state, call.request.path, found, start, limit, views.group))


def get_group_roles(call: Call) -> Reply:
    """V7-2."""
    return Reply(HTTPStatus.OK, views.group_roles(_group(call)))


def change_group_roles(call: Call) -> Reply:
    """V7-3, V7-4: without a resource a role is for the whole organization. What is taken away is the group's own."""
    body = bodies.decode(bodies.ChangeRoles, call.request.headers, call.request.body)
    group = _group(call)
    lists = [
        ("organizationRoles", "", body.organization_roles),
        ("customRoles", "", body.custom_roles),
        *(("serviceRoles", one.service_definition_id, one) for one in body.service_roles),
    ]
    for kind, service, changes in lists:
        group.roles |= {HeldRole(kind, role.name, role.resource, service) for role in changes.roles_to_add}
        group.roles -= {HeldRole(kind, role.name, role.resource, service) for role in changes.roles_to_remove}
    if body.notify_users_in_groups:
        call.state.mails += 1
    call.state.revision += 1
    return Reply(HTTPStatus.OK)


def _group(call: Call) -> Group:
    found = call.state.groups.get(call.route.parameters["groupID"])
    if found is None:
        raise not_found("the group")
    return found


OPERATIONS: Final = (
    Operation("exchangeAPIToken", "POST", f"{_IAM}/auth/api-tokens/authorize", None, exchange_api_token),
    Operation("exchangeClientCredentials", "POST", f"{_IAM}/auth/token", None, exchange_client_credentials),
    Operation("authorizeClient", "POST", f"{_IAM}/auth/authorize", None, exchange_client_credentials),
    Operation("createProject", "POST", _RESOURCE + "/v2/orgs/{organizationID}/projects", MANAGERS, create_project),
    Operation("listProjects", "GET", _PROJECTS, MANAGERS, list_projects),
    Operation("listDeletedProjects", "GET", f"{_PROJECTS}/deleted", OWNERS, list_deleted_projects),
    Operation("getProject", "GET", _PROJECT, MANAGERS, get_project),
    Operation("updateProject", "PATCH", _PROJECT, MANAGERS, update_project),
    Operation("deleteProject", "DELETE", _PROJECT, MANAGERS, delete_project),
    Operation("listGroups", "GET", _GROUPS, OWNERS, list_groups),
    Operation("getGroupRoles", "GET", _ROLES, OWNERS, get_group_roles),
    Operation("changeGroupRoles", "PATCH", _ROLES, OWNERS, change_group_roles),
)
