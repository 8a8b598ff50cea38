"""Every request that there is, computed from what is wanted and sent nowhere: plans show the very requests that calls
then send.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from project_operator.backends.base import ProjectContent, RemoteProject, RoleAssignment
from project_operator.backends.keystone_v3.errors import Operation
from project_operator.backends.keystone_v3.mark_place import MarkPlace
from project_operator.backends.keystone_v3.payloads import DOMAIN_ID, IMMUTABLE, IS_DOMAIN
from project_operator.backends.requests import Request

VERSION: Final = "/v3"
TOKENS: Final = "/v3/auth/tokens?nocatalog"
PROJECTS: Final = "/v3/projects"
GROUPS: Final = "/v3/groups"
USERS: Final = "/v3/users"
ROLES: Final = "/v3/roles"
DOMAINS: Final = "/v3/domains"
ASSIGNMENTS: Final = "/v3/role_assignments"
IDENTITY_PROVIDERS: Final = "/v3/OS-FEDERATION/identity_providers"

_UNLOCKED: Final[dict[str, Any]] = {"options": {"immutable": False}}
UNKNOWN_ID: Final = "{id}"
"""Stands in a plan for the id of a project that is not there yet."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked, as far as it decides what an answer means."""

    operation: Operation
    named: frozenset[str] = frozenset()
    """The ids whose absence would be an answer; a 404 that names none of them is about something else (K3-20)."""


def project_path(project_id: str) -> str:
    """Path of one project."""
    return f"{PROJECTS}/{project_id if project_id == UNKNOWN_ID else quote(project_id, safe='')}"


def project_body(settings: dict[str, Any]) -> bytes:
    """A project's ``settings`` as POST and PATCH send them."""
    # Escaped, the longest texts would exceed what Keystone takes (K1-8), and a 413 spoils the connection it came over.
    return json.dumps({"project": settings}, ensure_ascii=False).encode()


def config_path(domain_id: str) -> str:
    """Path of the configuration that a domain has of its own."""
    return f"{DOMAINS}/{quote(domain_id, safe='')}/config"


def get(operation: Operation, path: str, named: Iterable[str] = (), **query: str) -> Request[Asked]:
    """A read of ``path``. ``named``: see `Asked.named`."""
    target = f"{path}?{urlencode(query)}" if query else path
    return Request(Asked(operation, frozenset(named)), "GET", target)


def creation(content: ProjectContent, domain_id: str, place: MarkPlace) -> Request[Asked]:
    """The POST that makes a project in ``domain_id``, or one that is a domain itself.

    The domain is always named: what Keystone takes for it otherwise is refused to a domain's manager, and can be
    another than the parent's (K4-4).
    """
    description, tags = place.write(content.description, content.tags, content.mark)
    is_domain = content.particulars.get(IS_DOMAIN) == "true"
    settings: dict[str, Any] = {
        "name": content.name,
        "domain_id": None if is_domain else content.particulars.get(DOMAIN_ID, domain_id),
        "is_domain": True if is_domain else None,
        "description": description,
        "enabled": content.enabled,
        "parent_id": content.parent_id,
        "tags": list(tags) or None,
        "options": {"immutable": True} if content.particulars.get(IMMUTABLE) == "true" else None,
    }
    kind = "project that is a domain" if is_domain else "project"
    return Request(
        Asked(Operation.CREATE_PROJECT),
        "POST",
        PROJECTS,
        f"create {kind} '{content.name}'",
        project_body({name: value for name, value in settings.items() if value is not None}),
    )


