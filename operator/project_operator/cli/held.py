"""What carries the operator's finalizer, and what came of taking it off. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Final

from project_operator.api.names import FINALIZER
from project_operator.cli.stored import Raw, Stored
from project_operator.kube.resources import PROJECTS, SECRETS, Resource
from project_operator.runtime.stored import text

RUNS: Final = (
    "an operator is running; end it, then release again: helm uninstall, or kubectl scale deployment --replicas=0"
)
NEW: Final = "it carries the finalizer only since this began; end the operator, if one runs, then release again"


@dataclass(frozen=True, slots=True)
class Held(Stored):
    """An object that carries our finalizer."""

    @property
    def goes(self) -> bool:
        """Whether it goes at once: its deletion waits for us alone."""
        metadata = self.raw["metadata"]
        return "deletionTimestamp" in metadata and list(metadata["finalizers"]) == [FINALIZER]

    @property
    def note(self) -> str:
        """What people should know of a Project that is let go."""
        if self.resource != PROJECTS:
            return ""
        if not text(self.raw, "status", "id"):
            return "it names no project yet: whether one was made for it, `project-operator orphans` tells"
        return "its deletion goes on, and its project stays" if self.goes else ""


@dataclass(frozen=True, slots=True)
class Released:
    """What came of one."""

    held: Held
    outcome: str
    """``released``, ``would be released``, ``gone`` or ``failed``."""
    note: str = ""


def held(objects: Iterable[tuple[Resource, Raw]]) -> tuple[Held, ...]:
    """Those of ``objects`` that carry our finalizer: Projects before backend objects before Secrets, so that nothing
    goes that another still needs.
    """
    found = [Held(kind, raw) for kind, raw in objects if FINALIZER in (raw["metadata"].get("finalizers") or ())]
    order = {PROJECTS: 0, SECRETS: 2}
    return tuple(sorted(found, key=lambda one: (order.get(one.resource, 1), one.name)))


def changes(one: Held) -> dict[str, Any]:
    """The patch that lets it go: our finalizer off, everything else as it is."""
    return {"metadata": {"finalizers": [name for name in one.raw["metadata"]["finalizers"] if name != FINALIZER]}}


def put_on_again(done: Iterable[Released], carrying: Iterable[Held]) -> tuple[Released, ...]:
    """``done`` in the light of what carries our finalizer after the last patch. Nobody but an operator puts it on: what
    was released and carries it again is not released, and neither is what was made or taken up meanwhile.
    """
    later = {one.uid: one for one in carrying}
    told = [
        replace(one, outcome="failed", note=f"its finalizer was put on again: {RUNS}")
        if one.outcome == "released" and one.held.uid in later
        else one
        for one in done
    ]
    known = {one.held.uid for one in told}
    new = [one for uid, one in later.items() if uid not in known]
    return (*told, *(Released(one, "failed", NEW) for one in new))
