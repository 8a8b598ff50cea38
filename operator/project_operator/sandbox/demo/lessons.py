"""What to try next: commands that work as they are printed."""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from project_operator.sandbox.demo.manifests import SECRET


@dataclass(frozen=True)
class Lesson:
    """Something to try."""

    title: str
    command: str
    """Shell commands, perhaps of several lines, for a shell with the `exports`."""
    expect: str
    """What will be seen."""


def exports(kubeconfig: Path, programs: Iterable[Path], variables: Mapping[str, str]) -> str:
    """The lines that make a shell ready.

    ``programs`` are folders: that of a kubectl that fits, and that of our command line. ``variables`` are those of the
    identity server, and what our command line needs to reach it.
    """
    named = {"KUBECONFIG": str(kubeconfig)} | dict(variables)
    lines = [f"export {name}={shlex.quote(value)}" for name, value in named.items()]
    return "\n".join([*lines, f"export PATH={':'.join(shlex.quote(str(folder)) for folder in programs)}:$PATH"])


def renaming(project: str, backend: str) -> Lesson:
    """Of the Project of that name, which is a project in ``backend``."""
    return Lesson(
        f"Rename it in {backend}, and give it other tags",
        f"kubectl patch iproj {project} --type=merge \\\n"
        """  -p '{"spec": {"name": "payments-stage", "tags": [{"name": "team", "value": "billing"}]}}'""",
        "the new name below the old one, and the same id as before",
    )


def renaming_alone(project: str, backend: str) -> Lesson:
    """The same where projects have no tags."""
    return Lesson(
        f"Rename it in {backend}",
        f'kubectl patch iproj {project} --type=merge -p \'{{"spec": {{"name": "payments-stage"}}}}\'',
        "the new name below the old one, and the same id as before",
    )


def misspelling(project: str, manifest: str) -> Lesson:
    """Of a field in the file ``manifest``."""
    return Lesson(
        "Misspell a field of a new Project",
        f"sed 's/{project}/payments-testing/; s/description:/descripton:/' {shlex.quote(manifest)} |\n"
        "  kubectl apply -f -",
        'refused at once, by name: unknown field "spec.descripton"',
    )


def secret_value(key: str) -> str:
    """What a shell puts the credential's ``key`` in for, within double quotes: it is never shown."""
    return f"$(kubectl get secret {SECRET} -o go-template='{{{{.data.{key} | base64decode}}}}')"
