from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from project_operator.api.durations import parse_duration
from project_operator.api.names import CREDENTIALS_LABEL
from project_operator.api.v1alpha1.identitybackend import IdentityBackend
from project_operator.sandbox.demo import command
from project_operator.sandbox.demo.identity import IdentityServer
from project_operator.sandbox.demo.keystone import KeystoneServer
from project_operator.sandbox.demo.manifests import BACKEND, NAMESPACE, Pace, backend_manifests
from project_operator.sandbox.demo.nscale import NscaleServer
from project_operator.sandbox.demo.otc import OTCServer
from project_operator.sandbox.identity.keystone.admin_client import User
from project_operator.sandbox.identity.tls import TLSFiles
from project_operator.settings import Settings

_ANY: Any = SimpleNamespace()


@pytest.fixture
def nscale(tmp_path: Path) -> dict[str, Any]:
    bundle = TLSFiles.make(tmp_path).ca_bundle
    server: Any = NscaleServer(_ANY, "https://127.0.0.1:1", "o", 'to"ken', bundle, tmp_path, _ANY, _ANY)
    return applied(server)


@pytest.fixture
def keystone(tmp_path: Path) -> dict[str, Any]:
    real: Any = SimpleNamespace(url="https://127.0.0.1:1/v3", ca_bundle=TLSFiles.make(tmp_path).ca_bundle)
    return applied(KeystoneServer(real, "id", User("id", "operator", "domain", 'pass"word'), tmp_path))


@pytest.fixture
def otc(tmp_path: Path) -> dict[str, Any]:
    bundle = TLSFiles.make(tmp_path).ca_bundle
    return applied(OTCServer(_ANY, "https://127.0.0.1:1", "account", "eu-de", "robot", 'pass"word', bundle, _ANY, _ANY))


def applied(server: IdentityServer) -> dict[str, Any]:
    documents = yaml.safe_load_all(backend_manifests(server.member, server.secret, server.settings))
    return {document["kind"]: document for document in documents}


@pytest.fixture(params=["nscale", "keystone", "otc"])
def documents(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(request.param)


def test_the_backend_object_is_valid_and_trusts_the_servers_authority(
    nscale: dict[str, Any], keystone: dict[str, Any]
) -> None:
    first, second = (IdentityBackend.parse(each["IdentityBackend"]).spec for each in (nscale, keystone))
    assert first.nscale is not None
    assert second.keystone is not None
    for bundle in (first.nscale.ca_bundle, second.keystone.ca_bundle):
        assert bundle is not None
        assert bundle.startswith("-----BEGIN CERTIFICATE-----\n")


def test_where_projects_would_stay_the_demo_has_them_deleted(otc: dict[str, Any]) -> None:
    spec = IdentityBackend.parse(otc["IdentityBackend"]).spec
    assert spec.open_telekom_cloud is not None
    assert spec.open_telekom_cloud.region_prefix == "Prepend", "the example's name has no region"
    assert spec.deletion_policy == "Delete"


def test_the_backend_object_is_the_one_that_projects_need_not_name(documents: dict[str, Any]) -> None:
    assert IdentityBackend.parse(documents["IdentityBackend"]).metadata.name == BACKEND == Settings().default_backend


def test_the_secret_is_the_one_that_the_backend_names_and_may_be_used(documents: dict[str, Any]) -> None:
    backend, secret = IdentityBackend.parse(documents["IdentityBackend"]), documents["Secret"]
    assert secret["metadata"]["name"] == backend.spec.secret_ref.name
    assert secret["metadata"]["labels"] == {CREDENTIALS_LABEL: "true"}


def test_the_secret_holds_the_credential(nscale: dict[str, Any], keystone: dict[str, Any]) -> None:
    assert nscale["Secret"]["stringData"] == {"token": 'to"ken'}
    assert keystone["Secret"]["stringData"] == {"username": "operator", "password": 'pass"word'}


def test_everything_is_in_the_namespace_of_the_demo(documents: dict[str, Any]) -> None:
    assert documents["Namespace"]["metadata"]["name"] == NAMESPACE
    assert {documents[kind]["metadata"]["namespace"] for kind in ("Secret", "IdentityBackend")} == {NAMESPACE}


@pytest.mark.parametrize("pace", [Pace(), command._PACE, command._PACE_ONCE])
def test_the_server_keeps_the_bounds_that_are_said_of_it(documents: dict[str, Any], pace: Pace) -> None:
    bounds = IdentityBackend.parse(documents["IdentityBackend"]).spec.consistency
    assert pace.read_lag < parse_duration(bounds.read_lag).total_seconds()
