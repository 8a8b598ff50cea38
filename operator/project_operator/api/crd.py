"""CustomResourceDefinitions out of the models: the same models always give the same text."""

from typing import Any, Final

import yaml

from project_operator.api.kinds import Column, Kind
from project_operator.api.names import GROUP, VERSION
from project_operator.api.schema import JsonSchema
from project_operator.api.structural import structural_schema

HEADER: Final = "# Generated from operator/project_operator/api by `project-operator generate`; do not edit.\n"

UNSEEN_STATUS: Final = {"observedGeneration": -1}
"""What a new object's status is until the operator has looked: kstatus then says InProgress, and not Current."""

_IDENTITY: Final = {
    "apiVersion": {
        "description": "Version of the schema that this object is written in.",
        "type": "string",
    },
    "kind": {
        "description": "Kind of this object.",
        "type": "string",
    },
    "metadata": {
        "type": "object",
    },
}


def crd_name(kind: Kind) -> str:
    """The name of the definition, and of its file without the ending."""
    return f"{kind.plural}.{GROUP}"


def openapi_schema(kind: Kind) -> JsonSchema:
    """The structural schema of the whole object."""
    schema = structural_schema(kind.model, without=frozenset({"metadata"}))
    schema["properties"] = _IDENTITY | schema["properties"]
    schema["properties"]["status"]["default"] = dict(UNSEEN_STATUS)
    return schema


def custom_resource_definition(kind: Kind) -> dict[str, Any]:
    """The definition of ``kind``, apiextensions.k8s.io/v1."""
    version: dict[str, Any] = {
        "name": VERSION,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [_column(column) for column in kind.columns],
        "schema": {"openAPIV3Schema": openapi_schema(kind)},
    }
    if kind.selectable:
        version["selectableFields"] = [{"jsonPath": path} for path in kind.selectable]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": crd_name(kind)},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "names": {
                "kind": kind.kind,
                "listKind": f"{kind.kind}List",
                "plural": kind.plural,
                "singular": kind.kind.lower(),
                "shortNames": [kind.short_name],
                "categories": [kind.category],
            },
            "conversion": {"strategy": "None"},
            "versions": [version],
        },
    }


def _column(column: Column) -> dict[str, Any]:
    shown = {
        "name": column.name,
        "type": column.type,
        "description": column.description,
        "jsonPath": column.path,
    }
    return shown | ({"priority": 1} if column.wide else {})


class _Dumper(yaml.SafeDumper):
    """Writes shared values out each time instead of with anchors."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - the signature is PyYAML's
        return True


def to_yaml(document: Any) -> str:
    """``document`` as YAML: keys in their own order, lines of at most 120 characters where a string can be folded."""
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return text


def crd_yaml(kind: Kind) -> str:
    """The definition of ``kind`` as the file that is committed."""
    return HEADER + to_yaml(custom_resource_definition(kind))


def kustomization_yaml(kinds: tuple[Kind, ...]) -> str:
    """What lets ``kubectl apply --server-side -k crds/`` find the definitions."""
    return HEADER + to_yaml(
        {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "resources": [f"{crd_name(kind)}.yaml" for kind in kinds],
        }
    )
