"""What the status of a backend object says: pure, from what is known of it."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from project_operator.api.conditions import ConditionStatus, ConditionType, Reason
from project_operator.api.events import EventReason, event_reason
from project_operator.api.v1alpha1.backend_parts import Capabilities as AllowedVerbs
from project_operator.api.v1alpha1.identitybackend import (
    CapabilitiesStatus,
    ConsistencyStatus,
    IdentityBackendStatus,
    LastError,
    RateLimitStatus,
    SecretRefStatus,
)
from project_operator.api.v1alpha1.types import Condition
from project_operator.backends.vendor import Capabilities
from project_operator.reconcile.actions import Notice
from project_operator.reconcile.outcome import Outcome, Standing, done, held
from project_operator.reconcile.summary import conditions
from project_operator.runtime.breaker import State
from project_operator.runtime.connecting import Entry

WARNINGS: Final = (timedelta(days=14), timedelta(days=3), timedelta(days=1))
"""How long before a credential expires that nothing replaces people are warned."""

_BREAKER: Final = {True: "Closed", False: "Open", None: None}
_NO_PROBLEM: Final = frozenset({Reason.SUCCEEDED, Reason.PROGRESSING, Reason.IN_USE})


def outcome_of(entry: Entry, *, deleting: bool, users: int | None) -> Outcome:
    """How things stand with a backend object that ``users`` Projects need; None: that is not known yet."""
    verdict = entry.connection.not_ready if entry.connection is not None else entry.verdict
    if verdict is not None:
        return held(verdict.reason, verdict.message)
    if entry.connection is None:
        return held(Reason.PROGRESSING, "connecting")
    if deleting:
        if users is None:
            return held(Reason.IN_USE, "whether Projects use this object is known once all of them have been seen")
        return held(Reason.IN_USE, f"{users} Projects still use this object; it goes when they are gone")
    facts = entry.connection.facts
    return done(f"connected to organization {facts.organization_name or facts.organization_id}")


def status_of(
    before: IdentityBackendStatus,
    entry: Entry,
    outcome: Outcome,
    *,
    generation: int,
    users: int | None,
    secret_names: Sequence[str],
    now: datetime,
) -> IdentityBackendStatus:
    """The status that says ``outcome``; what is not known now stays as it was.

    ``secret_names``: the Secrets in use, that of the token before that of the certificate; none where none is.
    """
    changes: dict[str, Any] = {
        "observed_generation": generation,
        "conditions": (
            *conditions(outcome, before.conditions, generation=generation, now=now),
            *_reachable(entry, before, generation=generation, now=now),
        ),
        "breaker": _BREAKER[answers(entry)],
        "projects": users if users is not None else before.projects,
    }
    if (connection := entry.connection) is not None and entry.spec is not None:
        facts, spec = connection.facts, entry.spec
        changes |= {
            "organization_id": facts.organization_id,
            "organization_name": facts.organization_name or None,
            "endpoint_id": connection.endpoint_id,
            "principal": facts.principal or None,
            "server_version": facts.server_version or None,
            "credential_expires_at": entry.credential_expires_at,
            "capabilities": offered(connection.capabilities, spec.capabilities),
            "consistency": ConsistencyStatus(**dict(spec.consistency)),
            "rate_limit": RateLimitStatus(**asdict(connection.load)),
        }
    if secret_names:
        first, second = (*secret_names, None)[:2]
        changes["secret_ref"] = SecretRefStatus(name=first)
        changes["certificate_secret_ref"] = SecretRefStatus(name=second) if second is not None else None
    problem = outcome.message if outcome.reason not in _NO_PROBLEM else None
    if problem is None and entry.connection is not None:
        problem = entry.connection.asked_to_wait or None
    if problem is not None and (before.last_error is None or before.last_error.message != problem):
        changes["last_error"] = LastError(message=problem, time=now)
    return IdentityBackendStatus(**(dict(before) | changes))


def answers(entry: Entry) -> bool | None:
    """Whether the backend gives usable answers; None where nobody has asked, or could not for reasons of our own."""
    if entry.connection is not None:
        return entry.connection.circuit.state is State.CLOSED
    return False if entry.verdict is not None and entry.verdict.reason is Reason.BACKEND_UNAVAILABLE else None


def _reachable(entry: Entry, before: IdentityBackendStatus, *, generation: int, now: datetime) -> Iterator[Condition]:
    """The condition that shows the breaker."""
    there = answers(entry)
    if there is None:
        return
    verdict = entry.connection.not_ready if entry.connection is not None else entry.verdict
    status = ConditionStatus.TRUE if there else ConditionStatus.FALSE
    old = before.condition(ConditionType.REACHABLE)
    yield Condition(
        type=ConditionType.REACHABLE,
        status=status,
        reason=Reason.ANSWERING if there else Reason.BACKEND_UNAVAILABLE,
        message="the backend answers" if there or verdict is None else verdict.message,
        observed_generation=generation,
        last_transition_time=old.last_transition_time if old is not None and old.status == status else now,
    )


def offered(can: Capabilities, may: AllowedVerbs) -> CapabilitiesStatus:
    """What a backend object offers: what a backend of its type, as it is configured, ``can`` do and the operator
    ``may`` do there.
    """
    return CapabilitiesStatus(
        create=can.create and may.create,
        update=can.update and may.update,
        delete=can.delete and may.delete,
        disable=can.disable and can.update and may.update,
        group_roles=can.roles,
        repeats_creation=can.repeats_creation,
        fixed_fields=tuple(sorted(can.fixed)),
    )


def notice(before: IdentityBackendStatus, outcome: Outcome) -> Notice | None:
    """The Event for a change of readiness; none for a beginning that goes well."""
    ready = before.condition(ConditionType.READY)
    worth = event_reason(outcome.reason)
    if worth is None or (ready is not None and ready.reason == outcome.reason):
        return None
    if ready is None and outcome.standing is Standing.DONE:
        return None
    return Notice(reason=worth, action="Connect", note=outcome.message)


def hindrance_notice(entry: Entry) -> Notice | None:
    """The Event that tells why a credential is not replaced although it is to be: one for each reason, as ``entry``
    notes.
    """
    if entry.connection is None:
        return None
    former, entry.hindrance = entry.hindrance, entry.connection.facts.not_renewed
    if entry.hindrance in {"", former}:
        return None
    return Notice(reason=EventReason.CREDENTIAL_NOT_REPLACED, action="ReplaceCredential", note=entry.hindrance)


def expiry_notice(entry: Entry, now: datetime) -> Notice | None:
    """The Event that warns of a credential which nothing replaces: one for each of `WARNINGS`, as ``entry`` notes."""
    expires_at = entry.credential_expires_at
    if entry.connection is None or expires_at is None or entry.connection.facts.credential_renews:
        return None
    stage = sum(expires_at - now <= ahead for ahead in WARNINGS)
    warned_of, warnings = entry.warned or (None, 0)
    if stage <= (warnings if warned_of == expires_at else 0):
        return None
    entry.warned = (expires_at, stage)
    when = expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    note = f"the credential expires {when}, and nothing replaces it; put a new one into the Secret"
    return Notice(reason=EventReason.CREDENTIAL_EXPIRES, action="Connect", note=note)
