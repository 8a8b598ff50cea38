"""A spec that cannot be meant is refused at once, naming field and way out; one that slips in is not acted on."""

import pytest
import yaml
from scenario import Scenario, condition, manifest

from project_operator.api.crd import crd_name
from project_operator.api.kinds import KINDS


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"descriptoin": "typo"}, 'unknown field "spec.descriptoin"'),
        ({"tags": [{"name": "stage"}]}, "spec.tags[0].value: Required value"),
        ({"managementPolicy": "Managed"}, 'Unsupported value: "Managed"'),
        ({"tags": [{"name": "identity.project-operator.dev/x", "value": ""}]}, "which are reserved"),
        ({"groups": [{"id": "1", "name": "both"}]}, "spec.groups[0]"),
    ],
)
def test_kubectl_apply_fails_and_says_what_to_change(
    bare_scenario: Scenario, spec: dict[str, object], said: str
) -> None:
    document = yaml.safe_dump(manifest("Project", "team", spec))

    assert said in bare_scenario.refused("apply", "-f", "-", stdin=document)

    assert bare_scenario.find() is None


@pytest.mark.whole
def test_what_the_api_server_let_through_is_not_guessed_at(expendable: Scenario) -> None:
    """As after a definition was replaced by one that somebody loosened."""
    expendable.install_definitions()
    expendable.kubectl("patch", "crd", crd_name(KINDS[0]), "--type=json", f"--patch={_loosened()}")
    expendable.operator.wait_ready()
    expendable.apply(expendable.secret(), expendable.backend())
    expendable.wait_ready("default", kind="IdentityBackend")

    expendable.apply_project(description=["not", "text"])

    stalled = expendable.wait_for("False", "InvalidSpec")
    assert condition(stalled, "Stalled")["reason"] == "InvalidSpec"
    assert condition(stalled, "Ready")["message"] == "spec.description: must be a valid string"
    expendable.assert_quiet()

    expendable.edit({"description": "text"})
    expendable.wait_ready()


def _loosened() -> str:
    path = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/description"
    return f'[{{"op":"replace","path":"{path}","value":{{"x-kubernetes-preserve-unknown-fields":true}}}}]'
