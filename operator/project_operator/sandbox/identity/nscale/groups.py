"""Operations on groups (N4-4, N4-5)."""

from dataclasses import replace

from project_operator.sandbox.identity.nscale import views
from project_operator.sandbox.identity.nscale.authorization import ROLES, Endpoint, Right
from project_operator.sandbox.identity.nscale.bodies import GroupWrite
from project_operator.sandbox.identity.nscale.operations import Call, Operation, Reply
from project_operator.sandbox.identity.nscale.refusals import forbidden, internal, invalid, not_found
from project_operator.sandbox.identity.nscale.resources import Group, Project
from project_operator.sandbox.identity.nscale.state import State

_COLLECTION = "/api/v1/organizations/{organizationID}/groups"
_ITEM = _COLLECTION + "/{groupid}"


def list_groups(call: Call) -> Reply:
    """All groups, sorted by id; names are not unique (N4-4)."""
    call.access.require(Endpoint.GROUPS, Right.READ)
    organization = call.state.organization(call.organization_id)
    found = (g for g in call.state.cache.all(Group) if not organization.ready or g.organization_id == organization.id)
    return Reply(document=[views.group(group) for group in found])


def create_group(call: Call) -> Reply:
    """201 with the group."""
    call.access.require(Endpoint.GROUPS, Right.CREATE)
    body: GroupWrite = call.body()
    state = call.state
    organization = state.organization(call.organization_id)
    _check_roles(body)
    if not organization.ready:
        raise internal()
    group = Group(
        id=state.identifiers.resource(),
        organization_id=organization.id,
        name=body.metadata.name,
        description=body.metadata.described,
        tags=body.metadata.tag_pairs,
        role_ids=body.spec.role_ids,
        service_account_ids=body.spec.service_account_ids,
        user_ids=body.spec.user_ids,
        subjects=body.spec.subjects,
        creation_time=call.now,
        created_by=call.caller.id,
    )
    return Reply(document=views.group(state.store.write(group, call.now)))


def get_group(call: Call) -> Reply:
    """One group, as the cache has it."""
    call.access.require(Endpoint.GROUPS, Right.READ)
    return Reply(document=views.group(_cached(call)))


def update_group(call: Call) -> Reply:
    """200 with an empty body."""
    call.access.require(Endpoint.GROUPS, Right.UPDATE)
    body: GroupWrite = call.body()
    seen = _cached(call)
    _check_roles(body)
    wanted = replace(
        seen,
        name=body.metadata.name,
        description=body.metadata.described,
        tags=body.metadata.tag_pairs,
        role_ids=body.spec.role_ids,
        service_account_ids=body.spec.service_account_ids,
        user_ids=body.spec.user_ids,
        subjects=body.spec.subjects,
        modified_time=call.now,
        modified_by=call.caller.id,
    )
    call.state.patch(seen, wanted, call.now)
    return Reply()


def delete_group(call: Call) -> Reply:
    """Takes the group out of every project first, without a trace in their ``modifiedTime`` (N0-9)."""
    call.access.require(Endpoint.GROUPS, Right.DELETE)
    state = call.state
    organization = state.organization(call.organization_id)
    group_id = call.parameters["groupid"]
    unlink_group(state, organization.id, group_id, call.now)
    group = state.store.get(Group, group_id)
    if group is None or group.organization_id != organization.id:
        raise not_found()
    state.store.remove(Group, group.id, call.now)
    return Reply()


def unlink_group(state: State, organization_id: str, group_id: str, now: float) -> None:
    """Take the id out of each project that the cache shows with it, once; a project written since is 500 (N4-5)."""
    for project in state.cache.all(Project):
        if project.organization_id == organization_id and group_id in project.group_ids:
            at = project.group_ids.index(group_id)
            present = state.store.get(Project, project.id)
            if present is None or present.resource_version != project.resource_version:
                raise internal()
            state.store.write(replace(project, group_ids=project.group_ids[:at] + project.group_ids[at + 1 :]), now)


def _cached(call: Call) -> Group:
    state = call.state
    return state.cached(Group, state.organization(call.organization_id).id, call.parameters["groupid"])


def _check_roles(body: GroupWrite) -> None:
    known = {role.id: role for role in ROLES.values()}
    for role_id in body.spec.role_ids:
        if role_id not in known:
            raise invalid(f"role ID {role_id} does not exist")
        if known[role_id].protected:
            raise forbidden("requested role is protected")


OPERATIONS = (
    Operation("listGroups", "GET", _COLLECTION, 200, frozenset({400, 401, 403, 500}), list_groups),
    # 400 is not declared, so an unknown role makes the server panic (N1.3-9).
    Operation("createGroup", "POST", _COLLECTION, 201, frozenset({401, 403, 409, 500}), create_group, GroupWrite),
    Operation("getGroup", "GET", _ITEM, 200, frozenset({401, 403, 404, 500}), get_group),
    Operation(
        "updateGroup",
        "PUT",
        _ITEM,
        200,
        frozenset({400, 401, 403, 404, 500}),
        update_group,
        GroupWrite,
        conflict_since_lock=True,
    ),
    Operation("deleteGroup", "DELETE", _ITEM, 200, frozenset({401, 403, 404, 500}), delete_group),
)
