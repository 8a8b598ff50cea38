"""Where embedded identity servers listen: on loopback, where nobody else reaches them, unless told otherwise."""

import os
from typing import Final

LOOPBACK: Final = "127.0.0.1"
HOST_VARIABLE: Final = "SANDBOX_HOST"
"""Names another address, for an operator that runs elsewhere: in a pod, say."""


def default_host() -> str:
    """The address of a server that was not given one."""
    return os.environ.get(HOST_VARIABLE) or LOOPBACK
