"""What the chart takes as its default backend, in `values.schema.json`: what the definition of IdentityBackend takes.

    chart_schema.py [--check]

Writes the schemas of the vendors and of `defaultBackend.spec`; the rest of the file is people's. They are closed, so
that a misspelt field is refused: the API server would drop it, with a warning that Helm's user may never see, and go on
with what holds by default. With `--check` it says whether the file is out of date, and exits 1 if it is.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from project_operator.api.crd import openapi_schema
from project_operator.api.kinds import KINDS
from project_operator.api.v1alpha1.identitybackend import IdentityBackend, IdentityBackendSpec

ROOT: Final = Path(__file__).resolve().parent.parent
SCHEMA: Final = ROOT / "deploy" / "charts" / "project-operator" / "values.schema.json"
MEND: Final = "make generate"
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


def rendered(present: str) -> str:
    """The file's text brought up to date."""
    schema = json.loads(present)
    schema["properties"]["defaultBackend"]["properties"] |= generated()
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description="Write what values.schema.json says of the default backend.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if the file is not up to date")
    check = parser.parse_args().check
    present = SCHEMA.read_text(encoding="utf-8")
    text = rendered(present)
    if text == present:
        return 0
    if check:
        print(f"{SCHEMA.relative_to(ROOT)} is out of date; run: {MEND}", file=sys.stderr)
        return 1
    SCHEMA.write_text(text, encoding="utf-8")
    print(SCHEMA.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
