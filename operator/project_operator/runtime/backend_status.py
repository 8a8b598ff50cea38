"""What the status of a backend object says: pure, from what is known of it."""

from datetime import datetime
from typing import Any, Final

from project_operator.api.conditions import ConditionType, Reason
from project_operator.api.v1alpha1.identitybackend import (
    CapabilitiesStatus,
    ConsistencyStatus,
    IdentityBackendStatus,
    LastError,
    SecretRefStatus,
)
from project_operator.reconcile.actions import Notice
from project_operator.reconcile.outcome import Outcome, Standing, done, held
from project_operator.reconcile.summary import conditions
from project_operator.runtime.connecting import Entry

_NO_PROBLEM: Final = frozenset({Reason.SUCCEEDED, Reason.PROGRESSING, Reason.IN_USE})


def outcome_of(entry: Entry, *, deleting: bool, users: int) -> Outcome:
    """How things stand with a backend object that ``users`` Projects need."""
    verdict = entry.connection.not_ready if entry.connection is not None else entry.verdict
    if verdict is not None:
        return held(verdict.reason, verdict.message)
    if entry.connection is None:
        return held(Reason.PROGRESSING, "connecting")
    if deleting:
        return held(Reason.IN_USE, f"{users} Projects still use this object; it goes when they are gone")
    facts = entry.connection.facts
    return done(f"connected to organization {facts.organization_name or facts.organization_id}")


def status_of(
    before: IdentityBackendStatus,
    entry: Entry,
    outcome: Outcome,
    *,
    generation: int,
    users: int,
    secret_name: str | None,
    now: datetime,
) -> IdentityBackendStatus:
    """The status that says ``outcome``; what is not known now stays as it was.

    ``secret_name``: the Secret in use; None where none is.
    """
    changes: dict[str, Any] = {
        "observed_generation": generation,
        "conditions": conditions(outcome, before.conditions, generation=generation, now=now),
        "projects": users,
    }
    if (connection := entry.connection) is not None and entry.spec is not None:
        facts, spec = connection.facts, entry.spec
        changes |= {
            "organization_id": facts.organization_id,
            "organization_name": facts.organization_name or None,
            "endpoint_id": connection.endpoint_id,
            "principal": facts.principal or None,
            "server_version": facts.server_version or None,
            "capabilities": CapabilitiesStatus(**dict(spec.capabilities)),
            "consistency": ConsistencyStatus(**dict(spec.consistency)),
        }
    if secret_name is not None:
        changes["secret_ref"] = SecretRefStatus(name=secret_name)
    problem = outcome.message if outcome.reason not in _NO_PROBLEM else None
    if problem is not None and (before.last_error is None or before.last_error.message != problem):
        changes["last_error"] = LastError(message=problem, time=now)
    return IdentityBackendStatus(**(dict(before) | changes))


def notice(before: IdentityBackendStatus, outcome: Outcome) -> Notice | None:
    """The Event for a change of readiness; none for a beginning that goes well."""
    ready = before.condition(ConditionType.READY)
    if outcome.reason in {Reason.PROGRESSING, Reason.IN_USE} or (ready is not None and ready.reason == outcome.reason):
        return None
    if ready is None and outcome.standing is Standing.DONE:
        return None
    return Notice(
        warning=outcome.standing is not Standing.DONE, reason=outcome.reason, action="Connect", note=outcome.message
    )
