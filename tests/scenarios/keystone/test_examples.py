"""The examples for Keystone come up as they stand, but for the address and the password."""

from pathlib import Path

import yaml
from keystone_scenario import KeystoneScenario

EXAMPLES = Path(__file__).parents[3] / "deploy" / "examples"


def test_the_tree_of_the_examples(bare_stage: KeystoneScenario) -> None:
    stage = bare_stage
    manager = stage.domain.make_user("project-operator", "manager")
    for group in ("checkout-leads", "checkout-developers"):
        stage.domain.make_group(group)
    secret, backend = yaml.safe_load_all((EXAMPLES / "10-identitybackend-keystone.yaml").read_text(encoding="utf-8"))
    secret["stringData"] = {"username": manager.name, "password": manager.password}
    backend["spec"]["keystone"] |= {"url": stage.domain.url, "domain": {"name": stage.domain.name}}
    stage.apply(secret, backend)
    stage.wait_ready("keystone", kind="IdentityBackend")

    stage.kubectl("apply", "-f", str(EXAMPLES / "11-project-keystone.yaml"))

    parent, child = stage.wait_ready("checkout")["status"], stage.wait_ready("checkout-production")["status"]
    assert stage.remote("checkout-production").parent_id == parent["id"]
    assert len(child["observed"]["roleAssignments"]) == 2
