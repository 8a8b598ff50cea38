"""One operator for all scenarios; a namespace and an identity server for each."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Final

import pytest
from audit import AuditLog
from operator_process import OperatorProcess
from scenario import Scenario

from project_operator.api.crd import crd_name
from project_operator.api.kinds import KINDS
from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane.plane import ControlPlane

NAMESPACE: Final = "project-operator"
ACCOUNT: Final = "project-operator"
HERE: Final = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.scenario)
            item.add_marker(pytest.mark.needs_real)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure shows what a person would look at: objects, Events, requests, the operator's log."""
    report = yield
    failed = getattr(item, "funcargs", {}).get("scenario")
    if report.failed and call.when == "call" and failed is not None:
        report.sections.append(("scenario", failed.report()))
    return report


def install(control_plane: ControlPlane) -> Path:
    """Definitions, ServiceAccount and rights; the ServiceAccount's kubeconfig."""
    control_plane.kubectl("apply", "--server-side", "-k", "crds/")
    for kind in KINDS:
        control_plane.kubectl("wait", "--for=condition=Established", f"crd/{crd_name(kind)}", "--timeout=30s")
    return account(control_plane)


def account(control_plane: ControlPlane) -> Path:
    """The kubeconfig of the operator's ServiceAccount."""
    control_plane.kubectl("create", "namespace", NAMESPACE)
    control_plane.kubectl("create", "serviceaccount", ACCOUNT, f"--namespace={NAMESPACE}")
    control_plane.kubectl(
        "create",
        "clusterrolebinding",
        ACCOUNT,
        "--clusterrole=cluster-admin",
        f"--serviceaccount={NAMESPACE}:{ACCOUNT}",
    )
    return control_plane.service_account_kubeconfig(NAMESPACE, ACCOUNT)


@pytest.fixture(scope="session")
def operator_kubeconfig(control_plane: ControlPlane) -> Path:
    """Who the operator is, with all that it needs to be there."""
    return install(control_plane)


@pytest.fixture(scope="session")
def operator(operator_kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OperatorProcess]:
    """The operator of the session, started as a person starts it."""
    log = tmp_path_factory.mktemp("operator") / "operator.log"
    with OperatorProcess(operator_kubeconfig, log) as process:
        yield process.wait_ready()
        assert process.running, f"the operator ended by itself:\n{process.last_lines()}"


@pytest.fixture(scope="session")
def audit(control_plane: ControlPlane) -> AuditLog | None:
    """What the operator wrote, where that is recorded."""
    try:
        return AuditLog(control_plane.audit_log, f"system:serviceaccount:{NAMESPACE}:{ACCOUNT}")
    except SandboxError:
        return None


@pytest.fixture
def bare_scenario(
    control_plane: ControlPlane, operator: OperatorProcess, audit: AuditLog | None, request: pytest.FixtureRequest
) -> Iterator[Scenario]:
    """An empty namespace and an identity server that nobody refers to yet."""
    title = request.path.stem.removeprefix("test_").replace("_", "-")
    made = Scenario(control_plane, operator, audit, title)
    made.open()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def scenario(bare_scenario: Scenario) -> Scenario:
    """The same with the default backend, Ready."""
    bare_scenario.apply(bare_scenario.secret(), bare_scenario.backend())
    bare_scenario.wait_ready("default", kind="IdentityBackend")
    return bare_scenario
