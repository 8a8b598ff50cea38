"""The operator with one rule of the protocol taken out: `broken_build.py RULE ARGUMENT…`.

The arguments are those of `project-operator`. That a test can fail is shown by its catching one of these.
"""

import sys
from collections.abc import Callable, Mapping
from typing import Any

from project_operator.cli import main
from project_operator.kube.api import KubeApi
from project_operator.reconcile import creation
from project_operator.reconcile.record import Timing


def without_the_look_up() -> None:
    """Whoever finds a finalizer without an id sends another creation straight away."""
    creation.carrying_our_mark = lambda view, backend: ()  # noqa: ARG005 - by these names it is called
    creation._absence_is_proved = lambda view, backend: True  # noqa: ARG005 - likewise


def without_the_quarantine() -> None:
    """A listing is believed whenever it was begun."""
    Timing.quarantine = property(lambda _timing: 0.0)  # type: ignore[assignment,method-assign]  # a rule less, not a type


def with_a_short_quarantine() -> None:
    """The time that a request takes to take effect is left out of the sum."""
    Timing.quarantine = property(  # type: ignore[assignment,method-assign]  # as above
        lambda timing: (timing.send_validity + timing.read_lag) * 1.01 + 1.0
    )


def without_the_guards() -> None:
    """Patches apply to whatever has the name, whatever it has become (R1)."""
    guarded = KubeApi._call

    async def call(self: KubeApi, verb: str, *arguments: Any, **options: Any) -> dict[str, Any]:
        if verb == "patch":
            options["body"] = _unguarded(options["body"])
        return await guarded(self, verb, *arguments, **options)

    KubeApi._call = call  # type: ignore[method-assign]  # as above


def _unguarded(body: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {name: value for name, value in body["metadata"].items() if name not in {"uid", "resourceVersion"}}
    return {**body, "metadata": metadata}


RULES: dict[str, Callable[[], None]] = {
    rule.__name__: rule
    for rule in (without_the_look_up, without_the_quarantine, with_a_short_quarantine, without_the_guards)
}

if __name__ == "__main__":
    RULES[sys.argv[1]]()
    sys.exit(main(sys.argv[2:]))
