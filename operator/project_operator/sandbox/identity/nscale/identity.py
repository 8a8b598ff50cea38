"""An nscale server put together: an organization, a robot with a token, and the parts that serve them."""

from dataclasses import dataclass, field

from project_operator.sandbox.identity.clock import Clock, SystemClock
from project_operator.sandbox.identity.embedded import chance
from project_operator.sandbox.identity.nscale.authorization import ROLES
from project_operator.sandbox.identity.nscale.resources import Group, Organization, ServiceAccount, UserSession
from project_operator.sandbox.identity.nscale.service import NscaleService
from project_operator.sandbox.identity.nscale.sessions import renew
from project_operator.sandbox.identity.nscale.settings import NscaleSettings
from project_operator.sandbox.identity.nscale.state import State


@dataclass(frozen=True, slots=True)
class Credential:
    """A service account with its token."""

    service_account_id: str
    token: str
    group_id: str
    """The group that gives it its role; empty without a role."""

    def __repr__(self) -> str:
        return f"Credential(service_account_id={self.service_account_id!r})"


def add_organization(state: State, name: str, now: float, *, ready: bool = True) -> Organization:
    """A new organization; one that is not ready has no namespace yet (N4-3)."""
    return state.store.write(
        Organization(id=state.identifiers.resource(), name=name, creation_time=now, ready=ready), now
    )


def add_group(
    state: State,
    organization_id: str,
    name: str,
    now: float,
    *,
    role_ids: tuple[str, ...] = (),
    members: tuple[str, ...] = (),
    subjects: tuple[str, ...] = (),
) -> Group:
    """A new group; its roles are not checked, so one that does not exist can be tried (N1.3-7)."""
    group = Group(
        id=state.identifiers.resource(),
        organization_id=organization_id,
        name=name,
        creation_time=now,
        role_ids=role_ids,
        service_account_ids=members,
        subjects=subjects,
    )
    return state.store.write(group, now)


def add_service_account(state: State, organization_id: str, name: str, role: str, now: float) -> Credential:
    """A new service account in a new group called and having ``role`` (empty: in no group).

    Its token is valid as soon as reads see the group.
    """
    account_id = state.identifiers.resource()
    group_id = ""
    if role:
        group_id = add_group(state, organization_id, role, now, role_ids=(ROLES[role].id,), members=(account_id,)).id
    account = state.store.write(
        ServiceAccount(
            id=account_id,
            organization_id=organization_id,
            name=name,
            creation_time=now,
            token=state.issue_token(account_id),
            token_time=float("-inf"),
            expiry=now + state.settings.token_lifetime,
        ),
        now,
    )
    return Credential(account.id, account.token, group_id)


@dataclass(frozen=True, slots=True)
class SessionCredential:
    """A person who has signed in with an OAuth 2 client."""

    email: str
    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)


def add_session(state: State, organization_id: str, email: str, role: str, now: float) -> SessionCredential:
    """A person in a new group that has ``role``, signed in with a new client."""
    add_group(state, organization_id, role, now, role_ids=(ROLES[role].id,), subjects=(email,))
    session = UserSession(
        id=state.identifiers.resource(),
        organization_id=organization_id,
        name=email,
        creation_time=now,
        client_id=state.identifiers.resource(),
        client_secret=state.identifiers.digits(),
    )
    signed_in = renew(state, session, now)
    return SessionCredential(email, signed_in.client_id, signed_in.client_secret, signed_in.refresh_token)


class NscaleIdentity:
    """The server without a socket: state machine, and the service in front of it."""

    def __init__(
        self, settings: NscaleSettings | None = None, *, seed: int | None = None, clock: Clock | None = None
    ) -> None:
        """With ``seed`` all ids and tokens are the same each time; without, they are unpredictable."""
        self.clock: Clock = clock or SystemClock()
        self.state = State(settings or NscaleSettings(), chance(seed))
        now = self.clock.now()
        self.organization_id = add_organization(self.state, "demo", now).id
        self.credential = add_service_account(
            self.state, self.organization_id, "project-operator", "administrator", now
        )
        self.state.catch_up()
        self.admin_token = self.state.identifiers.digits()
        self.service = NscaleService(self.state, self.clock)
