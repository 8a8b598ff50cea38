"""What an operation of the API is made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from project_operator.sandbox.identity.nscale.authorization import AccessControl, Caller
from project_operator.sandbox.identity.nscale.bodies import WriteBody
from project_operator.sandbox.identity.nscale.state import State


@dataclass(frozen=True, slots=True)
class Call:
    """An authenticated request whose body fits the schema."""

    state: State
    now: float
    caller: Caller
    access: AccessControl
    parameters: Mapping[str, str]
    _body: Callable[[], WriteBody]

    @property
    def organization_id(self) -> str:
        return self.parameters["organizationID"]

    def body(self) -> Any:
        """The decoded body; raises the refusal of one that cannot be. Comes after the check of rights (N1.3-11)."""
        return self._body()


@dataclass(frozen=True, slots=True)
class Reply:
    """What a handler answers: a document (a project or a list of projects as it is stored), or nothing (N0-4)."""

    document: object | None = None
    project_id: str = ""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path."""

    name: str
    method: str
    template: str
    success: int
    refusals: frozenset[int]
    """Status codes declared beside ``success``; a handler that answers another one makes the server panic (N0-10)."""
    handler: Callable[[Call], Reply]
    body: type[WriteBody] | None = None
    conflict_since_lock: bool = False
    """409 is declared too by the dialects that return it (N5-5)."""
