"""The example comes up as it stands, but for the address, the organization and the credential."""

from pathlib import Path

import yaml
from csp_scenario import CSPScenario

EXAMPLES = Path(__file__).parents[3] / "deploy" / "examples"


def test_the_example(stage: CSPScenario) -> None:
    secret, backend = yaml.safe_load_all((EXAMPLES / "14-identitybackend-csp.yaml").read_text(encoding="utf-8"))
    about = stage.platform.admin.about()
    secret["stringData"] = {"client-id": about.client_id, "client-secret": about.client_secret}
    backend["spec"]["vmwareCSP"] |= {"url": stage.platform.url, "organization": stage.platform.organization_id}
    stage.apply(secret, backend)
    stage.wait_ready("csp", kind="IdentityBackend")
    stage.apply_project(backendRef={"name": "csp"})
    stage.wait_ready()
    assert stage.remote().display_name == "team"
