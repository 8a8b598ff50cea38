"""One operator for all scenarios; a namespace and an identity server for each."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Final

import pytest
from audit import AuditLog
from operator_process import OperatorProcess
from scenario import Scenario, install_definitions

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
    if report.failed and call.when == "call":
        acted = [value for value in getattr(item, "funcargs", {}).values() if isinstance(value, Scenario)]
        report.sections.extend(("scenario", one.report()) for one in acted[:1])
    return report


def account(control_plane: ControlPlane) -> Path:
    """The kubeconfig of a ServiceAccount for the operator."""
    binding = ["--clusterrole=cluster-admin", f"--serviceaccount={NAMESPACE}:{ACCOUNT}"]
    control_plane.kubectl("create", "namespace", NAMESPACE)
    control_plane.kubectl("create", "serviceaccount", ACCOUNT, f"--namespace={NAMESPACE}")
    control_plane.kubectl("create", "clusterrolebinding", ACCOUNT, *binding)
    return control_plane.service_account_kubeconfig(NAMESPACE, ACCOUNT)


def recorded(control_plane: ControlPlane) -> AuditLog | None:
    """What the operator writes, where that is recorded."""
    try:
        return AuditLog(control_plane.audit_log, f"system:serviceaccount:{NAMESPACE}:{ACCOUNT}")
    except SandboxError:
        return None


@pytest.fixture(scope="session")
def operator_kubeconfig(control_plane: ControlPlane) -> Path:
    """Who the operator of the session is; our definitions are there when it starts."""
    install_definitions(control_plane)
    return account(control_plane)


@pytest.fixture(scope="session")
def operator(operator_kubeconfig: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OperatorProcess]:
    """The operator of the session, started as a person starts it."""
    log = tmp_path_factory.mktemp("operator") / "operator.log"
    with OperatorProcess(operator_kubeconfig, log) as process:
        yield process.wait_ready()
        assert process.running, f"the operator ended by itself:\n{process.last_lines()}"


def title(request: pytest.FixtureRequest) -> str:
    """What a scenario is called: its namespace begins with it."""
    return request.path.stem.removeprefix("test_").replace("_", "-")


@pytest.fixture(scope="session")
def audit(control_plane: ControlPlane) -> AuditLog | None:
    """What the operator of the session wrote."""
    return recorded(control_plane)


@pytest.fixture
def bare_scenario(
    control_plane: ControlPlane, operator: OperatorProcess, audit: AuditLog | None, request: pytest.FixtureRequest
) -> Iterator[Scenario]:
    """An empty namespace and an identity server that nobody refers to yet."""
    made = Scenario(control_plane, operator, audit, title(request))
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


@pytest.fixture(scope="session")
def expendable_plane(pytestconfig: pytest.Config) -> Iterator[ControlPlane]:
    """A control plane for what would disturb everybody else."""
    if pytestconfig.getoption("--kind"):
        pytest.skip(
            "takes away our definitions and starts operators of its own, so it needs a control plane of its own"
        )
    with ControlPlane.start() as plane:
        yield plane


@pytest.fixture(scope="session")
def expendable_kubeconfig(expendable_plane: ControlPlane) -> Path:
    """Who the operators there are."""
    return account(expendable_plane)


@pytest.fixture
def expendable(
    expendable_plane: ControlPlane, expendable_kubeconfig: Path, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[Scenario]:
    """A control plane without our definitions, with an operator that has just been started."""
    with OperatorProcess(expendable_kubeconfig, tmp_path / "operator.log") as process:
        made = Scenario(expendable_plane, process, recorded(expendable_plane), title(request))
        made.open()
        try:
            yield made
        finally:
            made.close()
            expendable_plane.kubectl("delete", "--kustomize=crds/", "--ignore-not-found", "--timeout=30s")
