"""`project-operator doctor`: nothing is wrong where nothing is, and what is wrong is told with its remedy."""

from typing import Any

import pytest
from chart_installation import Installation
from command_line import CommandLine
from scenario import Scenario


def findings(document: Any, check: str) -> list[dict[str, str]]:
    return [one for one in document["findings"] if one["check"] == check]


def test_an_installation_that_is_well(
    scenario: Scenario, installation: Installation, command_line: CommandLine
) -> None:
    scenario.apply_project()
    scenario.wait_ready()
    account = f"{installation.namespace}/{installation.service_account}"
    ran = command_line("doctor", f"--namespace={scenario.namespace}", f"--service-account={account}", "--output=json")

    told = ran.document
    of_cluster_backends = [one for one in findings(told, "backends") if one["subject"].startswith("Cluster")]
    wrong = [one for one in told["findings"] if one["level"] == "problem" and one not in of_cluster_backends]
    assert wrong == []
    assert ran.status == (3 if any(one["level"] == "problem" for one in told["findings"]) else 0)
    assert {one["level"] for one in findings(told, "definitions")} == {"ok"}, findings(told, "definitions")
    assert len(findings(told, "definitions")) == 3
    (rights,) = findings(told, "rights")
    assert rights["level"] == "ok", rights
    (clock,) = findings(told, "clock")
    assert clock["level"] == "ok", clock
    (own,) = [
        one for one in findings(told, "backends") if one["subject"] == f"IdentityBackend {scenario.namespace}/default"
    ]
    assert own["message"].startswith("nscale Identity shows 1 projects of organization "), own
    assert len(scenario.calls()) == 1


@pytest.mark.whole
def test_a_wrong_token_and_a_project_that_waits_for_a_person(scenario: Scenario, command_line: CommandLine) -> None:
    scenario.apply_project(enabled=False)
    scenario.wait_for("False", "Unsupported")
    # Another backend object: without its own the Project would wait for that, and for nobody.
    scenario.apply_secret("wrong", token="wrong")
    auth = {"serviceAccountToken": {"secretRef": {"name": "wrong"}}}
    scenario.apply_backend("other", nscale={"url": scenario.identity.url, "auth": auth})

    ran = command_line("doctor", f"--namespace={scenario.namespace}")

    assert ran.status == 3
    lines = ran.out.splitlines()
    (backend,) = [line for line in lines if f"IdentityBackend {scenario.namespace}/other" in line]
    assert backend.startswith("problem")
    assert "CredentialsRejected" in backend
    (project,) = [line for line in lines if f"{scenario.namespace}/team" in line]
    assert "Unsupported: `spec.enabled`: " in project
    assert lines[-1].count(" problem") == 1
    assert "\x1b" not in ran.out


def test_rights_that_are_missing_are_named(scenario: Scenario, command_line: CommandLine) -> None:
    account = f"{scenario.namespace}/default"
    ran = command_line(
        *("doctor", f"--namespace={scenario.namespace}", f"--service-account={account}", "--no-backends"),
        "--output=json",
    )
    missing = {one["message"] for one in findings(ran.document, "rights")}
    assert ran.status == 3
    assert f"may not patch projects.identity.project-operator.dev in namespace {scenario.namespace}" in missing
    assert f"may not get secrets in namespace {scenario.namespace}" in missing


def test_an_api_server_that_is_not_there(command_line: CommandLine, tmp_path: Any) -> None:
    config = tmp_path / "config"
    config.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
        "clusters: [{name: c, cluster: {server: 'http://127.0.0.1:9'}}]\n"
        "users: [{name: c, user: {}}]\ncontexts: [{name: c, context: {cluster: c, user: c}}]\n"
    )
    command_line.kubeconfig = config
    ran = command_line("doctor", "--output=json")
    assert ran.status == 3
    (finding,) = ran.document["findings"]
    assert (finding["check"], finding["level"]) == ("api-server", "problem")
    assert str(config) in finding["remedy"]
