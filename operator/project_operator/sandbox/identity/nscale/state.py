"""The state machine of the embedded nscale server: store, lagging cache, controller, credentials. It reads no clock."""

from dataclasses import fields, replace
from random import Random
from typing import TypeVar

from project_operator.sandbox.identity.nscale.authorization import ROLES, AccessControl, Caller, Rights
from project_operator.sandbox.identity.nscale.cache import Cache
from project_operator.sandbox.identity.nscale.controller import Controller
from project_operator.sandbox.identity.nscale.dialects import Collision, Dialect, dialect
from project_operator.sandbox.identity.nscale.identifiers import Identifiers
from project_operator.sandbox.identity.nscale.refusals import access_denied, forbidden, internal, lost_race, not_found
from project_operator.sandbox.identity.nscale.resources import (
    Group,
    Metadata,
    Organization,
    Project,
    ServiceAccount,
    UserSession,
)
from project_operator.sandbox.identity.nscale.settings import NscaleSettings
from project_operator.sandbox.identity.nscale.store import Store

R = TypeVar("R", bound=Metadata)

PLATFORM_ADMINISTRATOR = "platform-administrator@example.com"
_ROLES_BY_ID = {role.id: role for role in ROLES.values()}


class State:
    """Everything the server knows. Call `advance` before each use; times are seconds since the epoch."""

    def __init__(self, settings: NscaleSettings, random: Random) -> None:
        self.identifiers = Identifiers(random)
        self.store = Store()
        self.cache = Cache()
        self.controller = Controller()
        self.platform_token = self.identifiers.token()
        self.revoked: set[str] = set()
        """Service accounts whose roles are taken away for the time being."""
        self.refresh_tokens: dict[str, str] = {}
        """Sessions by every refresh token that they ever had."""
        self._tokens: dict[str, str] = {}
        self._rights: dict[tuple[str, str], tuple[float, AccessControl]] = {}
        self._settings = settings
        self._dialect = dialect(settings.dialect)
        self.controller.failures_left = settings.failing_provisions

    @property
    def settings(self) -> NscaleSettings:
        return self._settings

    @property
    def dialect(self) -> Dialect:
        return self._dialect

    def configure(self, settings: NscaleSettings) -> None:
        """Be as ``settings`` say from now on."""
        self._dialect = dialect(settings.dialect)
        if settings.failing_provisions != self._settings.failing_provisions:
            self.controller.failures_left = settings.failing_provisions
        self._settings = settings
        self.forget_rights()

    def advance(self, now: float) -> None:
        """Let everything happen that is due by ``now``."""
        self.controller.run(self.store, now, self._settings)
        self.cache.absorb(self.store.changes, now - self._settings.read_lag)

    def catch_up(self) -> None:
        """Make reads see the present state at once, whatever the lag."""
        self.cache.absorb(self.store.changes, float("inf"))

    # Who is asking

    def issue_token(self, owner_id: str) -> str:
        """A new token of a service account or session; it does not verify until its owner is stored with it."""
        token = self.identifiers.token()
        self._tokens[token] = owner_id
        return token

    def authenticate(self, authorization: str | None, now: float, *, certificate: str = "") -> Caller:
        """The caller, by the ``Authorization`` header; 401 in the server's words otherwise (N1.3-2).

        ``certificate`` is the common name of the client's, which counts where there is no such header (N5-2).
        """
        if not authorization and self._dialect.certificate_alone and certificate in self._settings.system_accounts:
            return Caller(certificate, None)
        if not authorization:
            raise access_denied("authorization header missing")
        scheme, *rest = authorization.split(" ")
        if len(rest) != 1:
            raise access_denied("authorization header malformed")
        if scheme.lower() != "bearer":
            raise access_denied("authorization scheme not allowed")
        token = rest[0]
        if token == self.platform_token:
            return Caller(PLATFORM_ADMINISTRATOR, None)
        owner_id = self._tokens.get(token, "")
        account = self.store.get(ServiceAccount, owner_id)
        if account is not None and self._verifies(account, account.token, token, now):
            return Caller(account.id, account.organization_id, is_service_account=True)
        session = self.store.get(UserSession, owner_id)
        if session is not None and self._verifies(session, session.access_token, token, now):
            return Caller(session.name, session.organization_id)
        raise access_denied("access token is invalid")

    def _verifies(self, owner: ServiceAccount | UserSession, stored: str, token: str, now: float) -> bool:
        """The stored copy equals the presented one (N3.2-12, N3.1-10), as far as each replica knows (N3.2-11)."""
        if now >= owner.expiry:
            return False
        age = now - owner.token_time
        lag = self._settings.read_lag if self._settings.token_lag is None else self._settings.token_lag
        if token == stored:
            return age >= lag
        return token == owner.previous_token and age < self._settings.old_token_grace

    def access(self, caller: Caller, organization_id: str, now: float) -> AccessControl:
        """The caller's rights in an organization, remembered for as long as the dialect does (N3.3-7)."""
        if caller.organization_id is None:
            return AccessControl(global_scope=ROLES["platform-administrator"].global_scope)
        if organization_id and organization_id != caller.organization_id:
            if not caller.is_service_account:
                raise internal()  # N1.3-7: a person's token in an organization that the person is not in
            # N1.3-3: a token of another organization is refused before the body is looked at.
            raise forbidden("service account is not a member of the organization")
        known = self._rights.get((caller.id, organization_id))
        if known and now < known[0]:
            return known[1]
        rights = self._access(caller.id, caller.organization_id)
        limit = self._dialect.acl_cache_seconds if self._settings.acl_cache is None else self._settings.acl_cache
        self._rights[caller.id, organization_id] = (now + limit, rights)
        return rights

    def forget_rights(self) -> None:
        """Work all rights out anew when they are next needed."""
        self._rights.clear()

    def _access(self, account_id: str, organization_id: str) -> AccessControl:
        """Service account (or person) in group, group has roles, project lists group (N3.3-6)."""
        if account_id in self.revoked:
            return AccessControl()
        everywhere: Rights = frozenset()
        by_group: dict[str, Rights] = {}
        for group in self.cache.all(Group):
            if group.organization_id != organization_id or account_id not in group.members:
                continue
            for role_id in group.role_ids:
                role = _ROLES_BY_ID.get(role_id)
                if role is None:
                    raise internal()  # N1.3-7: a role that is no more breaks every call of the group's members
                everywhere |= role.organization_scope
                if role.project_scope:
                    by_group[group.id] = by_group.get(group.id, frozenset()) | role.project_scope
        projects: dict[str, Rights] = {}
        if by_group:
            for project in self.cache.all(Project):
                for group_id in set(project.group_ids) & by_group.keys():
                    projects[project.id] = projects.get(project.id, frozenset()) | by_group[group_id]
        return AccessControl(organization_scope=everywhere, projects=projects)

    # Reading and writing as the server's handlers do

    def organization(self, organization_id: str) -> Organization:
        """The organization as reads see it, or 404."""
        found = self.cache.get(Organization, organization_id)
        if found is None:
            raise not_found()
        return found

    def cached(self, kind: type[R], organization_id: str, resource_id: str) -> R:
        """An object of an organization as reads see it, or 404 (N1.3-4)."""
        found = self.cache.get(kind, resource_id)
        if found is None or found.organization_id != organization_id:
            raise not_found()
        return found

    def delete(self, project: Project, now: float) -> None:
        """Begin to delete a project; again changes nothing (N1.5-1)."""
        if project.deletion_time is None:
            self.store.delete_project(project, now)
            self.controller.deleted(project, now, self._settings)

    def patch(self, seen: R, wanted: R, now: float, *, lock: bool = True) -> R:
        """Turn the object that was read as ``seen`` into ``wanted``.

        A merge patch carries only what differs from what was read; with a lock it fails when the object was written
        since (N1.3-6, N1.3-7, N1.3-12).
        """
        present = self.store.get(type(seen), seen.id)
        if present is None:
            raise internal()  # gone behind the cache's back: an unmapped error of the Kubernetes API (N1.3-7)
        locked = lock and self._dialect.put_collision is not Collision.OVERWRITE
        if locked and present.resource_version != seen.resource_version:
            raise lost_race() if self._dialect.put_collision is Collision.CONFLICT else internal()
        names = [f.name for f in fields(seen) if getattr(wanted, f.name) != getattr(seen, f.name)]
        return self.store.write(replace(present, **{name: getattr(wanted, name) for name in names}), now)
