"""What to try next: commands that work as they are printed."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from project_operator.sandbox.demo.manifests import SECRET


@dataclass(frozen=True)
class Lesson:
    """Something to try."""

    title: str
    command: str
    """One shell command, perhaps of several lines, for a shell with the `exports`."""
    expect: str
    """What will be seen."""


def exports(kubeconfig: Path, programs: Path, ca_file: Path, projects_url: str) -> str:
    """The lines that make a shell ready.

    ``programs`` holds a kubectl that fits, ``ca_file`` the authority of the identity server's certificate;
    ``projects_url`` is its collection of projects.
    """
    variables: Mapping[str, str] = {
        "KUBECONFIG": str(kubeconfig),
        "NSCALE_CA": str(ca_file),
        "NSCALE_PROJECTS": projects_url,
    }
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    return "\n".join([*lines, f"export PATH={shlex.quote(str(programs))}:$PATH"])


def lessons(project: str, manifest: str) -> tuple[Lesson, ...]:
    """Three things to try with the Project of that name, made from the file ``manifest``."""
    return (
        Lesson(
            "Rename it in nscale, and give it other tags",
            f"kubectl patch iproj {project} --type=merge \\\n"
            """  -p '{"spec": {"name": "payments-stage", "tags": [{"name": "team", "value": "billing"}]}}'""",
            "the new name below the old one, and the same id as before",
        ),
        Lesson(
            "Misspell a field of a new Project",
            f"sed 's/{project}/payments-testing/; s/description:/descripton:/' {shlex.quote(manifest)} |\n"
            "  kubectl apply -f -",
            'refused at once, by name: unknown field "spec.descripton"',
        ),
        Lesson(
            "Delete it behind the operator's back, in nscale itself",
            "curl -sS --noproxy '*' --cacert \"$NSCALE_CA\" -X DELETE -w 'HTTP %{http_code}\\n' \\\n"
            '  -H "Authorization: Bearer '
            f"$(kubectl get secret {SECRET} -o go-template='{{{{.data.token | base64decode}}}}')\" \\\n"
            f"  \"$NSCALE_PROJECTS/$(kubectl get iproj {project} -o jsonpath='{{.status.id}}')\"",
            "`missing`, as soon as its absence is proved, and a message that says what to do about it",
        ),
    )
