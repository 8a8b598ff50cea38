"""Our own answers are held against the API page before they leave, as on the real server (N0-10)."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from project_operator.sandbox.identity.nscale.bodies import NAME_PATTERN
from project_operator.sandbox.identity.nscale.dialects import Dialect
from project_operator.sandbox.identity.nscale.views import Document

_Time = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$")]


class _Reading(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class _Tag(_Reading):
    name: str
    value: str


class _Detail(_Reading):
    reason: str
    message: str


class _ProjectMetadata(_Reading):
    id: str
    name: Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
    organization_id: str = Field(alias="organizationId")
    creation_time: _Time = Field(alias="creationTime")
    provisioning_status: Literal["unknown", "pending", "provisioning", "provisioned", "deprovisioning", "error"] = (
        Field(alias="provisioningStatus")
    )
    health_status: Literal["unknown", "healthy", "degraded", "error"] = Field(alias="healthStatus")
    description: str = ""
    tags: list[_Tag] = []
    created_by: str = Field(default="", alias="createdBy")
    modified_time: _Time = Field(default="", alias="modifiedTime")
    modified_by: str = Field(default="", alias="modifiedBy")
    deletion_time: _Time = Field(default="", alias="deletionTime")
    provisioning_detail: _Detail | None = Field(default=None, alias="provisioningStatusDetail")
    health_detail: _Detail | None = Field(default=None, alias="healthStatusDetail")


class _ProjectSpec(_Reading):
    group_ids: list[str] = Field(alias="groupIDs")


class _Project(_Reading):
    metadata: _ProjectMetadata
    spec: _ProjectSpec


def fits(document: Document, dialect: Dialect) -> bool:
    """Whether a project document is one that the dialect's OpenAPI document allows."""
    try:
        metadata = _Project.model_validate(document).metadata
    except ValidationError:
        return False
    # N2-9: the documents before 1.15 list five values, later ones six.
    return metadata.provisioning_status != "pending" or dialect.initial_status == "pending"


def error_document(code: str, description: str, trace_id: str | None) -> dict[str, Any]:
    """The body of every refusal (N3.4-1)."""
    document = {"error": code, "error_description": description}
    return document if trace_id is None else {**document, "trace_id": trace_id}
