"""Whose mark is it, seen from a Project that looks at it? An earlier object's of its name, another cluster's, or a
stranger's (protocol section 5: what a restore from a backup may take up).
"""

from enum import StrEnum

from project_operator.api.marks import Mark, cluster_name
from project_operator.backends.base import RemoteProject
from project_operator.reconcile.view import View


class Kin(StrEnum):
    """How the owner that a mark names is related to the Project that looks at it."""

    PREDECESSOR = "an earlier Project of this name"
    """Of the same cluster, namespace and name; this object proves it to be gone."""
    OF_FORMER_NAMESPACE = "a Project of this name in an earlier namespace of that name"
    """Gone likewise, with a namespace that somebody else may have had."""
    OF_OTHER_CLUSTER = "a Project of this namespace and name in another cluster"
    """Not known to be gone."""
    STRANGER = "another Project"


def kin_of(view: View, project: RemoteProject) -> Kin:
    """Who ``project``, which does not carry exactly our mark, is marked for."""
    mark, own = Mark.parse(project.content.mark), Mark.parse(view.mark)
    if mark is None or own is None or mark.name != own.name or mark.uid == own.uid:
        return Kin.STRANGER
    if mark.cluster != own.cluster:
        return Kin.STRANGER if mark.cluster in view.cluster.neighbours else Kin.OF_OTHER_CLUSTER
    return Kin.PREDECESSOR if mark.namespace == own.namespace else Kin.OF_FORMER_NAMESPACE


def is_inherited(view: View, project: RemoteProject) -> bool:
    """Whether it was made for an earlier object of this very name, which this object proves to be gone; where a restore
    is under way, of whatever namespace of that name.
    """
    kin = kin_of(view, project)
    return kin is Kin.PREDECESSOR or (kin is Kin.OF_FORMER_NAMESPACE and view.cluster.restores)


def after_a_restore(view: View, project: RemoteProject) -> str:
    """What is to be set where ``project`` is this object's from before a restore from a backup; "" where it cannot be.

    Ends without a full stop.
    """
    restore = "PROJECT_OPERATOR_RESTORE=true"
    match kin_of(view, project):
        case Kin.PREDECESSOR:
            return f"if this object was restored from a backup, start the operator with {restore} instead"
        case Kin.OF_FORMER_NAMESPACE if not view.cluster.restores:
            return f"if this namespace was restored from a backup, start the operator with {restore}"
        case Kin.OF_OTHER_CLUSTER:
            cluster = cluster_name(project.content.mark)
            return (
                "if this cluster was restored from a backup of that one, which is gone, start the operator with "
                f"PROJECT_OPERATOR_CLUSTER_ID set to its cluster id (or to {cluster}) and {restore}; if that cluster "
                f"lives on, with PROJECT_OPERATOR_OTHER_CLUSTERS={cluster}"
            )
        case _:
            return ""
