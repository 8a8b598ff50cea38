"""The shipped admission policies: what the API server refuses, with the way out, and what goes on as before."""

from chart_installation import Installation
from objects import Object
from scenario import BACKEND, SECRET, Scenario

from project_operator.api.names import ALLOW_DELETION_ANNOTATION, FINALIZER, GROUP
from project_operator.kube.resources import PROJECTS, SECRETS

PROJECT = f"projects.{GROUP}"
STRIP = '--patch={"metadata":{"finalizers":null}}'


def test_a_protected_project_cannot_be_deleted_and_the_answer_says_how_it_can(protected: Scenario) -> None:
    protected.apply_project(deletionProtection=True)
    protected.wait_ready()

    said = protected.refused("delete", PROJECT, "team", "--wait=false")
    assert "`spec.deletionProtection` is true" in said
    assert "deletionTimestamp" not in protected.get()["metadata"]
    # Nor with others: in a collection, or with its namespace.
    path = PROJECTS.path(protected.namespace)
    assert "`spec.deletionProtection` is true" in protected.refused("delete", "--raw", path)
    assert "deletionTimestamp" not in protected.get()["metadata"]

    way_out = said[said.index("--namespace=") :].strip().split(" ")
    assert way_out[-1] == """--patch='{"spec":{"deletionProtection":false}}'"""
    protected.kubectl(*way_out[1:-1], way_out[-1].replace("'", ""))
    protected.kubectl("delete", PROJECT, "team", "--wait=false")
    protected.wait_gone()
    assert [call.operation for call in protected.calls()] == ["createProject", "deleteProject"]


def test_only_the_operator_takes_its_finalizer_away(protected: Scenario, installation: Installation) -> None:
    protected.apply_project()
    protected.wait_ready()

    for resource, name in ((PROJECT, "team"), (f"identitybackends.{GROUP}", BACKEND), ("secrets", SECRET)):
        said = protected.refused("patch", resource, name, "--type=merge", STRIP)
        assert (FINALIZER in said, installation.user in said) == (True, True), said
    assert FINALIZER in protected.get()["metadata"]["finalizers"]
    # What leaves it in place is nobody's business.
    protected.kubectl("annotate", PROJECT, "team", "example.com/note=kept")
    protected.kubectl("label", "secret", SECRET, "example.com/team=payments")

    # The operator itself is not in its own way.
    protected.delete()
    protected.wait_gone()
    protected.delete(BACKEND, "IdentityBackend")
    protected.wait_gone(BACKEND, "IdentityBackend")
    protected.objects.delete(SECRETS, SECRET)
    assert protected.objects.find(SECRETS, SECRET) is None


def test_the_definitions_stay_until_somebody_allows_that_they_go(scenario: Scenario, policies: list[Object]) -> None:
    assert policies
    for kind in ("projects", "identitybackends", "clusteridentitybackends"):
        definition = ("crd", f"{kind}.{GROUP}")
        said = scenario.refused("delete", *definition, "--dry-run=server")
        assert f"{definition[1]} {ALLOW_DELETION_ANNOTATION}=true" in said
        scenario.kubectl("annotate", *definition, f"{ALLOW_DELETION_ANNOTATION}=false")
        scenario.refused("delete", *definition, "--dry-run=server")
        scenario.kubectl("annotate", *definition, f"{ALLOW_DELETION_ANNOTATION}=true", "--overwrite")
        scenario.kubectl("delete", *definition, "--dry-run=server")
        scenario.kubectl("annotate", *definition, f"{ALLOW_DELETION_ANNOTATION}-")
