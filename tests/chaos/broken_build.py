"""The operator with one promise broken on purpose: `broken_build.py RULE ARGUMENT…`.

The arguments are those of `project-operator`. That an oracle can fail is shown by its catching one of these.
"""

import copy
import itertools
import sys
from collections.abc import Callable, Mapping
from typing import Any

from project_operator.api.conditions import Reason
from project_operator.api.names import FINALIZER
from project_operator.backends.exchange import Wire
from project_operator.backends.nscale.backend import NscaleBackend
from project_operator.cli import main
from project_operator.kube.api import KubeApi
from project_operator.kube.resources import PROJECTS, Resource
from project_operator.reconcile import absence, creation, deleting, ending, rest, settling, upkeep
from project_operator.reconcile.outcome import held
from project_operator.runtime import connecting
from project_operator.runtime.gathering import Gatherer
from project_operator.runtime.keys import Place
from project_operator.runtime.limiter import Limiter
from project_operator.runtime.missing_backends import MissingBackends
from project_operator.runtime.projects import ProjectWorker

Changes = dict[str, Any]


def without_the_look_up() -> None:
    """Whoever finds a finalizer without an id sends another creation straight away."""
    creation.carrying_our_mark = lambda view, backend: ()  # noqa: ARG005 - by these names it is called
    creation._absence_is_proved = lambda view, backend: True  # noqa: ARG005 - likewise


def releasing_at_once() -> None:
    """A deletion only takes the finalizer off."""
    deleting.decide = lambda view, backend: ending.release(view, "broken")  # noqa: ARG005 - likewise


def writing_to_another() -> None:
    """An update goes to every project that is listed."""
    update = NscaleBackend.update_project

    async def everywhere(self: NscaleBackend, current: Any, content: Any, **options: Any) -> None:
        for project in await self.list_projects():
            await update(self, project if project.id != current.id else current, content, **options)

    NscaleBackend.update_project = everywhere  # type: ignore[method-assign]  # a build broken on purpose


def believing_at_once() -> None:
    """One not-found is proof enough."""
    absence.judge = lambda view, backend, observation: rest.reporting(  # noqa: ARG005 - likewise
        view, held(Reason.MISSING, "broken"), poll=rest.soon(view, view.record.id)
    )


def without_the_finalizer() -> None:
    """The finalizer is taken for written and is not."""

    def forget(changes: Changes) -> Changes:
        if FINALIZER not in changes.get("metadata", {}).get("finalizers", ()):
            return {}
        return {"finalizers": changes["metadata"].pop("finalizers")}

    _patching(forget)


def ready_without_writing() -> None:
    """What differs is not seen."""
    for module in (settling, upkeep):
        vars(module)["differences"] = lambda current, aim: ()  # noqa: ARG005 - likewise


def never_resting() -> None:
    """A settled object is written all the same."""
    numbers = itertools.count()

    async def write(self: ProjectWorker, key: Any, raw: Any, action: Any) -> None:  # noqa: ARG001 - likewise
        await self._patch(key, raw, {"status": {"lastHandledReconcileAt": str(next(numbers))}}, subresource="status")

    ProjectWorker._write_if_different = write  # type: ignore[method-assign]  # as above


def telling_the_token() -> None:
    """Requests are told with their headers."""
    exchange = Wire.exchange

    async def telling(self: Wire, transport: Any, call: Any, *arguments: Any, **options: Any) -> Any:
        print(call.method, dict(call.headers), file=sys.stderr, flush=True)  # noqa: T201 - where the log goes, past it
        return await exchange(self, transport, call, *arguments, **options)

    Wire.exchange = telling  # type: ignore[method-assign]  # as above


def going_back() -> None:
    """What was provisioned is called pending while it is updated."""

    def mistell(changes: Changes) -> Changes:
        status = changes.get("status", {})
        if (status.get("operation") or {}).get("type") == "Update":
            status["provisioningStatus"] = "pending"
        return {}

    _patching(mistell)


def labelling() -> None:
    """Objects of users get a label of ours."""

    def label(changes: Changes) -> Changes:
        if "metadata" in changes:
            changes["metadata"] = {**changes["metadata"], "labels": {"touched-by": "us"}}
        return {}

    _patching(label)


def one_limiter_for_all() -> None:
    """All connections share one limit of calls under way."""
    shared = Limiter(requests_per_second=1000.0, burst=1000, max_in_flight=4)
    vars(connecting)["Limiter"] = lambda **_: shared


def deleting_with_the_definition() -> None:
    """Whether the definition of Projects is being deleted is not looked at."""

    async def never(self: Gatherer) -> None:
        self._definition = (self._clock.now(), False)

    Gatherer.check_definition = never  # type: ignore[method-assign]  # as above


def taking_silence_for_absence() -> None:
    """A backend object that no watch has shown is not there."""

    async def never(self: MissingBackends, place: Place) -> None:
        """Does not look."""

    MissingBackends.look_for = never  # type: ignore[method-assign]  # as above


def _patching(meddle: Callable[[Changes], Changes]) -> None:
    """Let ``meddle`` change the patches of Projects; the answer shows in its metadata what it returns."""
    patch = KubeApi.patch

    async def meddled(
        self: KubeApi, resource: Resource, obj: Mapping[str, Any], changes: Mapping[str, Any], *, subresource: str = ""
    ) -> dict[str, Any]:
        ours = copy.deepcopy(dict(changes))
        pretended = meddle(ours) if resource == PROJECTS else {}
        answer = await patch(self, resource, obj, ours, subresource=subresource)
        return {**answer, "metadata": {**answer["metadata"], **pretended}}

    KubeApi.patch = meddled  # type: ignore[method-assign]  # as above


RULES: dict[str, Callable[[], None]] = {
    rule.__name__: rule
    for rule in (
        without_the_look_up,
        releasing_at_once,
        writing_to_another,
        believing_at_once,
        without_the_finalizer,
        ready_without_writing,
        never_resting,
        telling_the_token,
        going_back,
        labelling,
        one_limiter_for_all,
        deleting_with_the_definition,
        taking_silence_for_absence,
    )
}

if __name__ == "__main__":
    RULES[sys.argv[1]]()
    sys.exit(main(sys.argv[2:]))
