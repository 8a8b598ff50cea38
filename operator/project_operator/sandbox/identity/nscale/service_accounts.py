"""Operations on service accounts, the robots of an organization (N3.2)."""

from dataclasses import replace

from project_operator.sandbox.identity.nscale import views
from project_operator.sandbox.identity.nscale.authorization import Endpoint, Right
from project_operator.sandbox.identity.nscale.bodies import ServiceAccountWrite
from project_operator.sandbox.identity.nscale.operations import Call, Operation, Reply
from project_operator.sandbox.identity.nscale.refusals import internal
from project_operator.sandbox.identity.nscale.resources import Group, ServiceAccount
from project_operator.sandbox.identity.nscale.state import State

_COLLECTION = "/api/v1/organizations/{organizationID}/serviceaccounts"
_ITEM = _COLLECTION + "/{serviceAccountID}"
_ROTATE = _ITEM + "/rotate"


def list_service_accounts(call: Call) -> Reply:
    """All of them; a service account without the right sees itself (N3.2-1)."""
    organization = call.state.organization(call.organization_id)
    if not call.caller.is_service_account:
        call.access.require(Endpoint.SERVICE_ACCOUNTS, Right.READ)
    everything = call.access.allows(Endpoint.SERVICE_ACCOUNTS, Right.READ)
    return Reply(
        document=[
            views.service_account(account, _groups_of(call.state, account.id))
            for account in call.state.cache.all(ServiceAccount)
            if account.organization_id == organization.id and (everything or account.id == call.caller.id)
        ]
    )


def create_service_account(call: Call) -> Reply:
    """201 with the token, which is shown this once (N3.2-2). The groups shown are those of before, so none."""
    call.access.require(Endpoint.SERVICE_ACCOUNTS, Right.CREATE)
    body: ServiceAccountWrite = call.body()
    state = call.state
    organization = state.organization(call.organization_id)
    if not organization.ready:
        raise internal()
    account_id = state.identifiers.resource()
    account = state.store.write(
        ServiceAccount(
            id=account_id,
            organization_id=organization.id,
            name=body.metadata.name,
            description=body.metadata.described,
            tags=body.metadata.tag_pairs,
            creation_time=call.now,
            created_by=call.caller.id,
            token=state.issue_token(account_id),
            token_time=call.now,
            expiry=call.now + state.settings.token_lifetime,
        ),
        call.now,
    )
    _join(state, account, body.spec.group_ids, call.now)
    return Reply(document=views.service_account(account, [], with_token=True))


def update_service_account(call: Call) -> Reply:
    """Leaves the token as it is and does not show it (N3.2-3)."""
    call.access.require(Endpoint.SERVICE_ACCOUNTS, Right.UPDATE)
    body: ServiceAccountWrite = call.body()
    seen = _cached(call)
    wanted = replace(
        seen,
        name=body.metadata.name,
        description=body.metadata.described,
        tags=body.metadata.tag_pairs,
        modified_time=call.now,
        modified_by=call.caller.id,
    )
    groups = _groups_of(call.state, seen.id)
    updated = call.state.patch(seen, wanted, call.now)
    _join(call.state, updated, body.spec.group_ids, call.now)
    return Reply(document=views.service_account(updated, groups))


def rotate_service_account(call: Call) -> Reply:
    """A new token, shown this once; any service account may rotate itself (N3.2-4, N3.2-9)."""
    if call.caller.id != call.parameters["serviceAccountID"]:
        call.access.require(Endpoint.SERVICE_ACCOUNTS, Right.UPDATE)
    rotated = rotate(call.state, _cached(call), call.now)
    return Reply(document=views.service_account(rotated, _groups_of(call.state, rotated.id), with_token=True))


def rotate(state: State, account: ServiceAccount, now: float) -> ServiceAccount:
    """Store a new token in place of the present one."""
    present = state.store.get(ServiceAccount, account.id)
    if present is None:
        raise internal()
    renewed = replace(
        present,
        token=state.issue_token(present.id),
        previous_token=present.token,
        token_time=now,
        expiry=now + state.settings.token_lifetime,
    )
    return state.store.write(renewed, now)


def delete_service_account(call: Call) -> Reply:
    """Leaves all groups and takes the token with it (N3.2-5)."""
    call.access.require(Endpoint.SERVICE_ACCOUNTS, Right.DELETE)
    account = _cached(call)
    if call.state.store.get(ServiceAccount, account.id) is None:
        raise internal()
    _join(call.state, account, (), call.now)
    call.state.store.remove(ServiceAccount, account.id, call.now)
    return Reply()


def _cached(call: Call) -> ServiceAccount:
    state = call.state
    return state.cached(
        ServiceAccount, state.organization(call.organization_id).id, call.parameters["serviceAccountID"]
    )


def _groups_of(state: State, account_id: str) -> list[str]:
    return [group.id for group in state.cache.all(Group) if account_id in group.service_account_ids]


def _join(state: State, account: ServiceAccount, group_ids: tuple[str, ...], now: float) -> None:
    """Make the account a member of these groups and no others; ids of groups that do not exist are passed over.

    Membership is patched onto what the cache shows, without a lock, so that two changes within the lag undo each other,
    as on the real server.
    """
    for group in state.cache.all(Group):
        if group.organization_id != account.organization_id:
            continue
        members = [member for member in group.service_account_ids if member != account.id]
        if group.id in group_ids:
            members = list(group.service_account_ids)
            if account.id not in members:
                members.append(account.id)
        if tuple(members) != group.service_account_ids:
            state.patch(group, replace(group, service_account_ids=tuple(members)), now, lock=False)


_READ = frozenset({401, 403, 500})
_WRITE = frozenset({401, 403, 404, 500})

OPERATIONS = (
    Operation("listServiceAccounts", "GET", _COLLECTION, 200, _READ, list_service_accounts),
    Operation("createServiceAccount", "POST", _COLLECTION, 201, _READ, create_service_account, ServiceAccountWrite),
    Operation(
        "updateServiceAccount",
        "PUT",
        _ITEM,
        200,
        _WRITE,
        update_service_account,
        ServiceAccountWrite,
        conflict_since_lock=True,
    ),
    Operation("deleteServiceAccount", "DELETE", _ITEM, 200, _WRITE, delete_service_account),
    Operation("rotateServiceAccount", "POST", _ROTATE, 200, _WRITE, rotate_service_account, conflict_since_lock=True),
)
