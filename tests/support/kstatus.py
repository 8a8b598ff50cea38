"""How others judge an object of ours by its status: kstatus (Flux, Helm 4), and `kubectl wait --for=condition=Ready`.

Ports of what those programs do with kinds that they do not know; `tests/gitops/test_kstatus.py` holds the first against
the library itself.
"""

from collections.abc import Mapping
from typing import Any


def kstatus(obj: Mapping[str, Any]) -> str:
    """sigs.k8s.io/cli-utils 0.37.2, `status.Compute`: its generic checks, then those of the condition Ready."""
    metadata, status = obj["metadata"], obj.get("status") or {}
    if metadata.get("deletionTimestamp"):
        return "Terminating"
    observed = status.get("observedGeneration")
    if observed is not None and observed != metadata.get("generation"):
        return "InProgress"
    conditions = status.get("conditions") or []
    for condition in conditions:
        if condition["status"] == "True" and condition["type"] in ("Reconciling", "Stalled"):
            return "InProgress" if condition["type"] == "Reconciling" else "Failed"
    for condition in conditions:
        if condition["type"] == "Ready":
            return "Current" if condition["status"] == "True" else "InProgress"
    return "Current"


def wait_returns(obj: Mapping[str, Any]) -> bool:
    """kubectl 1.36, `wait --for=condition=Ready`: a condition that says of which generation it is must be of this one;
    the status as a whole is asked only where the condition does not say.
    """
    status = obj.get("status") or {}
    for condition in status.get("conditions") or []:
        if condition["type"] == "Ready":
            observed = condition.get("observedGeneration", status.get("observedGeneration"))
            old = observed is not None and observed < obj["metadata"]["generation"]
            return not old and condition["status"] == "True"
    return False
