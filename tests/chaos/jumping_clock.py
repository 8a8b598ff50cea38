"""The operator on a host whose clocks jump: `jumping_clock.py FILE ARGUMENT…`.

``FILE`` holds by how many seconds the wall clock and the clock that counts through a suspend are ahead of what they
were; it is looked into whenever either is asked. The arguments are those of `project-operator`.
"""

import sys
import time
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Self

from project_operator.backends import vendor
from project_operator.cli import main


def install(file: Path) -> None:
    """Let every clock of the operator be ahead as the file says."""
    wall, gettime = time.time, time.clock_gettime

    def ahead() -> tuple[float, float]:
        by_wall, by_boot = file.read_text(encoding="utf-8").split()
        return float(by_wall), float(by_boot)

    class Jumping(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz) + timedelta(seconds=ahead()[0])

    time.time = lambda: wall() + ahead()[0]
    time.clock_gettime = lambda clock: gettime(clock) + ahead()[1]
    vars(vendor)["datetime"] = Jumping


if __name__ == "__main__":
    install(Path(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))
