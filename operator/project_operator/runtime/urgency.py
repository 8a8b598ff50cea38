"""Whom somebody waits for: pure, from objects as the API server has them."""

from collections.abc import Mapping
from typing import Any

from project_operator.api import names
from project_operator.runtime import standing
from project_operator.runtime.queue import Class
from project_operator.runtime.stored import part, text


def class_of(raw: Mapping[str, Any]) -> Class:
    """Somebody waits for a deletion, and for what is unanswered."""
    return Class.CHANGED if "deletionTimestamp" in raw["metadata"] or is_unanswered(raw) else Class.ROUTINE


def class_after_read(raw: Mapping[str, Any] | None) -> Class:
    """Somebody waits to see it done. There are no more of these than are read one by one."""
    return Class.CHANGED if is_unanswered(raw) or standing.outcome(raw) == "working" else Class.ROUTINE


def somebody_waits(raw: Mapping[str, Any] | None) -> bool:
    """For an answer in status; or, though status says why there is none yet, for the project itself."""
    if raw is None:
        return False
    to_be_made = not text(raw, "status", "id") and standing.outcome(raw) != "stalled"
    return to_be_made or is_unanswered(raw)


def is_unanswered(raw: Mapping[str, Any] | None) -> bool:
    """Whether there is a new generation, or a request to look again, that status does not speak of."""
    if raw is None:
        return False
    metadata, status = raw["metadata"], part(raw, "status")
    asked = (metadata.get("annotations") or {}).get(names.RECONCILE_ANNOTATION)
    return status.get("observedGeneration") != metadata.get("generation") or (
        asked is not None and asked != status.get("lastHandledReconcileAt")
    )
