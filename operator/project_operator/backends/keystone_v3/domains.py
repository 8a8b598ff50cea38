"""Which domains a connection is about, and whether its token is shown what is in them."""

from dataclasses import dataclass

from project_operator.backends.answers import clipped, quotable
from project_operator.backends.documents import read
from project_operator.backends.keystone_v3.client import KeystoneClient
from project_operator.backends.keystone_v3.credentials import Reference
from project_operator.backends.keystone_v3.dialect import Dialect
from project_operator.backends.keystone_v3.errors import Operation
from project_operator.backends.keystone_v3.payloads import DomainDocument, NamedPayload
from project_operator.backends.keystone_v3.requests import DOMAINS, get
from project_operator.backends.keystone_v3.tokens import Token
from project_operator.errors import ConnectionRefused


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain that projects are kept in."""

    id: str
    name: str


async def find_domain(client: KeystoneClient, wanted: Reference, field: str) -> Domain:
    """The domain that ``wanted`` names. ``field`` is where it stands in the backend object.

    Raises:
        ConnectionRefused: there is none, or more than one.
        BackendError: it cannot be told.
    """
    token = await client.token()
    if token.domain_id and wanted in (Reference(token.domain_id), Reference(name=token.domain_name)):
        return Domain(token.domain_id, token.domain_name)
    if wanted.id:
        request = get(Operation.FIND_DOMAIN, f"{DOMAINS}/{wanted.id}", {wanted.id})
        document = await client.read(DomainDocument, request)
        found = [] if document is None else [document.domain]
    else:
        found = await client.list_all(
            Operation.FIND_DOMAIN, DOMAINS, "domains", lambda item: read(NamedPayload, item), name=wanted.name
        )
    match found:
        case [domain]:
            return Domain(domain.id, domain.name)
        case []:
            words = f"there is no domain {_asked(wanted)}, or the credential does not see it"
        case _:
            words = f"there are {len(found)} domains {_asked(wanted)}; name it by its id"
    raise ConnectionRefused(clipped(words), field=field)


def require_sight(token: Token, domain: Domain, dialect: Dialect, field: str) -> None:
    """A token for one domain is shown an empty list of any other (K5-5): refuse that before it is believed.

    Raises:
        ConnectionRefused: ``token`` is for another domain than ``domain``, which ``field`` names.
    """
    if token.domain_id and token.domain_id != domain.id:
        raise ConnectionRefused(
            clipped(
                f"the credential's scope is the domain {quotable(token.domain_name)!r}, so it is shown nothing of"
                f" {quotable(domain.name)!r}; set {dialect.spec_path}.auth.password.scope to that domain, to a"
                " project, or to the system"
            ),
            field=field,
        )


def _asked(wanted: Reference) -> str:
    return f"with the id {wanted.id!r}" if wanted.id else f"called {quotable(wanted.name)!r}"
