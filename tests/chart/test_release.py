"""The life of a release on a real API server: installed, at work, upgraded, rolled back, uninstalled, installed again.

The operator is what the Deployment would run, as the chart's ServiceAccount: it is refused nothing, and is given
nothing that it does not use. It finds the API server as in a pod; `deployed_operator` says what stands in for what.
"""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
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

    @property
    def used(self) -> set[Right]:
        """The rights that it has used. What is not found was allowed too."""
        log = self.release.plane.audit_log
        return {right for right, code, _ in requests(log, self.release.user) if code != HTTPStatus.FORBIDDEN}


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


def finalizers(scenario: Scenario) -> list[str]:
    """Who holds the Secret."""
    secret = scenario.objects.find(SECRETS, SECRET)
    assert secret is not None
    held: list[str] = secret["metadata"].get("finalizers", [])
    return held


def test_a_project_lives_and_dies_within_the_rights_of_the_chart(life: Life) -> None:
    scenario = life.scenario
    assert f"({IN_THE_POD})" in scenario.operator.log, "its access comes from no kubeconfig"
    scenario.wait_ready("default", kind="IdentityBackend")
    scenario.apply_project()
    scenario.wait_ready()
    scenario.wait_for_event("Succeeded")
    scenario.delete()
    scenario.wait_gone()

    shared = scenario.namespace
    scenario.apply(scenario.cluster_backend(), scenario.tenant("tenant"))
    scenario.wait_ready("tenant")
    scenario.delete("tenant")
    scenario.wait_gone("tenant")
    assert finalizers(scenario) == [names.FINALIZER]
    scenario.delete(shared, "ClusterIdentityBackend")
    scenario.wait_gone(shared, "ClusterIdentityBackend")

    assert life.refused == []
    rights = granted(life.release.objects)

    def all_used() -> bool:
        return rights - life.used <= EXEMPT.keys()

    # A Lease is renewed every few seconds.
    with suppress(AssertionError):
        wait_until(all_used, "every right to be used", every=0.5)
    assert rights - life.used - EXEMPT.keys() == set(), "granted, and neither used nor exempt"
    assert EXEMPT.keys() - rights == set(), "exempt, and not granted"


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


def test_it_is_upgraded_and_rolled_back(release: HelmRelease) -> None:
    # The default backend of the first revision is a hook, and so none of what Helm rolls back.
    release.upgrade(release.values)
    before = release.found("ibackend", "default")
    second = release.manifest()
    backend = release.values["defaultBackend"]
    changed = {"defaultBackend": {**backend, "spec": {**backend["spec"], "interval": "2s"}}, "replicas": 3}
    release.upgrade({**release.values, **changed})
    upgraded = release.found("ibackend", "default")
    assert (upgraded["spec"]["interval"], upgraded["metadata"]["uid"]) == ("2s", before["metadata"]["uid"])
    assert release.found("deployment", "project-operator")["spec"]["replicas"] == 3

    release.done("rollback", release.name)
    assert release.manifest() == second
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
    """The commands of kubectl in the first block below some words of the page, in words."""
    page = (helm.ROOT / "docs" / "how-to" / "install.md").read_text(encoding="utf-8")
    block = page.split(above)[1].split("```sh\n")[1].split("```")[0]
    commands = [shlex.split(line) for line in block.replace("\\\n", " ").splitlines()]
    assert [command[0] for command in commands] == ["kubectl"] * len(commands)
    return [command[1:] for command in commands]


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
    for command in documented("To uninstall, do not"):
        plane.kubectl(*command, "--wait=false")

    def gone() -> bool:
        return not plane.kubectl("get", "--ignore-not-found", "--output=name", "-f", "-", stdin=bundle).stdout

    wait_until(gone, "everything but the definitions to be gone", every=0.5)


def test_installed_again_it_takes_up_where_it_was(life: Life, uninstalled: Uninstalled) -> None:
    release = life.release.install()
    assert release.found("ibackend", "default")["metadata"]["uid"] == uninstalled.backend
    assert release.left() > KEPT
    assert projects(life.scenario) == uninstalled.remote


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
    assert "It reads Secrets in: project-operator" in release.said
    project = release.said.split("<<EOF\n")[1].split("\nEOF")[0]
    release.plane.kubectl("create", "--dry-run=server", "-f", "-", stdin=project)
