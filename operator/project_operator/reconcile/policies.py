"""The checks that stand before any call, in order: the first that fails is what the user is told. Each is pure and
reads like its rule.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from project_operator.api.conditions import Reason
from project_operator.api.names import BACKEND_ANNOTATION
from project_operator.api.v1alpha1.project import ManagementPolicy
from project_operator.backends.base import RemoteProject
from project_operator.reconcile import tenancy
from project_operator.reconcile.naming import IMPORTED
from project_operator.reconcile.tenancy import Tenancy
from project_operator.reconcile.view import BackendView, Verdict, View

Check = Callable[[View], Verdict | None]


def spec_is_understood(view: View) -> Verdict | None:
    """A spec that does not parse is not guessed at."""
    return Verdict(Reason.INVALID_SPEC, view.invalid) if view.invalid else None


def namespace_is_selected(view: View) -> Verdict | None:
    """A namespace that is not selected hears that, and nothing of how things stand with the backend object. What it has
    in a backend that can be read is shown (`upkeep.mirror`), and what was made just now gets its name.
    """
    rules = view.tenancy
    if rules is None or rules.selected or view.memory.answer is not None:
        return None
    if rules.selected is False and view.record.id and _is_usable(view):
        return None
    if rules.selected is None:
        return Verdict(
            Reason.BACKEND_NOT_READY,
            f"the labels of namespace '{rules.namespace}', by which {rules.backend} selects, have not been read yet",
        )
    return _not_permitted(rules, tenancy.selection_objection(rules))


def namespace_may_still_remove(view: View) -> Verdict | None:
    """Deletion is always allowed; where the backend object cannot be used, a namespace that is no longer selected does
    not hear why.
    """
    rules = view.tenancy
    if rules is None or rules.selected is not False or _is_usable(view):
        return None
    found = tenancy.selection_objection(rules)
    return _not_permitted(rules, replace(found, rule=f"{found.rule} any more, and it is not Ready"))


def backend_is_there(view: View) -> Verdict | None:
    """The backend object exists and is usable at all."""
    return view.backend if isinstance(view.backend, Verdict) else None


def backend_is_connected(view: View) -> Verdict | None:
    """Nothing is asked of a backend that is not Ready."""
    if not isinstance(view.backend, BackendView) or view.backend.not_ready is None:
        return None
    cause = view.backend.not_ready
    return Verdict(
        Reason.BACKEND_NOT_READY,
        f"{view.backend.kind} '{view.backend.name}' is not Ready ({cause.reason}): {cause.message}",
    )


def backend_is_the_same(view: View) -> Verdict | None:
    """A project is only ever looked for where it was made (status, or the record of intent before there is one)."""
    backend = view.backend
    if not isinstance(backend, BackendView):
        return None
    made_with = _made_with(view)
    if made_with is None or made_with == (backend.uid, backend.endpoint_id):
        return None
    return Verdict(
        Reason.BACKEND_CHANGED,
        f"this project was made with another backend than {backend.kind} '{backend.name}' is now "
        f"(uid {made_with[0] or 'unknown'}, endpoint {made_with[1] or 'unknown'}); no call is made. Restore that "
        "backend object, or create a new Project with `spec.import.id`",
    )


def backend_can_hold_it(view: View) -> Verdict | None:
    """A field that the backend cannot hold is never ignored."""
    if not isinstance(view.backend, BackendView):
        return None
    fields = view.backend.unsupported(view.project)
    if not fields:
        return None
    return Verdict(Reason.UNSUPPORTED, "; ".join(f"`{one.path}`: {one.reason}" for one in fields))


def tenant_may_ask_for_it(view: View) -> Verdict | None:
    """What the owner of the backend object does not allow the namespace is never asked of the backend."""
    backend = view.backend
    if not isinstance(backend, BackendView) or view.tenancy is None:
        return None
    found = tenancy.objection(
        view.tenancy,
        view.project,
        deletion_policy=view.project.spec.deletion_policy or backend.default_deletion_policy,
        own_domain=backend.organization_id,
        roles=backend.roles.roles if backend.roles is not None else None,
        roles_are_fresh=backend.roles is not None and backend.roles.begun_at >= view.now - view.cadence.slow,
    )
    return _not_permitted(view.tenancy, found)


def tenant_may_remove_it_so(view: View, deletion_policy: str | None) -> Verdict | None:
    """Deletion is always allowed, as far as it leaves behind what the owner of the backend object lets be left."""
    if view.tenancy is None or deletion_policy is None:
        return None
    return _not_permitted(view.tenancy, tenancy.deletion_objection(view.tenancy, deletion_policy))


def tenant_may_import_it(view: View, backend: BackendView, project: RemoteProject) -> Verdict | None:
    """What the spec may not ask for may not be had by import either."""
    if view.tenancy is None:
        return None
    parent = view.lineage[0] if view.project.spec.parent_ref is not None and view.lineage else None
    found = tenancy.import_objection(
        view.tenancy,
        project,
        own_domain=backend.organization_id,
        own_parent=parent.project_id if parent is not None and parent.same_backend else "",
    )
    return _not_permitted(view.tenancy, found)


def tenant_may_keep_it(view: View, backend: BackendView, project: RemoteProject) -> Verdict | None:
    """What was imported is judged for as long as it is managed, whether the spec still says so or not."""
    return tenant_may_import_it(view, backend, project) if view.project.status.origin == IMPORTED else None


def _not_permitted(rules: Tenancy, found: tenancy.Objection | None) -> Verdict | None:
    return None if found is None else Verdict(Reason.NOT_PERMITTED, tenancy.not_permitted(rules, found))


def _is_usable(view: View) -> bool:
    return isinstance(view.backend, BackendView) and view.backend.not_ready is None


BEFORE_ACTING: Final[tuple[Check, ...]] = (
    spec_is_understood,
    namespace_is_selected,
    backend_is_there,
    backend_can_hold_it,
    backend_is_connected,
    backend_is_the_same,
)
BEFORE_REMOVING: Final[tuple[Check, ...]] = (
    namespace_may_still_remove,
    backend_is_there,
    backend_is_connected,
    backend_is_the_same,
)


def first_verdict(view: View, checks: tuple[Check, ...]) -> Verdict | None:
    """The verdict of the first check that fails."""
    return next((verdict for check in checks if (verdict := check(view)) is not None), None)


def reads_only(view: View) -> bool:
    """Whether this Project never writes to the backend."""
    return view.project.spec.management_policy in {ManagementPolicy.OBSERVE, ManagementPolicy.PLAN}


def plans(view: View) -> bool:
    """Whether it shows what it would write."""
    return view.project.spec.management_policy is ManagementPolicy.PLAN


def backend_annotation(backend: BackendView) -> str:
    """What the record of intent says about its backend, until status does."""
    return json.dumps(
        {"kind": backend.kind, "name": backend.name, "uid": backend.uid, "endpointID": backend.endpoint_id},
        separators=(",", ":"),
    )


def _made_with(view: View) -> tuple[str, str] | None:
    status = view.project.status
    if status.backend_ref is not None:
        return status.backend_ref.uid, status.endpoint_id or ""
    if not view.record.finalizer:
        return None
    try:
        written = json.loads(view.project.metadata.annotations.get(BACKEND_ANNOTATION, ""))
        return str(written["uid"]), str(written["endpointID"])
    except (ValueError, KeyError, TypeError):
        return "", ""
