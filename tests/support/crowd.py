"""Many Projects in one namespace with an identity server of their own, and the account of what it holds for them."""

import itertools
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from crowd_identity import VENDORS, CrowdIdentity, Held
from objects import Object, Objects
from operator_process import OURS, QUICK, OperatorProcess, Program
from scenario import BACKEND, SECRET, condition, manifest
from waiting import wait_until

from project_operator.api import names
from project_operator.kube.resources import PROJECTS
from project_operator.sandbox.controlplane.plane import ControlPlane
from project_operator.sandbox.identity.request_log import RequestRecord

SETTLED_WITHIN: Final = 200.0
"""Seconds in which hundreds of Projects become Ready, also on a machine that has other things to do."""

OUTCOME_UNKNOWN: Final = "OutcomeUnknown"
WORD: Final = re.compile(r"to '([^']+)' to have")
"""Where a message names the word that has the creation sent again."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the operator is told about the identity server, in seconds; the server keeps it."""

    send_validity: float = 2.0
    in_flight: float = 8.0
    read_lag: float = 0.3
    timeout: float = 5.0


@dataclass(frozen=True, slots=True)
class Account:
    """What is wrong with the identity server's own list of living projects, by the uid in each mark."""

    doubled: tuple[str, ...] = ()
    """Projects of Kubernetes with more than one."""
    lost: tuple[str, ...] = ()
    """With none."""
    ownerless: tuple[str, ...] = ()
    """Ids of projects that no Project of Kubernetes accounts for."""
    misnamed: tuple[str, ...] = ()
    """Projects of Kubernetes whose status names another project than the one with their mark."""


def account(objects: Iterable[Mapping[str, Any]], projects: Iterable[Held]) -> Account:
    """Compare Projects as the API server holds them with projects as the identity server truly holds them."""
    named = {one["metadata"]["uid"]: (one.get("status") or {}).get("id") for one in objects}
    held: dict[str, list[str]] = {uid: [] for uid in named}
    ownerless: list[str] = []
    for project in projects:
        held.get(project.uid, ownerless).append(project.id)
    return Account(
        doubled=tuple(uid for uid, ids in held.items() if len(ids) > 1),
        lost=tuple(uid for uid, ids in held.items() if not ids),
        ownerless=tuple(ownerless),
        misnamed=tuple(uid for uid, ids in held.items() if ids and named[uid] not in ids),
    )


def hasty(creations: Iterable[RequestRecord], *, repeats: bool) -> tuple[str, ...]:
    """Names in the backend for which a creation was sent although an earlier one for the same name had taken effect, or
    still could for all that its sender may know: the server did not refuse it, and, where nothing ``repeats`` a
    creation by itself, that it came to nothing is no excuse.
    """
    found: dict[str, list[RequestRecord]] = {}
    for call in creations:
        found.setdefault(call.name, []).append(call)
    return tuple(
        name
        for name, calls in found.items()
        if any(
            not _came_to_nothing(earlier, later.begun, repeats=repeats)
            for number, later in enumerate(calls)
            for earlier in calls[:number]
        )
    )


def _came_to_nothing(call: RequestRecord, before: float, *, repeats: bool) -> bool:
    refused = isinstance(call.status, int) and 400 <= call.status < 500
    ended = call.ended is not None and call.ended <= before
    return ended and not call.committed and (repeats or refused)


