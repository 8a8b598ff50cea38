"""Every vendor's table of answers, with bodies that it tells apart."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from project_operator.backends.answer_table.page import ErrorPage
from project_operator.backends.csp import reference as csp
from project_operator.backends.k5 import reference as k5
from project_operator.backends.nscale import reference as nscale
from project_operator.backends.openstack import reference as openstack
from project_operator.backends.otc import reference as otc

ID: Final = "7d3b0c2e9f8a4c15b6a1e2d3c4f50617"
FOREIGN: Final = (b"", b"<html>nginx</html>", b"{}", b'{"error": "conflict"}', b'{"message": "hunter2"}', b"[]")
"""Bodies that are nobody's error documents."""


@dataclass(frozen=True)
class Answering:
    """A vendor, as its table sees it."""

    path: str
    """Of the page, from the root of the repository."""
    page: ErrorPage[Any]
    bodies: tuple[bytes, ...]
    """One for each body that the rows tell apart, but those of others."""
    overridden: int = 0
    """How many of the rows that it has from Keystone its own ones stand before, whatever is asked."""
    refuses_with: frozenset[int] = frozenset()
    """Statuses above 499 by which it refuses in its own words."""


def _documents(*documents: Mapping[str, Any]) -> tuple[bytes, ...]:
    return tuple(json.dumps(document).encode() for document in documents)


_KEYSTONE: Final = _documents(
    *(
        {"error": {"code": 400, "message": message, "title": "…"}}
        for message in (
            "You are not authorized to perform the requested action: identity:get_project.",
            f"Could not find project: {ID}.",
            "Something else.",
        )
    )
)

ANSWERING: Final = {
    "nscale": Answering(
        nscale.PAGE,
        nscale.ERROR_PAGE,
        _documents(
            *(
                {"error": code, "error_description": "…"}
                for code in ("not_found", "conflict", "invalid_grant", "invalid_client", "invalid_request")
            )
        ),
    ),
    "keystone": Answering(
        openstack.PAGE,
        openstack.ERROR_PAGE,
        _KEYSTONE,
    ),
    "otc": Answering(
        otc.PAGE,
        otc.ERROR_PAGE,
        (*_KEYSTONE, *_documents({"error_code": "IAM.0004", "error_msg": f"Could not find project: {ID}."})),
        overridden=4,
    ),
    "k5": Answering(k5.PAGE, k5.ERROR_PAGE, _KEYSTONE, overridden=2, refuses_with=frozenset({501})),
    "csp": Answering(csp.PAGE, csp.ERROR_PAGE, _documents({"message": "…", "requestId": "a1"}, {"error": "x"})),
}
"""By the folder of the vendor, or of the protocol that it speaks."""
