"""How stored objects read over the wire (N1.2, N2)."""

import json
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from project_operator.sandbox.identity.nscale.authorization import Role
from project_operator.sandbox.identity.nscale.dialects import Dialect
from project_operator.sandbox.identity.nscale.resources import Group, Metadata, Organization, Project, ServiceAccount

Document = dict[str, Any]

_PROVISIONING: Final = {"Provisioned": "provisioned", "Errored": "error"}
_HEALTH: Final = {"Healthy": "healthy"}
_MESSAGES: Final = {
    "Provisioned": "Provisioned",
    "Errored": "Unhandled error, contact support",
    "Healthy": "Healthy",
}


@lru_cache(maxsize=4096)
def _timestamp_of(second: int) -> str:
    return datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def timestamp(seconds: float) -> str:
    """Whole seconds in UTC, cut off (N1.2-5)."""
    return _timestamp_of(int(seconds))


def encode(document: object) -> bytes:
    """JSON as Go writes it: no spaces, UTF-8 as it is."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def provisioning_status(project: Project, dialect: Dialect) -> str:
    """Computed on reading: a deletion wins, then the Available condition, else nothing has happened yet (N2)."""
    if project.deletion_time is not None:
        return "deprovisioning"
    return _PROVISIONING[project.available] if project.available else dialect.initial_status


def _metadata(resource: Metadata, provisioning: str, health: str) -> Document:
    metadata: Document = {"creationTime": timestamp(resource.creation_time)}
    if resource.created_by:
        metadata["createdBy"] = resource.created_by
    if resource.description is not None:
        metadata["description"] = resource.description
    metadata["healthStatus"] = health
    metadata["id"] = resource.id
    if resource.modified_time is not None:
        metadata["modifiedBy"] = resource.modified_by
        metadata["modifiedTime"] = timestamp(resource.modified_time)
    metadata["name"] = resource.name
    if resource.organization_id:
        metadata["organizationId"] = resource.organization_id
    metadata["provisioningStatus"] = provisioning
    if resource.tags:
        metadata["tags"] = [{"name": name, "value": value} for name, value in resource.tags]
    return metadata


def project(resource: Project, dialect: Dialect) -> Document:
    """A project as it is read."""
    health = _HEALTH[resource.healthy] if resource.healthy else "unknown"
    metadata = _metadata(resource, provisioning_status(resource, dialect), health)
    if resource.deletion_time is not None:
        metadata["deletionTime"] = timestamp(resource.deletion_time)
    if dialect.status_detail:
        for field, reason in (
            ("provisioningStatusDetail", resource.available),
            ("healthStatusDetail", resource.healthy),
        ):
            if reason:
                metadata[field] = {"reason": reason, "message": _MESSAGES[reason]}
    return {"metadata": metadata, "spec": {"groupIDs": list(resource.group_ids)}}


def organization(resource: Organization, dialect: Dialect) -> Document:
    """An organization as it is read; not ready means that its controller has not run yet (N4-3)."""
    status = "provisioned" if resource.ready else dialect.initial_status
    health = "healthy" if resource.ready else "unknown"
    return {"metadata": _metadata(resource, status, health), "spec": {"organizationType": "adhoc"}}


def group(resource: Group) -> Document:
    """A group as it is read."""
    return {
        "metadata": _metadata(resource, "provisioned", "healthy"),
        "spec": {
            "roleIDs": list(resource.role_ids),
            "serviceAccountIDs": list(resource.service_account_ids),
            "subjects": list(resource.subjects),
            "userIDs": list(resource.user_ids),
        },
    }


def service_account(resource: ServiceAccount, group_ids: list[str], *, with_token: bool = False) -> Document:
    """A service account as it is read; its token is shown once, to who made or rotated it (N3.2-2, N3.2-4)."""
    status: Document = {"expiry": timestamp(resource.expiry)}
    if with_token:
        status["accessToken"] = resource.token
    return {
        "metadata": _metadata(resource, "provisioned", "healthy"),
        "spec": {"groupIDs": group_ids},
        "status": status,
    }


def role(resource: Role) -> Document:
    """A role as it is read."""
    return {
        "metadata": {
            "creationTime": timestamp(0),
            "description": resource.description,
            "healthStatus": "healthy",
            "id": resource.id,
            "name": resource.name,
            "provisioningStatus": "provisioned",
        },
    }
