"""The OpenAPI document: held against the facts of the page, the operations that answer, and the bodies accepted."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from project_operator.sandbox.identity.nscale.bodies import ProjectWrite, validate
from project_operator.sandbox.identity.nscale.dialects import DIALECTS, DOCUMENTED, Collision
from project_operator.sandbox.identity.nscale.openapi import openapi_document
from project_operator.sandbox.identity.nscale.projects import OPERATIONS
from project_operator.sandbox.identity.nscale.refusals import ERROR_CODES, Refusal

METHODS = ("get", "post", "put", "delete")
DOCUMENT = openapi_document(DOCUMENTED)

# nscale documentation, page "Create project" (Identity OpenAPI 1.11.0)
PAGE_STATUSES = {"202", "400", "401", "403", "409", "500"}
PAGE_ERRORS = {
    "invalid_request", "server_error", "access_denied", "not_found", "conflict", "method_not_allowed",
    "unsupported_media_type", "request_entity_too_large", "forbidden",
}  # fmt: skip
PAGE_FIELDS = {
    # schema, resolved: its fields, those required among them
    "projectWrite": ({"metadata", "spec"}, {"metadata", "spec"}),
    "projectRead": ({"metadata", "spec"}, {"metadata", "spec"}),
    "projectSpec": ({"groupIDs"}, {"groupIDs"}),
    "resourceMetadata": ({"name", "description", "tags"}, {"name"}),
    "tag": ({"name", "value"}, {"name", "value"}),
    "error": ({"error", "error_description"}, {"error", "error_description"}),
    "organizationScopedResourceReadMetadata": (
        {
            "name", "description", "tags", "id", "creationTime", "createdBy", "modifiedTime", "modifiedBy",
            "deletionTime",
            "provisioningStatus", "healthStatus", "organizationId",
        },
        {"name", "id", "creationTime", "provisioningStatus", "healthStatus", "organizationId"},
    ),
}  # fmt: skip


def resolved(schema: dict[str, Any], document: dict[str, Any] = DOCUMENT) -> dict[str, Any]:
    """A schema with references followed and allOf folded in."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return resolved(document["components"]["schemas"][name], document)
    folded: dict[str, Any] = {
        "properties": dict(schema.get("properties", {})),
        "required": list(schema.get("required", [])),
    }
    for part in schema.get("allOf", []):
        other = resolved(part, document)
        folded["properties"] |= other["properties"]
        folded["required"] += other["required"]
    return schema | folded


@pytest.mark.parametrize("name", PAGE_FIELDS)
def test_the_schemas_have_the_page_s_fields(name: str) -> None:
    schema = resolved(DOCUMENT["components"]["schemas"][name])
    assert (set(schema["properties"]), set(schema["required"])) == PAGE_FIELDS[name]


def test_creation_is_declared_as_on_the_page() -> None:
    post = DOCUMENT["paths"]["/api/v1/organizations/{organizationID}/projects"]["post"]
    assert set(post["responses"]) == PAGE_STATUSES
    assert post["security"] == [{"oauth2Authentication": []}]
    request = DOCUMENT["components"]["requestBodies"][post["requestBody"]["$ref"].rpartition("/")[2]]
    assert request["required"] is True
    assert list(request["content"]) == ["application/json"]
    schemas = DOCUMENT["components"]["schemas"]
    assert set(schemas["error"]["properties"]["error"]["enum"]) == PAGE_ERRORS
    assert set(schemas["resourceProvisioningStatus"]["enum"]) == {
        "unknown", "provisioning", "provisioned", "deprovisioning", "error"
    }  # fmt: skip
    assert set(schemas["resourceHealthStatus"]["enum"]) == {"unknown", "healthy", "degraded", "error"}
    assert schemas["kubernetesLabelValue"]["pattern"] == "^[0-9A-Za-z](?:[0-9A-Za-z-_.]{0,61}[0-9A-Za-z])?$"
    assert "type" not in schemas["resourceMetadata"]
    assert set(ERROR_CODES.values()) <= PAGE_ERRORS  # N3.4-2


@pytest.mark.parametrize("name", DIALECTS)
def test_each_operation_answers_with_what_the_document_declares(name: str) -> None:  # N5-5, N0-10
    dialect = DIALECTS[name]
    declared = {
        operation["operationId"]: {int(status) for status in operation["responses"]}
        for path in openapi_document(dialect)["paths"].values()
        for method, operation in path.items()
        if method in METHODS
    }
    for operation in OPERATIONS:
        if operation.name not in declared:
            assert "references" in operation.template
            continue
        conflict = {409} if operation.conflict_since_lock and dialect.put_collision is Collision.CONFLICT else set()
        assert operation.refusals | {operation.success} | conflict == declared[operation.name], operation.name


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
names = st.from_regex(r"[0-9A-Za-z\-_.\n ]{0,5}", fullmatch=True) | st.sampled_from(
    ["a", "A.b_c-d", "a" * 63, "a" * 64, "a\n"]
)


def either(good: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(good, good, good, json_values)


tags = st.lists(
    either(st.fixed_dictionaries({}, optional={"name": either(st.text()), "value": either(st.text())})), max_size=3
)
metadata = st.fixed_dictionaries(
    {}, optional={"name": either(names), "description": either(st.text()), "tags": either(tags), "more": json_values}
)
specs = st.fixed_dictionaries({}, optional={"groupIDs": either(st.lists(either(st.text(max_size=3)), max_size=3))})
bodies = either(
    st.fixed_dictionaries({}, optional={"metadata": either(metadata), "spec": either(specs), "x": json_values})
)

SCHEMA = jsonschema_rs.Draft202012Validator(
    {"$ref": "#/components/schemas/projectWrite", "components": DOCUMENT["components"]}
)


@settings(max_examples=500, deadline=None)
@given(bodies)
def test_a_body_is_accepted_exactly_where_the_schema_accepts_it(document: Any) -> None:
    try:
        validate(ProjectWrite, {"content-type": "application/json"}, json.dumps(document).encode(), terse=True)
        accepted = True
    except Refusal:
        accepted = False
    # OpenAPI 3.0 values are not null unless declared so, also where no type is.
    null_metadata = isinstance(document, dict) and document.get("metadata", "") is None
    assert accepted is (SCHEMA.is_valid(document) and not null_metadata)
