"""Which of the organizations that a credential sees is meant."""

from collections.abc import Sequence
from typing import Final

from project_operator.backends.answers import clipped, quotable
from project_operator.backends.nscale.errors import SPEC_PATH
from project_operator.backends.nscale.payloads import Organization
from project_operator.errors import ConnectionRefused

ORGANIZATION_FIELD: Final = f"{SPEC_PATH}.organization"

_LISTED: Final = 3


def resolve_organization(visible: Sequence[Organization], organization_id: str, name: str) -> Organization:
    """The one that is meant: by id, else by name, else the only one. Names are not unique (N4-1).

    Raises:
        ConnectionRefused: there is none, or more than one; names what is visible.
    """
    if organization_id:
        asked, found = f"with the id {organization_id!r}", [org for org in visible if org.id == organization_id]
    elif name:
        asked, found = f"called {name!r}", [org for org in visible if org.name == name]
    else:
        asked, found = "", list(visible)
    match found:
        case [organization]:
            return organization
        case []:
            words = f"the credential sees no organization {asked}".rstrip()
        case _:
            words = f"the credential sees {len(found)} organizations {asked}".rstrip() + "; choose one by its id"
    raise ConnectionRefused(clipped(words + _listing(found or visible)), field=ORGANIZATION_FIELD)


def _listing(organizations: Sequence[Organization]) -> str:
    if not organizations:
        return ""
    listed = ", ".join(f"{quotable(org.name)} ({org.id})" for org in organizations[:_LISTED])
    return f"; it sees {listed}" + (", …" if len(organizations) > _LISTED else "")
