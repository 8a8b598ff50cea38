"""How OpenStack's own Keystone speaks the protocol."""

from typing import Final

from project_operator.backends.keystone_v3.dialect import Dialect
from project_operator.backends.keystone_v3.tags import MarkInTag

OPENSTACK: Final = Dialect(
    spec_path="spec.keystone",
    mark_place=MarkInTag(),
    page_limit=1000,
    deleted=frozenset({204}),
)
"""Pages of 1,000, which is what a server gives at most unless it is told otherwise (K5-3)."""
