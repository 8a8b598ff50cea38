"""Operations on projects (N1)."""

from dataclasses import replace

from project_operator.sandbox.identity.nscale.authorization import Endpoint, Right
from project_operator.sandbox.identity.nscale.bodies import ProjectWrite
from project_operator.sandbox.identity.nscale.operations import Call, Operation, Reply
from project_operator.sandbox.identity.nscale.refusals import internal, invalid, name_taken, not_found
from project_operator.sandbox.identity.nscale.resources import Group, Project
from project_operator.sandbox.identity.nscale.state import State

_COLLECTION = "/api/v1/organizations/{organizationID}/projects"
_ITEM = _COLLECTION + "/{projectID}"
_REFERENCE = _ITEM + "/references/{reference}"


def list_projects(call: Call) -> Reply:
    """The whole organization, sorted by id, less what the caller may not read: ``[]`` without rights (N1-1)."""
    organization = call.state.organization(call.organization_id)
    readable = call.access.allows(Endpoint.PROJECTS, Right.READ)
    projects = [
        project
        for project in call.state.cache.all(Project)
        # N4-3: an organization without a namespace lists all namespaces.
        if (not organization.ready or project.organization_id == organization.id)
        and (readable or call.access.allows(Endpoint.PROJECTS, Right.READ, project.id))
    ]
    return Reply(document=projects)


def create_project(call: Call) -> Reply:
    """A new id each time; no name is ever taken (N0-1), unless the switch for the page's 409 is on (N1.3-10)."""
    call.access.require(Endpoint.PROJECTS, Right.CREATE)
    body: ProjectWrite = call.body()
    state = call.state
    organization = state.organization(call.organization_id)
    _check_groups(state, organization.id, body)
    if not organization.ready:
        raise internal()  # N4-3: there is no namespace to create it in
    if state.settings.unique_names and any(
        p.name == body.metadata.name and p.organization_id == organization.id for p in state.store.all(Project)
    ):
        raise name_taken()
    project = state.store.write(
        Project(
            id=state.identifiers.resource(),
            organization_id=organization.id,
            name=body.metadata.name,
            description=body.metadata.described,
            tags=body.metadata.tag_pairs,
            group_ids=body.spec.group_ids,
            creation_time=call.now,
            created_by=call.caller.id,
        ),
        call.now,
    )
    state.controller.created(project, state.settings)
    return Reply(document=project, project_id=project.id)


def get_project(call: Call) -> Reply:
    """One project as the cache has it: 404 straight after its creation (N0-2)."""
    call.access.require(Endpoint.PROJECTS, Right.READ, _project_id(call))
    state = call.state
    return Reply(document=state.cached(Project, state.organization(call.organization_id).id, _project_id(call)))


def update_project(call: Call) -> Reply:
    """Replace name, description, tags and groups, always with a new ``modifiedTime``; also while deleting (N1.4)."""
    call.access.require(Endpoint.PROJECTS, Right.UPDATE, _project_id(call))
    body: ProjectWrite = call.body()
    state = call.state
    organization = state.organization(call.organization_id)
    seen = state.cached(Project, organization.id, _project_id(call))
    _check_groups(state, organization.id, body)
    wanted = replace(
        seen,
        name=body.metadata.name,
        description=body.metadata.described,
        tags=body.metadata.tag_pairs,
        group_ids=body.spec.group_ids,
        modified_time=call.now,
        modified_by=call.caller.id,
    )
    state.patch(seen, wanted, call.now)
    return Reply()


def delete_project(call: Call) -> Reply:
    """Goes straight to the store, not through the cache; accepted again until the project is gone (N1.5-1)."""
    call.access.require(Endpoint.PROJECTS, Right.DELETE, _project_id(call))
    state = call.state
    organization = state.organization(call.organization_id)
    project = state.store.get(Project, _project_id(call))
    if project is None or project.organization_id != organization.id:
        raise not_found()
    state.delete(project, call.now)
    return Reply()


def add_reference(call: Call) -> Reply:
    """A finalizer of another service, which blocks deletion; refused once deletion has begun (N4-8)."""
    call.access.require(Endpoint.REFERENCES, Right.CREATE, _project_id(call))
    state = call.state
    seen = state.cached(Project, state.organization(call.organization_id).id, _project_id(call))
    if seen.deletion_time is not None:
        raise invalid("unable to add reference, resource is being deleted")
    reference = call.parameters["reference"]
    if reference not in seen.finalizers:
        state.patch(seen, replace(seen, finalizers=(*seen.finalizers, reference)), call.now)
    return Reply()


def remove_reference(call: Call) -> Reply:
    """Idempotent; the last finalizer of a project being deleted takes the project with it (N4-8)."""
    call.access.require(Endpoint.REFERENCES, Right.DELETE, _project_id(call))
    state = call.state
    seen = state.cached(Project, state.organization(call.organization_id).id, _project_id(call))
    reference = call.parameters["reference"]
    if reference in seen.finalizers:
        present = state.store.get(Project, seen.id)
        if present is None:
            raise internal()
        state.store.drop_finalizer(present, reference, call.now)
    return Reply()


def _project_id(call: Call) -> str:
    return call.parameters["projectID"]


def _check_groups(state: State, organization_id: str, body: ProjectWrite) -> None:
    """Each group must exist in the organization, as far as the cache knows; the first that does not is named (N0-9)."""
    for group_id in body.spec.group_ids:
        group = state.cache.get(Group, group_id)
        if group is None or group.organization_id != organization_id:
            raise invalid(f"group ID {group_id} does not exist")


OPERATIONS = (
    Operation("listProjects", "GET", _COLLECTION, 200, frozenset({401, 403, 500}), list_projects),
    Operation(
        "createProject", "POST", _COLLECTION, 202, frozenset({400, 401, 403, 409, 500}), create_project, ProjectWrite
    ),
    Operation("getProject", "GET", _ITEM, 200, frozenset({400, 401, 403, 404, 500}), get_project),
    Operation(
        "updateProject",
        "PUT",
        _ITEM,
        200,
        frozenset({400, 401, 403, 404, 500}),
        update_project,
        ProjectWrite,
        conflict_since_lock=True,
    ),
    Operation("deleteProject", "DELETE", _ITEM, 202, frozenset({400, 401, 403, 404, 500}), delete_project),
    Operation(
        "addReference",
        "PUT",
        _REFERENCE,
        201,
        frozenset({400, 401, 403, 404, 500}),
        add_reference,
        conflict_since_lock=True,
    ),
    Operation("removeReference", "DELETE", _REFERENCE, 204, frozenset({401, 403, 404, 500}), remove_reference),
)