@dataclass
class Crowd:
    """``count`` Projects, applied before any operator runs. A context manager; end the operators before it ends."""

    control_plane: ControlPlane
    namespace: str
    count: int
    folder: Path
    bounds: Bounds = Bounds()
    vendor: str = "nscale"
    """A key of `crowd_identity.VENDORS`."""
    identity: CrowdIdentity = field(init=False)
    objects: Objects = field(init=False)
    operators: list[OperatorProcess] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.identity = VENDORS[self.vendor]()
        self.identity.start()
        self.objects = Objects(self.control_plane.kubeconfig, self.namespace)
        self.objects.make_namespace()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            error.add_note(f"--- asked of the identity server: {self.identity.admin.counts()}")
            for operator in self.operators:
                error.add_note(f"--- an operator's last words\n{operator.last_lines(40)}")
        for operator in self.operators:
            if operator.running:
                operator.stop()
        self.objects.close()
        self.identity.stop()

    def apply_projects(self, prefix: str = "team") -> None:
        """`kubectl apply` of all Projects at once; of as many more with another ``prefix``."""
        width = len(str(self.count - 1))
        self._apply(*(manifest("Project", f"{prefix}-{number:0{width}}", {}) for number in range(self.count)))

    def apply_backend(self) -> None:
        """`kubectl apply` of the Secret and the IdentityBackend that all of them use."""
        labels = {names.CREDENTIALS_LABEL: "true"}
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": SECRET, "labels": labels},
            "stringData": dict(self.identity.secret()),
        }
        spec = {
            **self.identity.member(SECRET),
            "consistency": {
                "readLag": f"{self.bounds.read_lag * 1000:.0f}ms",
                "inFlightBound": f"{self.bounds.in_flight * 1000:.0f}ms",
            },
            "timeout": f"{self.bounds.timeout * 1000:.0f}ms",
            "interval": "3s",
            "rateLimit": {"requestsPerSecond": 1000, "burst": 1000, "maxInFlight": 64},
        }
        self._apply(secret, manifest("IdentityBackend", BACKEND, spec))

    def start_operator(
        self, program: Program = OURS, kubeconfig: Path | None = None, **settings: str
    ) -> OperatorProcess:
        """Start one for this namespace alone, with ``settings`` besides those that fit the bounds; as the
        administrator, unless ``kubeconfig`` says otherwise.
        """
        chosen = QUICK | {
            "NAMESPACES": self.namespace,
            "SEND_VALIDITY": str(self.bounds.send_validity),
            "POLL_FASTEST": "1",
            "POLL_SLOWEST": "2",
            "WORKERS": "24",
            **settings,
        }
        log = self.folder / f"{self.namespace}-operator-{len(self.operators)}.log"
        self.operators.append(OperatorProcess(kubeconfig or self.control_plane.kubeconfig, log, chosen, program))
        return self.operators[-1]

    def projects(self) -> list[Object]:
        """The Projects as the API server holds them."""
        return self.objects.list(PROJECTS)

    def wait_all_ready(self) -> None:
        """Return once every Project is Ready for its present generation."""

        def look() -> bool:
            reasons = Counter(_why_not_ready(one) for one in self.projects())
            last.clear()
            last.update(reasons)
            return reasons == {"": self.count}

        last: Counter[str] = Counter()
        try:
            self._wait_for_projects()
            wait_until(look, f"all Projects of {self.namespace} to be Ready", within=SETTLED_WITHIN, every=1.0)
        except AssertionError as error:
            error.add_note(f"reasons: {dict(last)}")
            raise

    def wait_all_settled(self) -> list[Object]:
        """Return once every Project is Ready, or waits for a person to say what became of its creation: the latter."""

        def look() -> bool:
            held.clear()
            for one in self.projects():
                if not _why_not_ready(one):
                    continue
                if condition(one, "Stalled").get("reason") != OUTCOME_UNKNOWN:
                    return False
                held.append(one)
            return True

        held: list[Object] = []
        if self.identity.repeats_creation:
            self._wait_for_projects()
        wait_until(look, f"all Projects of {self.namespace} to be settled", within=SETTLED_WITHIN, every=1.0)
        return held

    def give_word(self, held: Iterable[Object]) -> None:
        """What the message of a Project asks a person for who knows that nothing was created."""
        for one in held:
            (word,) = WORD.findall(condition(one, "Ready")["message"])
            changes = {"metadata": {"annotations": {names.REPEAT_CREATION_ANNOTATION: word}}}
            self.objects.patch(PROJECTS, one["metadata"]["name"], changes)

    def creations(self) -> list[RequestRecord]:
        """All that arrived, in the order of arrival."""
        return self.identity.admin.requests(operation="createProject")

    def wait_answered(self) -> None:
        """Return once no creation is under way in the identity server any more: nothing can still take effect."""
        wait_until(lambda: all(call.ended is not None for call in self.creations()), "the end of all creations")

    def wait_doubled(self, count: int, *, more: bool = False) -> None:
        """Return once the identity server holds two living projects or more for at least ``count`` Projects; ``more``:
        until then new ones are applied, for doubling takes a coincidence.
        """
        prefixes = map("more-{}".format, itertools.count())

        def look() -> bool:
            if len(self.account().doubled) >= count:
                return True
            if more:
                self.apply_projects(next(prefixes))
            return False

        wait_until(look, f"{count} Projects to have two projects each", within=SETTLED_WITHIN, every=0.5)

    def account(self) -> Account:
        """As things are now."""
        return account(self.projects(), self.identity.living())

    def _wait_for_projects(self) -> None:
        """The cheap question first: listing hundreds of objects every second is work for the API server."""

        def committed() -> int:
            counts = self.identity.admin.counts().get("createProject")
            return counts.committed if counts is not None else 0

        what = f"a project for each of {self.namespace}"
        wait_until(lambda: committed() >= self.count, what, within=SETTLED_WITHIN, every=0.2)

    def _apply(self, *documents: Object) -> None:
        listed = {"apiVersion": "v1", "kind": "List", "items": documents}
        self.control_plane.kubectl(
            "apply", "--server-side", f"--namespace={self.namespace}", "--filename=-", stdin=json.dumps(listed)
        )


def _why_not_ready(obj: Mapping[str, Any]) -> str:
    """Empty where it is Ready."""
    ready = condition(obj, "Ready")
    current = ready.get("observedGeneration") == obj["metadata"]["generation"]
    return "" if current and ready["status"] == "True" else str(ready.get("reason", "nothing said yet"))
