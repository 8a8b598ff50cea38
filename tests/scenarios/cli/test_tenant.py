"""The command line for whoever has a namespace, and no rights outside it."""

from pathlib import Path

import yaml
from command_line import CommandLine
from scenario import Scenario

import cli_page
from project_operator.api.names import GROUP

RULES = [
    {"apiGroups": [GROUP], "resources": ["projects", "identitybackends"], "verbs": ["get", "list"]},
    {"apiGroups": [""], "resources": ["secrets", "namespaces"], "verbs": ["get"]},
]


def as_tenant(scenario: Scenario, command_line: CommandLine) -> str:
    """Let ``command_line`` be a ServiceAccount with what the reference says that a namespace's owner needs; what
    the marks of the cluster are known by.
    """
    rbac = {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": {"name": "owner"}}
    account = {"kind": "ServiceAccount", "name": "owner", "namespace": scenario.namespace}
    reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "owner"}
    documents = [
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "owner"}},
        rbac | {"kind": "Role", "rules": RULES},
        rbac | {"kind": "RoleBinding", "roleRef": reference, "subjects": [account]},
    ]
    scenario.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(documents))
    command_line.kubeconfig = scenario.control_plane.service_account_kubeconfig(scenario.namespace, "owner")
    return scenario.kubectl("get", "namespace", "kube-system", "--output=jsonpath={.metadata.uid}")


def test_a_namespace_and_nothing_else(scenario: Scenario, command_line: CommandLine, tmp_path: Path) -> None:
    for resource in (resource for rule in RULES for resource in rule["resources"]):
        for told in (cli_page.RIGHTS["plan"], cli_page.RIGHTS["import"]):
            assert resource in told.needed + told.wanted
    cluster_id = as_tenant(scenario, command_line)
    scenario.identity.admin.make_projects(count=1, name_prefix="Legacy")
    scenario.identity.admin.catch_up()
    manifest = tmp_path / "one.yaml"
    manifest.write_text(yaml.safe_dump(scenario.project("one")), encoding="utf-8")
    (tmp_path / "kustomization.yaml").write_text("kind: Kustomization\nresources: [one.yaml]\n")
    inside = f"--namespace={scenario.namespace}"

    planned = command_line("plan", inside, f"--filename={tmp_path}", f"--cluster-id={cluster_id}", "--output=json")
    assert planned.status == 0, planned.out + planned.err
    (plan,) = planned.document["plans"]
    assert [call["verb"] for call in plan["calls"]] == ["POST"]

    nameless = command_line("plan", inside, f"--filename={tmp_path}")
    assert (nameless.status, nameless.out) == (2, "")
    assert "or give --cluster-id" in nameless.err

    everywhere = command_line("plan", f"--cluster-id={cluster_id}")
    assert (everywhere.status, everywhere.out) == (1, "")
    assert "name the namespaces that you may look into, with --namespace" in everywhere.err

    offered = command_line("import", inside, "--backend=default", "--output=json")
    assert offered.status == 0, offered.err
    assert [one["obstacle"] for one in offered.document["projects"]] == [""]
    assert "Projects of other namespaces are not seen" in offered.err
    assert scenario.calls() == []
