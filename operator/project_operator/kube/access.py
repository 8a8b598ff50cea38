"""How to reach the API server and who we are to it: in-cluster files or a kubeconfig."""

import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ClusterAccess:
    """Address and credentials. ``authorization`` gives the header's value when asked ("" = none); it is asked at most once a minute."""

    server: str
    ssl_context: ssl.SSLContext | None = field(default=None, repr=False)
    authorization: Callable[[], str] | None = field(default=None, repr=False)
    server_hostname: str | None = None
    proxy: str | None = None
    source: str = ""
    """Where this came from, for the log."""


def load_access(kubeconfig: Path | None = None, context: str | None = None) -> ClusterAccess:
    """The first of: ``kubeconfig`` given, the pod's ServiceAccount, ``$KUBECONFIG``, ``~/.kube/config``.

    Raises:
        ConfigurationError: none is there, or the one found cannot be used.
    """
    raise NotImplementedError