def update(current: RemoteProject, content: ProjectContent, place: MarkPlace) -> tuple[Request[Asked], ...]:
    """What makes ``current`` into ``content``: the settings in one PATCH, after one that unlocks where the lock is
    ours, then the roles. What cannot change is left out.

    The lock is ours to open where ``content`` says what is to become of it; where it says nothing, somebody else's
    lock is met by the PATCH, and Keystone says so.
    """
    locked = current.content.particulars.get(IMMUTABLE) == "true"
    lock = content.particulars.get(IMMUTABLE)
    changes = _changes(current.content, content, place)
    locks = lock == "true" and (bool(changes) or not locked)
    steps: list[Request[Asked]] = []
    if locked and lock is not None and (changes or lock != "true"):
        # Unlocking is refused with anything beside it, even the id (K6-10).
        steps.append(_patch(current.id, _UNLOCKED, f"unlock '{current.content.name}'"))
    if changes or locks:
        enabled = current.content.enabled if content.enabled is None else content.enabled
        # Without the id a name that is taken is a 500 (K6-5); without `enabled` a disabled project under a disabled
        # parent cannot be written (K6-8).
        always: dict[str, Any] = {"id": current.id} | ({} if enabled is None else {"enabled": enabled})
        options = {"options": {"immutable": True}} if locks else {}
        words = [*changes, *(["lock"] if locks and not locked else [])]
        summary = f"change {', '.join(words)} of '{current.content.name}'"
        steps.append(_patch(current.id, always | changes | options, summary))
    return (*steps, *role_changes(current.id, current.content.role_assignments, content.role_assignments))


def lock(project_id: str) -> Request[Asked]:
    """What puts the lock on."""
    return _patch(project_id, {"options": {"immutable": True}}, "lock it again")


def unlocks(request: Request[Asked]) -> bool:
    """Whether ``request`` takes the lock off and does nothing else."""
    return request.body == project_body(_UNLOCKED)


def role_changes(
    project_id: str, current: Sequence[RoleAssignment] | None, wanted: Sequence[RoleAssignment] | None
) -> tuple[Request[Asked], ...]:
    """What gives groups the ``wanted`` roles instead of the ``current`` ones. None: not known, or not our affair."""
    if wanted is None:
        return ()
    have = set(current or ())
    added = [_grant(project_id, item) for item in sorted(set(wanted) - have)]
    removed = [_revocation(project_id, item) for item in sorted(have - set(wanted))]
    return (*added, *removed)


def switch(project_id: str, *, enabled: bool) -> Request[Asked]:
    """What disables a domain, so that it can be deleted (K8-3), or enables it again."""
    words = "enable the domain again" if enabled else "disable the domain, to delete it"
    return _patch(project_id, {"id": project_id, "enabled": enabled}, words)


def deletion(project_id: str, *, is_domain: bool) -> Request[Asked]:
    """What deletes a project; one that is a domain must be disabled by then (K8-3)."""
    words = "delete the domain, if nothing is in it" if is_domain else "delete the project"
    asked = Asked(Operation.DELETE_PROJECT, frozenset({project_id}))
    return Request(asked, "DELETE", project_path(project_id), words)


def _changes(current: ProjectContent, content: ProjectContent, place: MarkPlace) -> dict[str, Any]:
    """The settings that differ, by their names on the wire."""
    description, tags = place.write(content.description, content.tags, content.mark)
    had_description, had_tags = place.write(current.description, current.tags, current.mark)
    changes: dict[str, Any] = {}
    if content.name != current.name:
        changes["name"] = content.name
    if (description or "") != (had_description or ""):  # null and "" are kept apart and mean the same (K6-7)
        changes["description"] = description
    if set(tags) != set(had_tags):  # the order is not kept (K6-12)
        changes["tags"] = list(tags)
    if content.enabled is not None and content.enabled != current.enabled:
        changes["enabled"] = content.enabled
    return changes


def _patch(project_id: str, settings: dict[str, Any], summary: str) -> Request[Asked]:
    asked = Asked(Operation.UPDATE_PROJECT, frozenset({project_id}))
    return Request(asked, "PATCH", project_path(project_id), summary, project_body(settings))


def _grant(project_id: str, item: RoleAssignment) -> Request[Asked]:
    summary = f"give group {item.group_id} the role {item.role_id}"
    return Request(_about(Operation.GRANT_ROLE, project_id, item), "PUT", _role_path(project_id, item), summary)


def _revocation(project_id: str, item: RoleAssignment) -> Request[Asked]:
    summary = f"take the role {item.role_id} from group {item.group_id}"
    return Request(_about(Operation.REVOKE_ROLE, project_id, item), "DELETE", _role_path(project_id, item), summary)


def _about(operation: Operation, project_id: str, item: RoleAssignment) -> Asked:
    return Asked(operation, frozenset({project_id, item.group_id, item.role_id}))


def _role_path(project_id: str, item: RoleAssignment) -> str:
    group, role = quote(item.group_id, safe=""), quote(item.role_id, safe="")
    return f"{project_path(project_id)}/groups/{group}/roles/{role}"
