"""Values that the chart is tried with, and one release of it for all who look at one."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import helm
import pytest
import yaml
from chart_installation import restricted_namespace
from helm_release import DryRun, HelmRelease
from hosting import KEPT
from scenario import PROMPT, SECRET

from project_operator.sandbox.controlplane.plane import ControlPlane
from project_operator.sandbox.identity.nscale.embedded import EmbeddedIdentityServer

QUICK: Final = {
    "ALLOW_HTTP": "true",
    "LOG_FORMAT": "text",
    "SEND_VALIDITY": "1",
    "POLL_FASTEST": "0.1",
    "POLL_SLOWEST": "1",
    "RESYNC_INTERVAL": "2",
}
"""Settings of the operator, without their prefix, by which a test sees in seconds what takes minutes in earnest."""


def name_of(path: Path) -> str:
    return path.name.removesuffix("-values.yaml")


@pytest.fixture(params=[None, *helm.TRIED_VALUES], ids=lambda path: name_of(path) if path else "default")
def values(request: pytest.FixtureRequest) -> dict[str, Any]:
    """No values, and then those of each file in the chart's `ci`.

    With definitions by default, and where a file names them: they are nine tenths of what is rendered, and the same
    wherever nothing is said of them.
    """
    chosen: dict[str, Any] = yaml.safe_load(request.param.read_text(encoding="utf-8")) if request.param else {}
    return {"crds": {"enabled": request.param is None}} | chosen


@pytest.fixture(scope="session")
def identity() -> Iterator[EmbeddedIdentityServer]:
    """What the default backend of the release refers to."""
    with EmbeddedIdentityServer(PROMPT, keep_alive=KEPT) as server:
        yield server


@pytest.fixture(scope="session")
def early(control_plane: ControlPlane) -> HelmRelease:
    """Not installed: a release with a default backend and without definitions, in a namespace of its own."""
    namespace = json.dumps(restricted_namespace("early"))
    control_plane.kubectl("apply", "--server-side", "-f", "-", stdin=namespace)
    backend = {"nscale": {"url": "https://identity.example.com"}, "existingSecret": {"name": "token"}}
    values = {"crds": {"enabled": False}, "defaultBackend": {"enabled": True, **backend}}
    return HelmRelease(control_plane, values, "early", "early")


@pytest.fixture(scope="session")
def before_the_definitions(early: HelmRelease) -> DryRun:
    """What Helm makes of the default backend where no API server knows the kind yet."""
    return early.dry_run()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="session")
def release(
    control_plane: ControlPlane, identity: EmbeddedIdentityServer, before_the_definitions: DryRun
) -> HelmRelease:
    """Installed; whoever changes or removes it brings it back."""
    assert before_the_definitions.manifest, "the control plane was to have no definitions before"
    values = {
        "health": {"address": "127.0.0.1", "port": free_port()},
        "outgoingAddresses": {"allowed": ["127.0.0.0/8"]},
        "extraEnv": [{"name": f"PROJECT_OPERATOR_{name}", "value": value} for name, value in QUICK.items()],
        "defaultBackend": {
            "enabled": True,
            "nscale": {"url": identity.url, "organization": {"id": identity.organization_id}},
            "existingSecret": {"name": SECRET},
            "spec": {"interval": "1s", "timeout": "1s", "consistency": {"readLag": "300ms"}},
        },
    }
    return HelmRelease(control_plane, values).install()
