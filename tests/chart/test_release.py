"""The life of a release on a real API server: installed, at work, upgraded, rolled back, uninstalled, installed again.

The operator is what the Deployment would run, as the chart's ServiceAccount: it is refused nothing, and is given
nothing that it does not use. It finds the API server as in a pod; `deployed_operator` says what stands in for what.
"""

import json
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import helm
import pytest
import yaml
from chart_installation import only
from deployed_operator import IN_THE_POD, DeployedOperator
from helm_release import DryRun, HelmRelease
from rights import Right, granted, refused, requests
from scenario import SECRET, Scenario, condition
from waiting import wait_until

from project_operator.api import names
from project_operator.kube.resources import SECRETS
from project_operator.sandbox.identity.nscale.embedded import EmbeddedIdentityServer

pytestmark = pytest.mark.needs_real

CHART: Final = str(helm.CHART.relative_to(helm.ROOT))
KUSTOMIZE: Final = helm.ROOT / "deploy" / "kustomize"
EXEMPT: Final = {
    Right("identity.project-operator.dev", "projects", "get"): "after a write that met a conflict or got no answer",
    Right("identity.project-operator.dev", "identitybackends", "get"): "likewise",
    Right("identity.project-operator.dev", "clusteridentitybackends", "get"): "likewise",
    Right("coordination.k8s.io", "leases", "delete"): "when a replica ends, and when a backend object is gone",
    Right("events.k8s.io", "events", "patch"): "counts what is said a second time within the hour",
}
"""Rights that the operator has for what does not happen in a good life, and why it has them."""


@dataclass(frozen=True)
class Life:
    """A scenario in the release's namespace, with the chart's default backend."""

    scenario: Scenario
    release: HelmRelease

    @property
    def refused(self) -> list[str]:
        """What the operator tried and may not do."""
        return refused(self.release.plane.audit_log, self.release.user)


def idle(objects: list[dict[str, Any]], audit_log: Path, user: str) -> set[Right]:
    """The rights among the objects that the user does not come to use, and that nothing exempts."""

    def unused() -> set[Right]:
        # What is not found was allowed too.
        used = {right for right, code, _ in requests(audit_log, user) if code != HTTPStatus.FORBIDDEN}
        return granted(objects) - used - EXEMPT.keys()

    # A Lease is renewed every few seconds.
    with suppress(AssertionError):
        wait_until(lambda: not unused(), "every right to be used", every=0.5)
    return unused()


@pytest.fixture(scope="module")
def life(
    release: HelmRelease, identity: EmbeddedIdentityServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Life]:
    log = tmp_path_factory.mktemp("operator") / "operator.log"
    with DeployedOperator(release.objects, release.kubeconfig(), log) as operator:
        operator.wait_ready()
        scenario = Scenario(release.plane, operator, None, "release", release.namespace, identity)
        scenario.apply_secret(SECRET)
        yield Life(scenario, release)
        scenario.objects.close()


def live_and_die(scenario: Scenario) -> None:
    """Make a Project of the default backend, which says that it is there, and delete it."""
    scenario.wait_ready("default", kind="IdentityBackend")
    scenario.apply_project()
    scenario.wait_ready()
    scenario.wait_for_event("Succeeded")
    scenario.delete()
    scenario.wait_gone()


def finalizers(scenario: Scenario) -> list[str]:
    """Who holds the Secret."""
    secret = scenario.objects.find(SECRETS, SECRET)
    assert secret is not None
    held: list[str] = secret["metadata"].get("finalizers", [])
    return held


def test_a_project_lives_and_dies_within_the_rights_of_the_chart(life: Life) -> None:
    scenario = life.scenario
    assert f"({IN_THE_POD})" in scenario.operator.log, "its access comes from no kubeconfig"
    live_and_die(scenario)

    shared = scenario.namespace
    scenario.apply(scenario.cluster_backend(), scenario.tenant("tenant"))
    scenario.wait_ready("tenant")
    scenario.delete("tenant")
    scenario.wait_gone("tenant")
    assert finalizers(scenario) == [names.FINALIZER]
    scenario.delete(shared, "ClusterIdentityBackend")
    scenario.wait_gone(shared, "ClusterIdentityBackend")

    assert life.refused == []
    release = life.release
    assert idle(release.objects, release.plane.audit_log, release.user) == set(), "granted, and neither used nor exempt"
    assert EXEMPT.keys() - granted(release.objects) == set(), "exempt, and not granted"


@pytest.mark.whole
def test_it_can_be_examined_from_within(life: Life) -> None:
    """What the page on trouble has people type, with `kubectl exec`."""
    operator = life.scenario.operator
    assert isinstance(operator, DeployedOperator)
    examined = operator.execute("doctor", "--output=json")
    assert examined.returncode == 0, examined.stdout + examined.stderr
    levels = {(one["check"], one["level"]) for one in json.loads(examined.stdout)["findings"]}
    assert {level for _, level in levels} <= {"ok", "warning"}
    assert ("backends", "ok") in levels
    assert life.refused == [], "it looks at nothing that the operator may not see"


