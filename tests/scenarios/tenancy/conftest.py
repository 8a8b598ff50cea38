"""Two tenants, and a server that means harm."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from rogue_server import RogueServer
from scenario import Scenario

from project_operator.kube.resources import IDENTITY_BACKENDS, PROJECTS, SECRETS


@pytest.fixture
def neighbour(scenario: Scenario) -> Iterator[Scenario]:
    """Another namespace, for the same identity server and operator; nothing is in it yet."""
    made = Scenario(
        scenario.control_plane,
        scenario.operator,
        scenario.audit,
        f"{scenario.title}-neighbour",
        identity=scenario.identity,
    )
    made.objects.make_namespace()
    yield made
    for resource in (PROJECTS, IDENTITY_BACKENDS, SECRETS):
        made.objects.remove_all(resource)
    made.objects.close()


@pytest.fixture
def shared(bare_scenario: Scenario) -> Scenario:
    """A namespace with a ClusterIdentityBackend that selects it, Ready."""
    bare_scenario.apply_secret()
    bare_scenario.apply(bare_scenario.cluster_backend())
    bare_scenario.wait_ready(bare_scenario.namespace, kind="ClusterIdentityBackend")
    return bare_scenario


@pytest.fixture
def rogue() -> Iterator[Callable[..., RogueServer]]:
    """Start such servers: the status, the body, and headers with `_` for `-`."""
    with ExitStack() as stack:

        def start(status: int, body: bytes = b"", **headers: str) -> RogueServer:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return stack.enter_context(RogueServer(status, body, named))

        yield start
