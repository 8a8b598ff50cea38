"""Projects whose owner is gone: our cluster's mark, but no object with that uid (R11). Found and reported always."""

from collections.abc import Set as AbstractSet

from project_operator.api.marks import Mark
from project_operator.backends.base import RemoteProject
from project_operator.reconcile.evidence import Listing


def leftovers(listing: Listing, *, cluster: str, living: AbstractSet[str]) -> tuple[RemoteProject, ...]:
    """What ``listing`` shows with a mark of this ``cluster`` (16 hex digits) of which no ``living`` object has the uid,
    oldest first.
    """
    found = [
        project
        for token, projects in listing.by_mark.items()
        if (mark := Mark.parse(token)) is not None and mark.cluster == cluster and mark.uid not in living
        for project in projects
        if not project.deleting
    ]
    return tuple(sorted(found, key=lambda project: project.id))
