"""Resolve the dependencies of pyproject.toml into `requirements/`, for every Python and platform served at once.

For maintainers, through `make lock`. The files name no index: whoever installs uses theirs, and the hashes hold.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = Path(sys.executable).with_name("uv")
COMPILE = (
    *("pip", "compile", "pyproject.toml", "--quiet", "--universal", "--python-version", "3.11"),
    *("--generate-hashes", "--no-header", "--no-emit-index-url", "--no-emit-find-links", "--no-annotate"),
)
WITHIN_DEV = ("--constraint", "requirements/dev.txt")


def main() -> int:
    """`run.txt`, and `image.txt` without the sandbox, are resolved within `dev.txt`: all agree on every version."""
    for options in (
        ["--extra", "sandbox", "--group", "dev", "--output-file", "requirements/dev.txt", *sys.argv[1:]],
        ["--extra", "sandbox", *WITHIN_DEV, "--output-file", "requirements/run.txt"],
        [*WITHIN_DEV, "--output-file", "requirements/image.txt"],
    ):
        subprocess.run([str(UV), *COMPILE, *options], check=True, cwd=ROOT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
