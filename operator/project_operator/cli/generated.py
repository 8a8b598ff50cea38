"""`project-operator generate` and `project-operator crds`: what the code writes of itself."""

import sys
from pathlib import Path

import click

from project_operator.api.crd import crd_yaml
from project_operator.api.kinds import KINDS
from project_operator.cli.statuses import ExitStatus
from project_operator.errors import ConfigurationError
from project_operator.generate import MEND, stale_files, write_files


@click.command
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a file is not up to date.")
@click.option("--root", type=click.Path(path_type=Path), default=Path(), help="Root of the repository (default: here).")
def generate(*, check: bool, root: Path) -> ExitStatus:
    """Write the generated files of this repository."""
    if not (root / "pyproject.toml").is_file():
        raise ConfigurationError(f"{root.resolve()} is not the root of the repository; go there or give --root")
    if not check:
        sys.stdout.writelines(f"{path}\n" for path in write_files(root))
        return ExitStatus.DONE
    stale = stale_files(root)
    sys.stderr.writelines(f"{complaint}; run: {MEND}\n" for complaint in stale)
    return ExitStatus.FAILED if stale else ExitStatus.DONE


@click.command
def crds() -> None:
    """Print the CustomResourceDefinitions, for kubectl apply --server-side -f -."""
    sys.stdout.write("---\n".join(crd_yaml(kind) for kind in KINDS))
