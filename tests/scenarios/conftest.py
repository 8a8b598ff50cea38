"""One operator for all scenarios; a namespace and an identity server for each."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Final

import in_kind
import pytest
from audit import AuditLog
from chart_installation import Installation, install
from command_line import CommandLine
from operator_process import QUICK, OperatorProcess
from rights import Right
from rights_used import RightsUsed
from scenario import Scenario, Scene

from project_operator.errors import SandboxError
from project_operator.kube.resources import IDENTITY_BACKENDS, SECRETS
from project_operator.sandbox.controlplane.plane import ControlPlane

FIGURES: Final = "figures"
"""A property of a test (`record_property`) that is printed at the end."""
HERE: Final = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # before xdist, which reads the marks in a hook of the same name
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.scenario)
            item.add_marker(pytest.mark.needs_real)
            if {"expendable", "expendable_plane"} & set(getattr(item, "fixturenames", ())):
                # One worker starts the second control plane (--dist=loadgroup). The former asks for the latter late.
                item.add_marker(pytest.mark.xdist_group("expendable"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure shows what a person would look at: objects, Events, requests, the operator's log."""
    report = yield
    if report.failed and call.when == "call":
        acted = [value for value in getattr(item, "funcargs", {}).values() if isinstance(value, Scene)]
        report.sections.extend(("scenario", one.report()) for one in acted[:1])
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Figures that scenarios recorded, for people."""
    for report in terminalreporter.getreports("passed"):
        for name, figures in report.user_properties:
            if name == FIGURES and report.when == "call":
                terminalreporter.write_line(str(figures))


RIGHTS_USED: Final = "rights-used"
"""Name of the plugin that counts them."""
_ONE_ALONE = "one operator is alone here; the release in tests/chart shares its backends by Leases"
EXEMPT: Final = {
    **{Right("coordination.k8s.io", "leases", verb): _ONE_ALONE for verb in ("list", "create", "patch", "delete")},
    Right("identity.project-operator.dev", "projects", "get"): "after a write that met a conflict or got no answer",
    Right("identity.project-operator.dev", "identitybackends", "get"): "likewise",
    Right("identity.project-operator.dev", "clusteridentitybackends", "get"): "likewise",
    Right("events.k8s.io", "events", "patch"): "counts what is said a second time within the hour",
}
"""Rights that the scenarios need not use, and why the operator has them all the same."""


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(RightsUsed(config, HERE, EXEMPT), RIGHTS_USED)


RIGHTS: Final = {
    "secrets": {"clusterWide": True, "rotation": True},
    "outgoingAddresses": {"readNodes": True},
    "admissionPolicies": {"deletionProtection": False, "definitions": False, "finalizers": False},
}
"""Values of the chart: each scenario has a namespace of its own, with a Secret in it; some make another. What the
API server may refuse is shown by the scenarios of accidents alone: the others show what the operator does without.
"""


def recorded(control_plane: ControlPlane, installation: Installation) -> AuditLog | None:
    """What the operator writes, where that is recorded."""
    try:
        return AuditLog(control_plane.audit_log, installation.user)
    except SandboxError:
        return None


@pytest.fixture(scope="session")
def installation(request: pytest.FixtureRequest, control_plane: ControlPlane) -> Installation:
    """The chart: definitions, rights, and the ServiceAccount that the operator of the session is."""
    if not request.config.getoption("--kind"):
        return install(control_plane, RIGHTS)
    address = in_kind.prepare(request.getfixturevalue("kind_cluster"))
    return install(control_plane, in_kind.values(RIGHTS, address))


@pytest.fixture(scope="session")
def audit(control_plane: ControlPlane, installation: Installation) -> AuditLog | None:
    """What the operator of the session wrote."""
    return recorded(control_plane, installation)


@pytest.fixture(scope="session")
def operator(
    installation: Installation,
    audit: AuditLog | None,
    tmp_path_factory: pytest.TempPathFactory,
    pytestconfig: pytest.Config,
    control_plane: ControlPlane,
) -> Iterator[OperatorProcess]:
    """The operator of the session, started as its Deployment starts it, with quicker settings; kind has it in pods."""
    if pytestconfig.getoption("--kind"):
        with in_kind.OperatorPods(control_plane, installation.namespace) as pods:
            yield pods.wait_ready()
        return
    log = tmp_path_factory.mktemp("operator") / "operator.log"
    with OperatorProcess(installation.kubeconfig, log, installation.settings | QUICK) as process:
        yield process.wait_ready()
        assert process.running, f"the operator ended by itself:\n{process.last_lines()}"
    note_rights(pytestconfig, installation, audit)


def note_rights(config: pytest.Config, installation: Installation, audit: AuditLog | None) -> None:
    """What an operator did is told to the run, which counts the rights."""
    plugin = config.pluginmanager.get_plugin(RIGHTS_USED)
    assert isinstance(plugin, RightsUsed)
    plugin.note(installation, audit)


def title(request: pytest.FixtureRequest) -> str:
    """What a scenario is called: its namespace begins with it."""
    return request.path.stem.removeprefix("test_").replace("_", "-")


@pytest.fixture
def bare_scenario(request: pytest.FixtureRequest) -> Iterator[Scenario]:
    """An empty namespace and an identity server that nobody refers to yet."""
    # Asked for only now, so that without a real API server the test is skipped before anything is installed.
    control_plane, operator, audit = map(request.getfixturevalue, ("control_plane", "operator", "audit"))
    made = Scenario(control_plane, operator, audit, title(request))
    made.open()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def scenario(bare_scenario: Scenario) -> Scenario:
    """The same with the default backend, Ready."""
    bare_scenario.objects.create(SECRETS, bare_scenario.secret())
    bare_scenario.objects.create(IDENTITY_BACKENDS, bare_scenario.backend())
    bare_scenario.wait_ready("default", kind="IdentityBackend")
    return bare_scenario


@pytest.fixture(scope="session")
def expendable_plane(given_cluster: bool) -> Iterator[ControlPlane]:  # noqa: FBT001 - a fixture
    """A control plane for what would disturb everybody else."""
    if given_cluster:
        pytest.skip(
            "takes away our definitions and starts operators of its own, so it needs a control plane of its own"
        )
    with ControlPlane.start() as plane:
        yield plane


@pytest.fixture(scope="session")
def expendable_installation(expendable_plane: ControlPlane) -> Installation:
    """The chart without our definitions."""
    return install(expendable_plane, RIGHTS | {"crds": {"enabled": False}})


@pytest.fixture
def expendable(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scenario]:
    """A control plane without our definitions, with an operator that has just been started; other settings than the
    quick ones are its parameter.
    """
    # Asked for only now, for the same reason.
    plane: ControlPlane = request.getfixturevalue("expendable_plane")
    installation: Installation = request.getfixturevalue("expendable_installation")
    settings = installation.settings | QUICK | getattr(request, "param", {})
    with OperatorProcess(installation.kubeconfig, tmp_path / "operator.log", settings) as process:
        audit = recorded(plane, installation)
        made = Scenario(plane, process, audit, title(request))
        made.open()
        try:
            yield made
        finally:
            made.close()
            plane.kubectl("delete", "--kustomize=crds/", "--ignore-not-found", "--timeout=60s")
    note_rights(request.config, installation, audit)


@pytest.fixture
def command_line(
    control_plane: ControlPlane, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    """The command line, as the administrator of the cluster."""
    return CommandLine(control_plane.kubeconfig, monkeypatch, capsys)
