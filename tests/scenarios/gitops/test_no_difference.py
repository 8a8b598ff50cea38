"""What Git holds and what the API server holds never differ, however it was applied and whatever the operator did."""

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest
import yaml
from scenario import SECRET, Scenario
from waiting import wait_until

from project_operator.api.names import FIELD_MANAGER, FINALIZER, GROUP
from project_operator.kube.resources import CLUSTER_IDENTITY_BACKENDS, IDENTITY_BACKENDS, PROJECTS, SECRETS

ARGO: Final = ("--server-side", "--field-manager=argocd-controller")
"""How Argo CD applies with `ServerSideApply=true`; Flux does the same under its own name."""
TENANTS: Final = "tenants"
"""The Secret of the backend for tenants."""
LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
OURS: Final = {"f:metadata": {"f:annotations", "f:finalizers"}, "f:status": None}
"""What the operator may own: None means all below."""


def in_git(scenario: Scenario, **spec: Any) -> list[dict[str, Any]]:
    """Manifests as people keep them, labels and annotations of their own included: a Project with its backend, another
    with a backend for tenants, and the Secret of each.
    """
    own = {"labels": {"team": "billing"}, "annotations": {"example.com/owner": "billing"}}
    secrets = [scenario.secret(name) for name in (SECRET, TENANTS)]
    for secret in secrets:
        # What is written as `stringData` is kept as `data`: it could not be compared.
        secret["data"] = {"token": base64.b64encode(scenario.identity.token.encode()).decode()}
        del secret["stringData"]
        secret["metadata"]["annotations"] = own["annotations"]
    backend, cluster_backend = scenario.backend(), scenario.cluster_backend()
    cluster_backend["spec"]["nscale"]["auth"] = {"serviceAccountToken": {"secretRef": {"name": TENANTS}}}
    tags = [{"name": "cost-centre", "value": "4711"}]
    documents = [backend, cluster_backend, scenario.project(tags=tags, **spec), scenario.tenant("tenant", **spec)]
    for document in documents:
        document["metadata"] |= own
    return [*secrets, *documents]


def live(scenario: Scenario, document: Mapping[str, Any]) -> dict[str, Any]:
    """A manifest's object on the API server."""
    kinds = (SECRETS, IDENTITY_BACKENDS, CLUSTER_IDENTITY_BACKENDS, PROJECTS)
    resource = {one.kind: one for one in kinds}[document["kind"]]
    found = scenario.objects.find(resource, document["metadata"]["name"])
    assert found is not None
    return found


def description(scenario: Scenario, project_id: str) -> str | None:
    """Of a project in the backend."""
    return next(one.description for one in scenario.identity.admin.projects() if one.id == project_id)


def differences(git: Any, found: Any, path: str = "") -> Iterator[str]:
    """Argo CD's three-way comparison where what was applied last is what Git holds: only what Git says counts."""
    if isinstance(git, dict) and isinstance(found, dict):
        for key, value in git.items():
            yield from differences(value, found.get(key), f"{path}.{key}")
    elif git != found:
        yield f"{path}: {git!r} in Git, {found!r} on the API server"


def owned_beyond(fields: Mapping[str, Any], allowed: Mapping[str, set[str] | None]) -> Iterator[str]:
    """Fields that belong to the operator and are not its own."""
    for key, below in fields.items():
        if key not in allowed:
            yield key
        elif (names := allowed[key]) is not None:
            yield from (f"{key}.{name}" for name in below if name not in names)
            foreign = (name for name in below.get("f:annotations", {}) if not name.startswith(f"f:{GROUP}/"))
            yield from (f"annotation {name}" for name in foreign if name != ".")
            finalizers = below.get("f:finalizers", {})
            yield from (f"finalizer {name}" for name in finalizers if name not in (".", f'v:"{FINALIZER}"'))


def assert_same(scenario: Scenario, documents: list[dict[str, Any]], how: tuple[str, ...]) -> None:
    """No tool sees a difference, and nothing of the users' is the operator's."""
    text = yaml.safe_dump_all(documents)
    for options in ((), how or (*ARGO, "--force-conflicts")):
        shown = scenario.control_plane.kubectl(
            "diff", f"--namespace={scenario.namespace}", *options, "-f", "-", stdin=text, check=False
        )
        # It ends with 1 where it finds a difference; the one that each way of applying makes to the other is no matter.
        assert shown.returncode in (0, 1), shown.stderr
        changed = [line for line in shown.stdout.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
        assert [line for line in changed if LAST_APPLIED not in line] == [], shown.stdout
    for document in documents:
        found = live(scenario, document)
        assert list(differences(document, found)) == []
        assert list(taken(found)) == []


def ours(found: Mapping[str, Any]) -> bool:
    """Whether the operator owns anything of an object."""
    return any(entry["manager"].startswith(FIELD_MANAGER) for entry in found["metadata"]["managedFields"])


def taken(found: Mapping[str, Any]) -> Iterator[str]:
    """What the operator owns of an object and has no right to."""
    for entry in found["metadata"]["managedFields"]:
        if entry["manager"].startswith(FIELD_MANAGER):
            yield from owned_beyond(entry["fieldsV1"], OURS)


@pytest.mark.parametrize(
    "how", [pytest.param((), id="client-side", marks=pytest.mark.whole), pytest.param(ARGO, id="server-side")]
)
def test_there_is_none_whatever_the_operator_did(bare_scenario: Scenario, how: tuple[str, ...]) -> None:
    def apply(**spec: Any) -> list[dict[str, Any]]:
        documents = in_git(bare_scenario, **spec)
        # Without --force-conflicts: a field that the operator owned would be refused.
        bare_scenario.kubectl("apply", *how, "-f", "-", stdin=yaml.safe_dump_all(documents))
        return documents

    documents = apply(description="ours")
    project_id = bare_scenario.wait_ready()["status"]["id"]
    bare_scenario.wait_ready("tenant")
    assert [one["kind"] for one in documents if not ours(live(bare_scenario, one))] == [], "it has written to each"
    assert_same(bare_scenario, documents, how)

    bare_scenario.identity.admin.edit_project(project_id, description="theirs")
    wait_until(lambda: description(bare_scenario, project_id) == "ours", "the correction")
    bare_scenario.wait_ready()

    documents = apply(description="new", deletionPolicy="Orphan")
    bare_scenario.wait_ready()
    bare_scenario.wait_ready("tenant")
    assert description(bare_scenario, project_id) == "new"
    assert_same(bare_scenario, documents, how)


def test_an_operator_that_wrote_the_spec_would_be_found_out(bare_scenario: Scenario) -> None:
    project = next(one for one in in_git(bare_scenario, description="ours") if one["kind"] == "Project")
    bare_scenario.kubectl("apply", *ARGO, "-f", "-", stdin=yaml.safe_dump(project))
    for change in ({"spec": {"description": "normal form"}}, {"metadata": {"labels": {"team": "operators"}}}):
        patch = ("patch", "iproj", "team", "--type=merge", f"--field-manager={FIELD_MANAGER}")
        bare_scenario.kubectl(*patch, f"--patch={json.dumps(change)}")
    found = live(bare_scenario, project)
    assert [one.split(":")[0] for one in differences(project, found)] == [".metadata.labels.team", ".spec.description"]
    assert {"f:spec", "f:metadata.f:labels"} <= set(taken(found))
    assert "conflict" in bare_scenario.refused("apply", *ARGO, "-f", "-", stdin=yaml.safe_dump(project))
    with pytest.raises(AssertionError, match="normal form"):
        assert_same(bare_scenario, [project], ARGO)
