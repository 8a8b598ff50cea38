"""Removes what a demo leaves that was ended by SIGKILL: `python -I -S janitor.py FOLDER PREFIX`.

The demo holds the other end of our standard input. When that closes its processes are being ended by their watchdogs,
which takes two seconds at most; what they still write meanwhile is removed as well. Standard library alone, and nothing
of ours: this starts in a few milliseconds and must not fail.
"""

import shutil
import sys
import time
from pathlib import Path

_QUIET = 3.0
"""Seconds without anything left; longer than a watchdog gives a program to end."""
_AT_MOST = 20.0
_EVERY = 0.1


def main(folder: Path, prefix: str) -> None:
    """Wait until the demo is gone, then remove the folders in ``folder`` whose name begins with ``prefix``."""
    sys.stdin.buffer.read()
    began = last_seen = time.monotonic()
    while (now := time.monotonic()) - last_seen < _QUIET and now - began < _AT_MOST:
        for left in folder.glob(f"{prefix}*"):
            last_seen = now
            shutil.rmtree(left, ignore_errors=True)
        time.sleep(_EVERY)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
