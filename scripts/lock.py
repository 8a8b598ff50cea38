"""Resolve the dependencies of pyproject.toml into `requirements/`, for every Python and platform served at once.

For maintainers, through `make lock`. The files name no index: whoever installs uses theirs, and the hashes hold.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = Path(sys.executable).with_name("uv")
COMPILE = (
    *("pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--generate-hashes"),
    *("--no-header", "--no-emit-index-url", "--no-emit-find-links", "--no-annotate"),
)
PROJECT = ("pyproject.toml",)
SANDBOX = (*PROJECT, "--extra", "sandbox")
WITHIN_DEV = ("--constraint", "requirements/dev.txt")
KEYSTONE = "operator/project_operator/sandbox/identity/keystone/packages.txt"
"""Beside the code that installs it, so that it is in the wheel."""


def main() -> int:
    """`run.txt`, and `image.txt` without the sandbox, are resolved within `dev.txt`: all agree on every version.

    The real Keystone has an environment of its own and agrees with nobody.
    """
    for lock, options in (
        ("requirements/dev.txt", [*SANDBOX, "--group", "dev", *sys.argv[1:]]),
        ("requirements/run.txt", [*SANDBOX, *WITHIN_DEV]),
        ("requirements/image.txt", [*PROJECT, *WITHIN_DEV]),
        ("requirements/virtualenv.txt", ["--group", "bootstrap", *WITHIN_DEV]),
        ("requirements/mutants.txt", ["--group", "mutants", *WITHIN_DEV]),
        ("requirements/plots.txt", ["--group", "plots", *WITHIN_DEV]),
        ("requirements/docs.txt", ["--group", "docs", *WITHIN_DEV]),
        ("requirements/sbom.txt", ["--group", "sbom", *WITHIN_DEV]),
        (KEYSTONE, ["--group", "keystone", *sys.argv[1:]]),
    ):
        subprocess.run([str(UV), *COMPILE, *options, "--output-file", lock], check=True, cwd=ROOT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
