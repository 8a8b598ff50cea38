"""Operations on organizations, their roles, and the server itself (N4-1, N4-2, N3.3, N5-6)."""

from project_operator.sandbox.identity.nscale import views
from project_operator.sandbox.identity.nscale.authorization import ROLES, Endpoint, Right
from project_operator.sandbox.identity.nscale.operations import Call, Operation, Reply
from project_operator.sandbox.identity.nscale.refusals import internal
from project_operator.sandbox.identity.nscale.resources import Organization

_COLLECTION = "/api/v1/organizations"
_ITEM = _COLLECTION + "/{organizationID}"


def list_organizations(call: Call) -> Reply:
    """A service account sees exactly its own; a global reader all of them (N4-1)."""
    state = call.state
    if call.caller.organization_id is None:
        found = state.cache.all(Organization)
    else:
        own = state.cache.get(Organization, call.caller.organization_id)
        if own is None:
            raise internal()
        found = [own]
    return Reply(document=[views.organization(organization, state.dialect) for organization in found])


def get_organization(call: Call) -> Reply:
    """404 is not declared: an unknown organization makes the server panic (N4-2)."""
    call.access.require(Endpoint.ORGANIZATIONS, Right.READ)
    return Reply(document=views.organization(call.state.organization(call.organization_id), call.state.dialect))


def list_roles(call: Call) -> Reply:
    """The roles that can be granted within the organization (N3.3)."""
    call.access.require(Endpoint.ROLES, Right.READ)
    call.state.organization(call.organization_id)
    roles = sorted((role for role in ROLES.values() if not role.protected), key=lambda role: role.id)
    return Reply(document=[views.role(role) for role in roles])


def get_version(call: Call) -> Reply:
    """Name and version of the server, for any authenticated caller."""
    return Reply(document={"name": "unikorn-identity", "version": call.state.dialect.version})


_READ = frozenset({401, 403, 500})

VERSION_OPERATION = Operation("getVersion", "GET", "/api/version", 200, frozenset({401, 500}), get_version)
"""Known to the dialects that have it."""

OPERATIONS = (
    Operation("listOrganizations", "GET", _COLLECTION, 200, _READ | {404}, list_organizations),
    Operation("getOrganization", "GET", _ITEM, 200, _READ, get_organization),
    Operation("listRoles", "GET", _ITEM + "/roles", 200, _READ, list_roles),
    VERSION_OPERATION,
)
