"""The one question: what to do next about this Project."""

from project_operator.reconcile import adoption, creation, removal, rest, suspension, upkeep
from project_operator.reconcile.actions import Action
from project_operator.reconcile.policies import BEFORE_ACTING, first_verdict, plans, reads_only, tenant_may_ask_for_it
from project_operator.reconcile.view import BackendView, View


def decide(view: View) -> Action:
    """The next action; ``Rest`` when there is none. Same view, same action."""
    project = view.project
    if project.metadata.deleting:
        return removal.decide(view)
    if project.spec.suspend:
        return suspension.decide(view)
    verdict = first_verdict(view, BEFORE_ACTING)
    if verdict is not None:
        return rest.on_first_verdict(view, verdict)
    backend = view.backend
    if not isinstance(backend, BackendView):
        raise AssertionError("a backend that is not there is a verdict")  # noqa: TRY004 - not a wrong argument, a defect
    refused = tenant_may_ask_for_it(view)
    if view.record.id:
        return upkeep.decide(view, backend) if refused is None else upkeep.mirror(view, backend, refused)
    if refused is not None and view.memory.answer is None:
        return rest.on_verdict(view, refused)
    if project.spec.import_ is not None:
        return adoption.decide(view, backend, project.spec.import_)
    if reads_only(view) and not plans(view):
        return rest.unchanged()
    return creation.decide(view, backend)
