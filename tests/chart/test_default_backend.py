"""The default backend may be of any vendor: what its definition takes, with the Secret put where its credential is."""

from typing import Any, Final

import helm
import jsonschema_rs
import pytest
from chart_installation import only
from default_backends import EXAMPLES, backend_values, default_backend, example
from rendered_chart import BACKEND, NAMESPACE, of_kind, rendered

from project_operator.api.names import FINALIZER
from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.settings import load_settings


def closed(schema: Any) -> Any:
    """The same, that takes no field it does not know, as the API server with strict validation."""
    if isinstance(schema, list):
        return [closed(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: closed(one) for name, one in schema.items()} | (
        {"additionalProperties": False} if isinstance(schema.get("properties"), dict) and "type" in schema else {}
    )


def definition() -> dict[str, Any]:
    path = helm.ROOT / "crds" / "identitybackends.identity.project-operator.dev.yaml"
    (document,) = helm.objects(path.read_text(encoding="utf-8"))
    spec: dict[str, Any] = document["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    return spec


SCHEMA: Final = jsonschema_rs.Draft202012Validator(closed(definition()))


def complaints(spec: dict[str, Any]) -> list[str]:
    return [error.message for error in SCHEMA.iter_errors(spec)]


def test_there_is_an_example_of_every_member_of_the_union() -> None:
    assert EXAMPLES.keys() == {IdentityBackendSpec.model_fields[one].alias for one in IdentityBackendSpec.one_of}


@pytest.mark.parametrize("vendor", EXAMPLES)
def test_a_default_backend_is_what_a_person_would_have_written(vendor: str) -> None:
    spec = default_backend(backend_values(vendor))["spec"]
    assert spec == example(vendor)["spec"]
    assert complaints(spec) == []


def test_a_field_that_the_definition_does_not_know_is_seen() -> None:
    spec = default_backend(backend_values("keystone"))["spec"]
    assert "domains" in "".join(complaints({**spec, "keystone": {**spec["keystone"], "domains": {"name": "acme"}}}))


def test_a_field_that_the_definition_does_not_know_is_refused_and_named() -> None:
    values = backend_values("keystone")
    values["defaultBackend"]["keystone"]["domains"] = {"name": "acme"}
    assert "at '/defaultBackend/keystone': additional properties 'domains' not allowed" in helm.refusal(values)


def test_one_secret_is_for_every_way_in_that_has_none_of_its_own() -> None:
    ways = {"serviceAccountToken": {"rotation": {}}, "clientCertificate": {"secretRef": {"name": "certificate"}}}
    block = {"url": "https://identity.example.com", "auth": ways}
    secret = {"name": "credentials", "key": "bearer"}
    values = {"defaultBackend": {"enabled": True, "nscale": block, "existingSecret": secret}}
    assert default_backend(values)["spec"]["nscale"]["auth"] == {
        "serviceAccountToken": {"rotation": {}, "secretRef": secret},
        "clientCertificate": {"secretRef": {"name": "certificate"}},
    }


def test_the_default_backend_stays_on_uninstall_and_holds_no_credential() -> None:
    backend = only(rendered({"defaultBackend": BACKEND}), "IdentityBackend")
    assert (backend["metadata"]["name"], backend["metadata"]["namespace"]) == ("default", NAMESPACE)
    assert backend["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    assert FINALIZER not in backend["metadata"].get("finalizers", [])
    assert backend["spec"] == {
        "nscale": {
            "url": "https://identity.example.com",
            "auth": {"serviceAccountToken": {"secretRef": {"name": "token"}}},
        }
    }
    assert load_settings().default_backend == backend["metadata"]["name"]


def test_there_is_neither_a_backend_nor_a_secret_unless_asked_for(values: dict[str, Any]) -> None:
    wanted = values.get("defaultBackend", {}).get("enabled", False)
    assert len(of_kind(rendered(values), "IdentityBackend")) == int(wanted)
    assert of_kind(rendered(values), "Secret") == []
