"""How OpenStack's own Keystone speaks the protocol."""

from typing import Final

from project_operator.backends.keystone_v3.dialect import Dialect
from project_operator.backends.keystone_v3.errors import answers
from project_operator.backends.keystone_v3.tags import MarkInTag

OPENSTACK: Final = Dialect(
    answers=answers("spec.keystone", deleted=frozenset({204})),
    mark_place=MarkInTag(),
    page_limit=1000,
)
"""Pages of 1,000, which is what a server gives at most unless it is told otherwise (K5-3)."""
