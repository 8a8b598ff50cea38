"""What the chart takes as its default backend, in `values.schema.json`: what the definition of IdentityBackend takes.

Generated are the schemas of the vendors and of `defaultBackend.spec`; the rest of the file is people's. They are
closed, so that a misspelt field is refused: the API server would drop it, with a warning that Helm's user may never
see, and go on with what holds by default.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from project_operator.api.crd import openapi_schema
from project_operator.api.kinds import KINDS
from project_operator.api.v1alpha1.identitybackend import IdentityBackend, IdentityBackendSpec

ROOT: Final = Path(__file__).resolve().parent.parent
SCHEMA: Final = ROOT / "deploy" / "charts" / "project-operator" / "values.schema.json"
KEPT: Final = ("description", "type", "enum", "minimum", "maximum", "maxLength", "maxItems", "required")
"""Keywords that a schema for values shares with one for a definition. Rules (CEL) are the API server's to check."""
VENDORS: Final = tuple(str(IdentityBackendSpec.model_fields[name].alias) for name in IdentityBackendSpec.one_of)
OF_THE_DEFINITION: Final = frozenset(f"defaultBackend.{name}" for name in (*VENDORS, "spec"))
"""The values whose schemas are generated."""
WITHOUT_SECRET: Final = 3
"""A vendor, its `auth`, and a way in: values may leave out there what the templates put in, and say so themselves where
it is missing."""


def closed(schema: Mapping[str, Any], optional: int = 0) -> dict[str, Any]:
    """A schema of the definition as one for values, which takes no field that it does not name. In so many levels from
    the top no field is required.
    """
    kept = {keyword: schema[keyword] for keyword in KEPT if keyword in schema}
    if "items" in schema:
        kept["items"] = {"description": "One of them.", **closed(schema["items"])}
    if "properties" in schema:
        if optional:
            kept.pop("required", None)
        kept["additionalProperties"] = False
        kept["properties"] = {name: closed(child, max(optional - 1, 0)) for name, child in schema["properties"].items()}
    return kept


def generated() -> dict[str, dict[str, Any]]:
    """The schemas of vendors and `spec`, by their names below `defaultBackend`."""
    kind = next(kind for kind in KINDS if kind.model is IdentityBackend)
    spec = openapi_schema(kind)["properties"]["spec"]
    others = {name: child for name, child in spec["properties"].items() if name not in VENDORS}
    further = {**spec, "description": "Further fields of IdentityBackend.spec.", "properties": others}
    return {
        **{vendor: closed(spec["properties"][vendor], WITHOUT_SECRET) for vendor in VENDORS},
        "spec": closed(further),
    }


def rendered() -> dict[Path, str]:
    """The file and its text, brought up to date."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    schema["properties"]["defaultBackend"]["properties"] |= generated()
    return {SCHEMA: json.dumps(schema, indent=2, ensure_ascii=False) + "\n"}
