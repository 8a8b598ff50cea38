"""Where a backend's host is, and which of these addresses a connection may be made to.

A connection is only ever made to an address that the rules allow, and it is the address that is judged: of what the
host's name resolves to, the rest is not even tried.
"""

import socket

from project_operator.backends.addresses import AddressRules
from project_operator.backends.resolver import Resolver
from project_operator.backends.trust import Lost, Unanswered


class Destination:
    """One host and port. Belongs to the event loop that first uses it."""

    def __init__(self, host: str, port: int, rules: AddressRules) -> None:
        """``host``: as it is looked up."""
        self._host = host
        self._port = port
        self._rules = rules
        self._resolver = Resolver(host, port)
        self._proved = ""

    async def addresses(self) -> tuple[str, ...]:
        """Where connections may be made to, the likeliest first; never empty.

        Raises:
            OSError, ValueError: there is no such name, it is none, or nobody could be asked.
            Unanswered: the host is only where backends may not be.
        """
        found = await self._resolver.addresses()
        objections = {address: self._rules.objection(address, self._port) for address in found}
        allowed = [address for address in found if not objections[address]]
        if not allowed:
            raise _refused_at(objections[found[0]])
        return tuple(sorted(allowed, key=lambda address: address != self._proved))

    def judge_literal(self) -> None:
        """A proxy looks names up itself, but an address in the URL is one for it too, in whatever form.

        Raises:
            Unanswered: backends may not be there.
        """
        try:
            address = socket.inet_ntoa(socket.inet_aton(self._host))
        except (OSError, ValueError):
            address = self._host if ":" in self._host else ""
        if address:
            self.judge(address, self._port)

    def judge(self, address: str, port: int) -> None:
        """A connection that has just been made leads there.

        Raises:
            Unanswered: backends may not be there.
        """
        if kind := self._rules.objection(address, port):
            raise _refused_at(kind)

    def prove(self, address: str) -> None:
        """The host answered there: it is the likeliest from now on."""
        self._proved = address

    def forget(self) -> None:
        """What was found leads nowhere: look the host up again before the next connection."""
        self._resolver.forget()


def _refused_at(kind: str) -> Unanswered:
    article = "an" if kind[0] in "AEIOUaeiou" else "a"
    return Unanswered(Lost.ADDRESS, f"the host is at {article} {kind} address, where backends may not be")
