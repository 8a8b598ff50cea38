"""The exit statuses, the same for every command."""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final


class ExitStatus(IntEnum):
    """What the shell is told."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    FOUND = 3
    INTERRUPTED = 130


MEANINGS: Final[Mapping[ExitStatus, str]] = {
    ExitStatus.DONE: (
        "It is done, and nothing is wrong; of `doctor`: with what it could look at, for what it could not is `unknown`."
    ),
    ExitStatus.FAILED: "It could not be done, or not all of it; a line on stderr says why.",
    ExitStatus.USAGE: "It was asked wrongly, or a setting or kubeconfig does not fit; a line on stderr names it.",
    ExitStatus.FOUND: (
        "It is done, and something needs a person: `doctor` found a problem; `plan` found a Project that cannot be "
        "acted upon; with `--exit-code`, `plan` found calls to make, or `orphans` found something."
    ),
    ExitStatus.INTERRUPTED: "It was interrupted, or a question was not answered with yes.",
}
