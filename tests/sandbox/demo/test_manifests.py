from pathlib import Path
from typing import Any

import pytest
import yaml

from project_operator.api.durations import parse_duration
from project_operator.api.names import CREDENTIALS_LABEL
from project_operator.api.v1alpha1.identitybackend import IdentityBackend
from project_operator.sandbox.demo import command
from project_operator.sandbox.demo.manifests import BACKEND, NAMESPACE, Pace, backend_manifests
from project_operator.sandbox.identity.tls import TLSFiles
from project_operator.settings import Settings


@pytest.fixture
def documents(tmp_path: Path) -> dict[str, Any]:
    text = backend_manifests("https://127.0.0.1:1", 'to"ken', TLSFiles.make(tmp_path).ca_bundle)
    return {document["kind"]: document for document in yaml.safe_load_all(text)}


def test_the_backend_object_is_valid_and_trusts_the_servers_authority(documents: dict[str, Any]) -> None:
    backend = IdentityBackend.parse(documents["IdentityBackend"])
    assert backend.spec.nscale is not None
    assert backend.spec.nscale.ca_bundle is not None
    assert backend.spec.nscale.ca_bundle.startswith("-----BEGIN CERTIFICATE-----\n")
    assert backend.metadata.name == BACKEND == Settings().default_backend


def test_the_secret_is_the_one_that_the_backend_names_and_may_be_used(documents: dict[str, Any]) -> None:
    backend, secret = IdentityBackend.parse(documents["IdentityBackend"]), documents["Secret"]
    assert secret["metadata"]["name"] == backend.spec.secret_ref.name
    assert secret["metadata"]["labels"] == {CREDENTIALS_LABEL: "true"}
    assert secret["stringData"] == {"token": 'to"ken'}


def test_everything_is_in_the_namespace_of_the_demo(documents: dict[str, Any]) -> None:
    assert documents["Namespace"]["metadata"]["name"] == NAMESPACE
    assert {documents[kind]["metadata"]["namespace"] for kind in ("Secret", "IdentityBackend")} == {NAMESPACE}


@pytest.mark.parametrize("pace", [Pace(), command._PACE, command._PACE_ONCE])
def test_the_server_keeps_the_bounds_that_are_said_of_it(documents: dict[str, Any], pace: Pace) -> None:
    bounds = IdentityBackend.parse(documents["IdentityBackend"]).spec.consistency
    assert pace.read_lag < parse_duration(bounds.read_lag).total_seconds()
