"""Which operation of a server a request is for."""

from collections.abc import Iterable
from typing import Final, Protocol
from urllib.parse import unquote

from project_operator.sandbox.identity.exchange import Route

UNKNOWN: Final = "unmatched"
UNKNOWN_METHOD: Final = "unmatchedMethod"
"""Names of operations: for a path that is not known, and for one that is known with another method."""


class Operation(Protocol):
    """As far as it decides which requests are for it."""

    @property
    def name(self) -> str:
        """Such as ``createProject``."""

    @property
    def method(self) -> str:
        """In capitals."""

    @property
    def template(self) -> str:
        """The path, with the names of its parameters in braces."""


def route(operations: Iterable[Operation], method: str, path: str) -> Route:
    """The first of ``operations`` that fits, so literal segments come before parameters. Parameters are single segments
    of the raw path, so an encoded slash stays inside of one, and are never empty.
    """
    segments = path.split("/")
    other_method = ""
    for operation in operations:
        template = operation.template.split("/")
        if len(template) != len(segments):
            continue
        if not all(t == s or (t[:1] == "{" and s) for t, s in zip(template, segments, strict=True)):
            continue
        if operation.method != method:
            other_method = other_method or operation.template
            continue
        parameters = {t[1:-1]: unquote(s) for t, s in zip(template, segments, strict=True) if t[:1] == "{"}
        return Route(operation.name, operation.template, parameters)
    return Route(UNKNOWN_METHOD, other_method) if other_method else Route(UNKNOWN, path)