def test_the_rights_that_are_exempt_are_said_with_the_rights() -> None:
    page = (helm.ROOT / "docs" / "how-to" / "install.md").read_text(encoding="utf-8")
    section = page.split("## What the operator may do")[1].split("\n## ")[0]
    said = re.findall(r"(?m)^- `(\w+)` of (`[^:]+`):", section)
    named = {(resource, verb) for verb, resources in said for resource in re.findall(r"`([^`]+)`", resources)}
    assert named == {(right.resource, right.verb) for right in EXEMPT}


def test_a_secret_in_another_namespace_is_not_read(life: Life) -> None:
    scenario, plane = life.scenario, life.release.plane
    documents = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "elsewhere"}},
        scenario.secret() | {"metadata": {**scenario.secret()["metadata"], "namespace": "elsewhere"}},
        scenario.backend() | {"metadata": {"name": "default", "namespace": "elsewhere"}},
    ]
    plane.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(documents))
    reason = 'jsonpath={.status.conditions[?(@.type=="Ready")].reason}=SecretNotFound'
    plane.kubectl("wait", "--namespace=elsewhere", f"--for={reason}", "ibackend/default", "--timeout=60s")

    found = json.loads(plane.kubectl("get", "ibackend/default", "--namespace=elsewhere", "-ojson").stdout)
    ready = condition(found, "Ready")
    assert "may not be read by the operator" in ready["message"]
    assert "`secrets.namespaces` name 'elsewhere'" in ready["message"]
    assert set(life.refused) == {f"get /api/v1/namespaces/elsewhere/secrets/{SECRET}"}
    plane.kubectl("delete", "ibackend/default", "--namespace=elsewhere")


def test_a_right_that_is_missing_is_found(life: Life) -> None:
    """The broken twin: without the right to write a status, the same life is refused something."""
    scenario, plane = life.scenario, life.release.plane
    role = only([one for one in life.release.objects if one["metadata"]["name"].endswith("-identity")], "ClusterRole")

    def allow(rules: list[dict[str, object]]) -> None:
        patch = json.dumps({"rules": rules})
        plane.kubectl("patch", f"clusterrole/{role['metadata']['name']}", "--type=merge", f"--patch={patch}")

    allow([rule for rule in role["rules"] if "projects/status" not in rule["resources"]])
    scenario.apply_project("hapless")

    def look() -> bool:
        return any(one.startswith("patch ") and "/hapless/status" in one for one in life.refused)

    wait_until(look, "the refusal to be in the audit log")
    allow(role["rules"])
    scenario.wait_ready("hapless")


def test_helm_test_asks_what_a_ready_pod_answers(life: Life) -> None:
    (container,) = only(helm.objects(helm.template(helm.WITHOUT_DEFINITIONS)), "Pod")["spec"]["containers"]
    *_, script = container["command"]
    port = next(one for one in life.release.objects if one["kind"] == "Service")["spec"]["ports"][0]["port"]

    def asked(where: int) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", script, "127.0.0.1", str(where), "0"]
        return subprocess.run(command, check=False, capture_output=True, text=True)

    ready = asked(port)
    assert (ready.returncode, ready.stderr) == (0, "")
    wrong = asked(urlsplit(life.scenario.identity.url).port or 0)
    assert wrong.returncode == 1
    assert "/readyz: 40" in wrong.stderr


def newer_chart(folder: Path) -> Path:
    """The chart of another version, whose Projects have a column more."""
    chart = folder / "chart"
    shutil.copytree(helm.CHART, chart)
    path = chart / "files" / "crds" / f"projects.{names.GROUP}.yaml"
    (definition,) = helm.objects(path.read_text(encoding="utf-8"))
    column = {"name": NEW_COLUMN, "type": "string", "jsonPath": ".spec.description"}
    definition["spec"]["versions"][0]["additionalPrinterColumns"].append(column)
    path.write_text(yaml.safe_dump(definition), encoding="utf-8")
    return chart


NEW_COLUMN: Final = "Novelty"


def columns(release: HelmRelease) -> list[str]:
    """Those that the API server has for Projects."""
    definition = release.found("crd", f"projects.{names.GROUP}")
    return [one["name"] for one in definition["spec"]["versions"][0]["additionalPrinterColumns"]]


