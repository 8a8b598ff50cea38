"""Run one program and end it when its owner is gone: `python -I -S watchdog.py LOG PROGRAM [ARGUMENT …]`.

The owner holds the other end of our standard input. When that closes, for whatever reason (a SIGKILL included), the
program gets SIGTERM, two seconds later SIGKILL, and with it all it has started. Standard library alone, and nothing of
ours: this starts in a few milliseconds and must not fail. The program's pid is printed once; its exit status is ours.
"""

import os
import signal
import subprocess
import sys
import threading
import time

_GRACE = 2.0


def main(log: str, command: list[str]) -> int:
    """Run the command with its output in the file `log`; its exit status (128 + n for signal n)."""
    with open(log, "ab") as output:  # noqa: PTH123 - pathlib is not worth its start-up time here
        program = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
    orphaned = threading.Event()
    threading.Thread(target=_end_when_orphaned, args=(program, orphaned), daemon=True).start()
    sys.stdout.write(f"{program.pid}\n")
    sys.stdout.flush()
    status = program.wait()
    # Our owner made us the leader of a group of our own: the program's children are in it, and so are we.
    if orphaned.is_set() and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    return status if status >= 0 else 128 - status


def _end_when_orphaned(program: "subprocess.Popen[bytes]", orphaned: threading.Event) -> None:
    while os.read(0, 4096):
        pass
    orphaned.set()
    program.terminate()
    time.sleep(_GRACE)
    program.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
