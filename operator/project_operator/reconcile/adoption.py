"""Import: take over an existing project, by id or by name. Looks first, writes only when it knows what."""

from project_operator.api.conditions import Reason
from project_operator.api.v1alpha1.project import ImportByName, ProjectImport
from project_operator.backends.base import RemoteProject
from project_operator.reconcile import carriers, claims, creation, fixed, hierarchy, naming, rest
from project_operator.reconcile.actions import Action, AddFinalizer, Poll, Read
from project_operator.reconcile.content import wanted
from project_operator.reconcile.evidence import NEVER
from project_operator.reconcile.outcome import held, working
from project_operator.reconcile.policies import backend_annotation, plans, reads_only, tenant_may_import_it
from project_operator.reconcile.tenancy import is_domain
from project_operator.reconcile.view import BackendView, Verdict, View


def decide(view: View, backend: BackendView, wish: ProjectImport) -> Action:
    """What to do for a Project without an id that names an existing project."""
    if view.memory.answer is not None:
        return creation.decide(view, backend)
    if (waiting := rest.on_failure(view)) is not None:
        return waiting
    return _by_id(view, backend, wish.id) if wish.id is not None else _by_name(view, backend, wish)


def _by_id(view: View, backend: BackendView, project_id: str) -> Action:
    asked = view.memory.reconcile_asked
    after = asked[1] if asked is not None else NEVER
    seen = view.memory.reads.get(project_id)
    if seen is None or seen.begun_at <= after or seen.begun_at <= view.now - view.cadence.slow:
        return Read(project_id)
    if seen.project is None:
        return _wait(
            view,
            Verdict(
                Reason.IMPORT_NOT_FOUND,
                f"`spec.import.id`: the organization has no project {project_id}, or the credential may not see it",
            ),
        )
    return _take(view, backend, seen.project)


def _by_name(view: View, backend: BackendView, wish: ProjectImport) -> Action:
    """Only a listing begun after this Project was first seen counts: "there is none" must not be older than the
    question.
    """
    listing = backend.listing
    asked = view.memory.reconcile_asked
    since = max(view.memory.record_since, asked[1] if asked is not None else NEVER)
    if listing is None or listing.begun_at <= since:
        return rest.unchanged(poll=Poll("", since, 0.0))
    if view.record.finalizer and creation.carrying_our_mark(view, backend):
        return creation.recover(view, backend)
    name = view.project.remote_name
    called = listing.called(name, ignores_case=backend.abilities.ignores_case)
    candidates = [
        project
        for project in called
        if not project.deleting
        and not carriers.never_adopted(view, project)
        and (claims.is_free(view, project) or claims.is_ours(view, project))
    ]
    if len(candidates) > 1:
        ids = ", ".join(project.id for project in candidates[:5])
        return _wait(
            view,
            Verdict(
                Reason.IMPORT_AMBIGUOUS,
                f"`spec.import.byName`: {len(candidates)} projects are called '{name}' ({ids}); import one by `id`",
            ),
        )
    if candidates:
        return creation.look_first(view, backend, candidates[0]) or _take(view, backend, candidates[0])
    if wish.by_name is ImportByName.IF_PRESENT and (plans(view) or not reads_only(view)):
        return creation.decide(view, backend)
    taken = [project for project in called if not project.deleting]
    if taken:
        return _wait(view, claims.another_s(view, taken[0]))
    return _wait(
        view,
        Verdict(
            Reason.IMPORT_NOT_FOUND, f"`spec.import.byName`: no project that the credential may see is called '{name}'"
        ),
    )


def _take(view: View, backend: BackendView, project: RemoteProject) -> Action:
    if project.deleting:
        return _wait(view, Verdict(Reason.IMPORT_NOT_FOUND, f"project {project.id} is being deleted"))
    if (forbidden := tenant_may_import_it(view, backend, project)) is not None:
        return _wait(view, forbidden)
    keystone = view.project.spec.keystone
    if is_domain(project) and not (keystone is not None and keystone.is_domain):
        return _wait(
            view,
            Verdict(
                Reason.CONFLICT,
                f"project {project.id} is a domain, with everything in it; it is taken over only where "
                "`spec.keystone.isDomain` is true",
            ),
        )
    if not (claims.is_free(view, project) or claims.is_ours(view, project)):
        return _wait(view, claims.another_s(view, project))
    if view.rivals:
        return _wait(
            view,
            Verdict(
                Reason.CONFLICT,
                f"project {project.id} is already named by Project {', '.join(view.rivals)}; nothing is written",
            ),
        )
    parent_id = hierarchy.parent_id(view)
    if isinstance(parent_id, Verdict):
        return rest.on_verdict(view, parent_id)
    never = fixed.misfit(view, backend, project, wanted(view.project, parent_id=parent_id))
    if never is not None and (plans(view) or not reads_only(view)):
        return _wait(view, never)
    if not view.record.finalizer and not reads_only(view):
        return AddFinalizer(backend_annotation(backend), grants_right=False)
    outcome = working(f"project {project.id} ('{project.content.name}') was found; taking it over")
    return naming.name(view, backend, project, outcome, origin=naming.IMPORTED, want=None)


def _wait(view: View, verdict: Verdict) -> Action:
    return rest.reporting(view, held(verdict.reason, verdict.message), wake_in=view.cadence.slow * 1.1)