def test_it_is_upgraded_and_rolled_back_with_its_definitions(release: HelmRelease, tmp_path: Path) -> None:
    # The default backend of the first revision is a hook, and so none of what Helm rolls back.
    release.upgrade(release.values)
    before = release.found("ibackend", "default")
    second = release.manifest()
    backend = release.values["defaultBackend"]
    changed = {"defaultBackend": {**backend, "spec": {**backend["spec"], "interval": "2s"}}, "replicas": 3}
    release.upgrade({**release.values, **changed}, newer_chart(tmp_path))
    assert NEW_COLUMN in columns(release)
    upgraded = release.found("ibackend", "default")
    assert (upgraded["spec"]["interval"], upgraded["metadata"]["uid"]) == ("2s", before["metadata"]["uid"])
    assert release.found("deployment", "project-operator")["spec"]["replicas"] == 3

    release.done("rollback", release.name)
    assert release.manifest() == second
    assert NEW_COLUMN not in columns(release)
    assert release.found("deployment", "project-operator")["spec"]["replicas"] == 2
    assert release.found("ibackend", "default")["spec"] == before["spec"]


@dataclass(frozen=True)
class Uninstalled:
    """What there was when the release was uninstalled, with two Projects at work."""

    said: str
    remote: dict[str, str]
    backend: str
    """The uid of the default backend."""


@pytest.fixture(scope="module")
def uninstalled(life: Life) -> Iterator[Uninstalled]:
    scenario, release = life.scenario, life.release
    for name in ("one", "other"):
        scenario.apply_project(name)
        scenario.wait_ready(name)
    remote = projects(scenario)
    uid = release.found("ibackend", "default")["metadata"]["uid"]
    said = release.uninstall()
    scenario.operator.stop()
    yield Uninstalled(said, remote, uid)
    if not release.installed:
        release.install()


def projects(scenario: Scenario) -> dict[str, str]:
    """Those of the backend, by id."""
    return {project.id: project.name for project in scenario.identity.admin.projects()}


KEPT: Final = {
    "customresourcedefinition.apiextensions.k8s.io/clusteridentitybackends.identity.project-operator.dev",
    "customresourcedefinition.apiextensions.k8s.io/identitybackends.identity.project-operator.dev",
    "customresourcedefinition.apiextensions.k8s.io/projects.identity.project-operator.dev",
    "identitybackend.identity.project-operator.dev/default",
}


def test_uninstalled_it_leaves_every_project_and_what_holds_them(life: Life, uninstalled: Uninstalled) -> None:
    assert len(uninstalled.remote) >= 2
    assert projects(life.scenario) == uninstalled.remote
    assert life.release.left() == KEPT
    assert all(name.rsplit("/", 1)[-1] in uninstalled.said for name in KEPT)
    assert life.scenario.get("one")["metadata"]["finalizers"] == [names.FINALIZER]


def documented(above: str) -> list[list[str]]:
    """The commands in the first block below some words of the page, in words, their program first."""
    page = (helm.ROOT / "docs" / "how-to" / "install.md").read_text(encoding="utf-8")
    block = page.split(above)[1].split("```sh\n")[1].split("```")[0]
    return [shlex.split(line) for line in block.replace("\\\n", " ").splitlines()]


@pytest.mark.whole
def test_it_is_applied_by_kubectl_alone_and_again_changes_nothing(life: Life, uninstalled: Uninstalled) -> None:
    plane = life.release.plane
    assert uninstalled.said, "nothing else is there under these names"
    objects = helm.objects(plane.kubectl("kustomize", str(KUSTOMIZE)).stdout)
    definitions = {f"{kind}.{names.GROUP}" for kind in ("projects", "identitybackends", "clusteridentitybackends")}
    assert {one["metadata"]["name"] for one in objects if one["kind"] == "CustomResourceDefinition"} == definitions
    image = only(objects, "Deployment")["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image.startswith("registry.example.com/project-operator:")

    plane.kubectl("apply", "-k", str(KUSTOMIZE))
    everything = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})

    def versions() -> list[str]:
        listed = json.loads(plane.kubectl("get", "--output=json", "-f", "-", stdin=everything).stdout)["items"]
        return [f"{one['kind']} {one['metadata']['name']} {one['metadata']['resourceVersion']}" for one in listed]

    before = versions()
    assert len(before) == len(objects)
    plane.kubectl("apply", "-k", str(KUSTOMIZE))
    assert versions() == before

    mine = [one for one in objects if one["kind"] not in {"CustomResourceDefinition", "Namespace"}]
    bundle = json.dumps({"apiVersion": "v1", "kind": "List", "items": mine})
    for program, *command in documented("To uninstall, do not"):
        assert program == "kubectl"
        plane.kubectl(*command, "--wait=false")

    def gone() -> bool:
        return not plane.kubectl("get", "--ignore-not-found", "--output=name", "-f", "-", stdin=bundle).stdout

    wait_until(gone, "everything but the definitions to be gone", every=0.5)


