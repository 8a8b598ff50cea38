"""Which domain a connection is about: that of the token, which must be the one that the backend object names."""

from project_operator.backends.answers import clipped, quotable
from project_operator.backends.k5.dialect import K5
from project_operator.backends.keystone_v3.credentials import Reference
from project_operator.backends.keystone_v3.domains import Domain
from project_operator.backends.keystone_v3.tokens import Token
from project_operator.errors import ConnectionRefused


def domain_of(token: Token, wanted: Reference) -> Domain:
    """The domain of the project that ``token`` is for. There is no looking up a domain by its name (F4-3), and no use
    in it: a contract is shown its own domain alone (F4-2).

    Raises:
        ConnectionRefused: it is not the domain that is ``wanted``.
    """
    domain = Domain(token.domain_id or token.project_domain_id, token.domain_name or token.project_domain_name)
    if domain.id and wanted in (Reference(domain.id), Reference(name=domain.name)):
        return domain
    named = f"'{wanted.id or wanted.name}'"
    found = f"{quotable(domain.name)!r} ({quotable(domain.id)})" if domain.id else "none that it names"
    raise ConnectionRefused(
        clipped(f"the credential's domain is {found}, not {named}; name the domain of the contract"),
        field=K5.domain_field,
    )
