"""Paths of nscale Identity, below the base URL."""

from typing import Final
from urllib.parse import quote

ORGANIZATIONS: Final = "/api/v1/organizations"
VERSION: Final = "/api/version"
TOKEN: Final = "/oauth2/v2/token"  # noqa: S105 - a path
USERINFO: Final = "/oauth2/v2/userinfo"


def service_accounts(organization_id: str) -> str:
    """The service accounts."""
    return f"{_in(organization_id)}/serviceaccounts"


def rotation(organization_id: str, account_id: str) -> str:
    """Where a service account's token is replaced (N3.2-4)."""
    return f"{service_accounts(organization_id)}/{quote(account_id, safe='')}/rotate"


def groups(organization_id: str) -> str:
    """The groups."""
    return f"{_in(organization_id)}/groups"


def projects(organization_id: str, project_id: str = "") -> str:
    """The projects, or one of them."""
    path = f"{_in(organization_id)}/projects"
    return f"{path}/{quote(project_id, safe='')}" if project_id else path


def _in(organization_id: str) -> str:
    return f"{ORGANIZATIONS}/{quote(organization_id, safe='')}"