NARROW: Final[dict[str, Any]] = {
    "fullnameOverride": "narrow",
    "watchNamespaces": ["payments"],
    "clusterBackends": {"enabled": False},
    "outgoingAddresses": {"allowed": ["127.0.0.0/8"], "serviceRanges": ["10.96.0.0/12"]},
}
"""Values with which the operator has fewer rights than with any others."""


def rendered_and_applied(release: HelmRelease, values: Path) -> list[dict[str, Any]]:
    """What the documented words for other values make of a file of values, applied."""
    *first, last = documented("For other values, render them")
    # The definitions and the namespace are there from before; the scenarios begin with the same words.
    assert [" ".join(command[:4]) for command in first] == [
        "kubectl apply --server-side -k",
        "kubectl create namespace project-operator",
    ]
    pipe = last.index("|")
    rendering = [str(values) if word == "values.yaml" else word for word in last[1:pipe]]
    assert (last[0], last[pipe + 1]) == ("helm", "kubectl")
    rendered = helm.run(*(str(helm.CHART) if word == CHART else word for word in rendering))
    assert rendered.returncode == 0, rendered.stderr
    release.plane.kubectl(*last[pipe + 2 :], stdin=rendered.stdout)
    return helm.objects(rendered.stdout)


def test_with_namespaces_to_watch_a_project_lives_and_dies_within_fewer_rights(
    life: Life, uninstalled: Uninstalled, tmp_path: Path
) -> None:
    """The release is made by the documented words for whoever has other values and no Helm in the cluster."""
    assert uninstalled.said, "no other operator is at work, and no policy of another release holds"
    plane, account = life.release.plane, ("project-operator", "narrow")
    plane.kubectl("create", "namespace", "payments")
    # The operator that ended after its rights did could not take its Leases along; others wait for them to run out.
    plane.kubectl("delete", "leases", "--all", f"--namespace={account[0]}")
    values = tmp_path / "values.yaml"
    as_before = {name: life.release.values[name] for name in ("health", "extraEnv")}
    values.write_text(yaml.safe_dump(NARROW | as_before), encoding="utf-8")
    objects = rendered_and_applied(life.release, values)
    assert [one["kind"] for one in objects if one["kind"] in {"Pod", "CustomResourceDefinition"}] == []

    kubeconfig = plane.service_account_kubeconfig(*account)
    with DeployedOperator(objects, kubeconfig, tmp_path / "operator.log") as operator:
        operator.wait_ready()
        scenario = Scenario(plane, operator, None, "narrow", "payments", life.scenario.identity)
        scenario.apply_secret(SECRET)
        scenario.apply(scenario.backend())
        live_and_die(scenario)
        scenario.delete("default", "IdentityBackend")
        scenario.wait_gone("default", "IdentityBackend")
        scenario.objects.close()
        user = f"system:serviceaccount:{account[0]}:{account[1]}"
        assert idle(objects, plane.audit_log, user) == set(), "granted, and neither used nor exempt"
        assert refused(plane.audit_log, user) == []
    plane.kubectl("delete", "--wait=false", "-f", "-", stdin=yaml.safe_dump_all(objects))


def test_installed_again_it_takes_up_where_it_was(life: Life, uninstalled: Uninstalled) -> None:
    release = life.release.install()
    assert release.found("ibackend", "default")["metadata"]["uid"] == uninstalled.backend
    assert release.left() > KEPT
    assert projects(life.scenario) == uninstalled.remote


@pytest.mark.whole
def test_before_its_definition_is_served_the_default_backend_comes_last_and_is_taken_over_by_the_next_upgrade(
    release: HelmRelease, early: HelmRelease, before_the_definitions: DryRun
) -> None:
    """Helm looks every kind up before it creates anything, and would refuse the whole release otherwise."""
    hooks = [one for one in helm.objects(before_the_definitions.hooks) if one["kind"] != "Pod"]
    assert [one["kind"] for one in hooks] == ["IdentityBackend"]
    assert "kind: IdentityBackend" not in before_the_definitions.manifest

    assert release.left()
    later = early.dry_run()
    assert [one["kind"] for one in helm.objects(later.hooks)] == ["Pod"]
    assert "kind: IdentityBackend" in later.manifest

    early.plane.kubectl("create", "-f", "-", stdin=json.dumps(hooks[0]))
    early.done("install", early.name, str(helm.CHART), values=early.values)
    early.uninstall()


def test_the_notes_name_the_next_step_and_a_project_that_the_definitions_take(release: HelmRelease) -> None:
    assert "It reads Secrets in project-operator;" in release.said
    project = release.said.split("<<EOF\n")[1].split("\nEOF")[0]
    release.plane.kubectl("create", "--dry-run=server", "-f", "-", stdin=project)
