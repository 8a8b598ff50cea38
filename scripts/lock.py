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


def main() -> int:
    """`run.txt`, and `image.txt` without the sandbox, are resolved within `dev.txt`: all agree on every version."""
    for name, options in (
        ("dev", [*SANDBOX, "--group", "dev", *sys.argv[1:]]),
        ("run", [*SANDBOX, *WITHIN_DEV]),
        ("image", [*PROJECT, *WITHIN_DEV]),
        ("virtualenv", ["--group", "bootstrap", *WITHIN_DEV]),
    ):
        subprocess.run([str(UV), *COMPILE, *options, "--output-file", f"requirements/{name}.txt"], check=True, cwd=ROOT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
