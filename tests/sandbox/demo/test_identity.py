"""What a demo's identity server says of itself is what a backend object needs, and its end is the vendor's."""

import io
from ipaddress import ip_network
from pathlib import Path

import pytest
import yaml

from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.backends.addresses import AddressRules
from project_operator.backends.base import ProjectContent
from project_operator.backends.calls import TransportSettings
from project_operator.backends.registry import shipped
from project_operator.backends.vendor import Surroundings
from project_operator.sandbox.controlplane.report import Report
from project_operator.sandbox.demo.identity import serving
from project_operator.sandbox.demo.manifests import Pace

MARK = "iproj1:0123456789abcdef:0123456789abcdef:01234567:4c7d1b9e-5a80-4d0e-9b36-2f6e8a7c1d05"
LOOPBACK = TransportSettings(addresses=AddressRules(allowed=(ip_network("127.0.0.0/8"),)))


@pytest.mark.parametrize(
    ("backend", "end", "left"),
    [
        ("k5", "switched off, with its mark", ProjectContent("there", mark=MARK, enabled=False)),
        ("csp", "left as it is, without its mark", ProjectContent("there", mark="orphaned")),
    ],
)
async def test_it_can_be_connected_to_and_tells_the_end(
    tmp_path: Path, backend: str, end: str, left: ProjectContent
) -> None:
    with serving(backend, Pace(read_lag=0.0), tmp_path, Report(io.StringIO())) as server:
        spec = IdentityBackendSpec.model_validate(yaml.safe_load(server.member + server.settings))
        secret = {key: value.encode() for key, value in server.secret.items()}
        connection = shipped().vendor_of(spec).open(spec, secret, Surroundings(LOOPBACK))
        await connection.connect()
        made = await connection.create_project(ProjectContent("there", mark=MARK), before_send=lambda: None)
        assert (server.deletion, server.projects(), server.ended(made.id)) == (end, frozenset({made.id}), False)
        there = await connection.get_project(made.id)
        await connection.update_project(there, left, before_send=lambda: None)
        assert server.ended(made.id)
        await connection.aclose()
        first, *_ = server.lessons("there", "project.yaml")
        assert first.title.startswith("Rename it in")
