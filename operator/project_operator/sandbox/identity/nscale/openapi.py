"""The OpenAPI document of the operations on projects, for each dialect."""

from importlib.resources import files
from typing import Any

import yaml

from project_operator.sandbox.identity.nscale.dialects import Collision, Dialect

Document = dict[str, Any]

_ITEM = "/api/v1/organizations/{organizationID}/projects/{projectID}"


def openapi_document(dialect: Dialect) -> Document:
    """The document of one dialect: the published one, with what the dialect adds."""
    text = files(__package__).joinpath("openapi.yaml").read_text(encoding="utf-8")
    document: Document = yaml.safe_load(text)
    components = document["components"]
    schemas = components["schemas"]
    if dialect.initial_status == "pending":
        schemas["resourceProvisioningStatus"]["enum"].append("pending")
    if dialect.trace_id:
        schemas["error"]["properties"]["trace_id"] = {"type": "string"}
        schemas["error"]["properties"]["error"]["enum"].append("unprocessable_content")
    if dialect.put_collision is Collision.CONFLICT:
        document["paths"][_ITEM]["put"]["responses"]["409"] = {"$ref": "#/components/responses/conflictResponse"}
    if dialect.uuid_paths:
        for parameter in components["parameters"].values():
            parameter["schema"]["format"] = "uuid"
    if dialect.status_detail:
        schemas["statusDetail"] = {
            "type": "object",
            "required": ["reason", "message"],
            "properties": {"reason": {"type": "string"}, "message": {"type": "string"}},
        }
        read = schemas["resourceReadMetadata"]["allOf"][1]["properties"]
        for name in ("provisioningStatusDetail", "healthStatusDetail"):
            read[name] = {"$ref": "#/components/schemas/statusDetail"}
    return document
