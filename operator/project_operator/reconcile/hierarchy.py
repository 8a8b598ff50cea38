"""Parents and children: a child waits for its parent to be there, a parent's end for the end of its children."""

from project_operator.api.conditions import Reason
from project_operator.reconcile.view import Verdict, View

SHOWN = 5


def parent_id(view: View) -> str | Verdict | None:
    """The id of the parent in the backend; None where the spec names none, or a parent that is gone by now; or why it
    is not known yet.

    A Project that has an id does not wait any more: nobody moves projects, so its parent matters no further.
    """
    spec = view.project.spec
    if spec.parent_ref is None:
        return spec.parent_id
    name = spec.parent_ref.name
    if (path := _cycle(view)) is not None:
        return Verdict(Reason.INVALID_SPEC, f"`spec.parentRef`: the parents go round in a circle: {path}")
    if not view.lineage:
        return None if view.record.id else _wait(f"there is no Project '{name}' in this namespace")
    parent = view.lineage[0]
    if not parent.same_backend:
        return Verdict(
            Reason.INVALID_SPEC,
            f"`spec.parentRef`: Project '{name}' uses another backend; a parent is in the same one",
        )
    if view.record.id:
        return parent.project_id or None
    if parent.deleting:
        return _wait(f"Project '{name}' is being deleted")
    if not parent.ready or not parent.project_id:
        return _wait(f"Project '{name}' is not Ready")
    return parent.project_id


def held_by_children(view: View) -> Verdict | None:
    """Why the deletion waits for other Projects; None where it need not."""
    if not view.children:
        return None
    more = f" and {len(view.children) - SHOWN} more" if len(view.children) > SHOWN else ""
    return Verdict(
        Reason.DEPENDENCY_NOT_READY,
        f"the deletion waits for the projects below or in this one: delete Project {', '.join(view.children[:SHOWN])}"
        f"{more}",
    )


def _wait(what: str) -> Verdict:
    return Verdict(Reason.DEPENDENCY_NOT_READY, f"`spec.parentRef`: {what}; waiting for it")


def _cycle(view: View) -> str | None:
    """The way round, where following the parents leads back to this Project."""
    own = view.project.metadata.name
    names = [relative.name for relative in view.lineage]
    return " -> ".join((own, *names[: names.index(own) + 1])) if own in names else None
