"""What a person sees who works with kubectl."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from custom_objects import CustomObjects, manifest

from project_operator.api.crd import openapi_schema
from project_operator.api.kinds import KINDS, Kind
from project_operator.api.names import GROUP
from project_operator.api.structural import walk
from project_operator.sandbox.controlplane.plane import ControlPlane

pytestmark = [pytest.mark.api, pytest.mark.needs_real]

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "deploy" / "examples").glob("*.yaml"))
CREATED = yaml.safe_load((Path(__file__).parent / "created.yaml").read_text(encoding="utf-8"))
BY_KIND = pytest.mark.parametrize("kind", KINDS, ids=[kind.kind for kind in KINDS])

READY = {
    "type": "Ready",
    "status": "True",
    "reason": "Succeeded",
    "message": "in sync",
    "observedGeneration": 1,
    "lastTransitionTime": "2026-11-22T12:00:00Z",
}


def test_apply_says_of_every_object_what_the_api_says(
    served: ControlPlane, objects: CustomObjects, tmp_path: Path
) -> None:
    for number, row in enumerate(CREATED):
        document = manifest(row["kind"], f"row-{number}", row.get("spec"))
        (tmp_path / f"row-{number}.yaml").write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8")

    done = served.kubectl("apply", "-n", objects.namespace, "-f", str(tmp_path), check=False)

    said = dict(_refusals(done.stderr))
    for number, row in enumerate(CREATED):
        complaints = row.get("refused", [])
        answer = said.get(f"row-{number}", "")
        assert [complaint for complaint in complaints if complaint not in answer] == [], answer
        assert (f"/row-{number} created" in done.stdout) is (not complaints), answer


def _refusals(stderr: str) -> Iterator[tuple[str, str]]:
    """The name of each refused object's file and what was said of it."""
    for refusal in re.split(r"^(?=Error from server)", stderr, flags=re.MULTILINE):
        if match := re.search(r"/(row-\d+)\.yaml\": (.*)", refusal, re.DOTALL):
            yield match[1], re.sub(r'Invalid value: "(object|array)": must ', "Invalid value: must ", match[2])


def test_apply_again_of_a_forbidden_change_names_the_way_out(served: ControlPlane, objects: CustomObjects) -> None:
    def apply(backend: str) -> str:
        document = manifest("Project", "moved", {"backendRef": {"name": backend}})
        return served.kubectl(
            "apply", "-n", objects.namespace, "-f", "-", stdin=json.dumps(document), check=False
        ).stderr

    assert apply("a") == ""
    assert "`backendRef` is immutable; to move to another backend create a new Project" in apply("b")


# The last is the Project of the second with another backend.
@pytest.mark.parametrize("examples", [EXAMPLES[:-1], EXAMPLES[-1:]], ids=["all but the last", "the last"])
def test_every_example_is_taken_and_applies_again_without_a_change(
    served: ControlPlane, objects: CustomObjects, examples: list[Path]
) -> None:
    files = ("-n", objects.namespace, *(f"--filename={example}" for example in examples))
    documents = [one for example in examples for one in yaml.safe_load_all(example.read_text(encoding="utf-8"))]
    ours = [one for one in documents if one["apiVersion"].startswith(GROUP)]
    assert served.kubectl("apply", *files).stdout.count(" created\n") == len(documents)
    again = re.findall(rf"{GROUP}/\S+ (\w+)$", served.kubectl("apply", *files).stdout, re.MULTILINE)
    assert again == ["unchanged"] * len(ours)
    served.kubectl("apply", "--server-side", "--force-conflicts", *files)
    served.kubectl("delete", *files)


@BY_KIND
def test_explain_knows_every_field_and_its_description(served: ControlPlane, kind: Kind) -> None:
    explained = served.kubectl("explain", f"{kind.plural}.{GROUP}", "--recursive").stdout
    for path, field in walk(openapi_schema(kind)):
        for name in field.get("properties", ()):
            assert re.search(rf"^\s+{name}\t<", explained, re.MULTILINE), f"{path}.{name}"


@BY_KIND
def test_explain_of_spec_is_complete(served: ControlPlane, kind: Kind) -> None:
    """Each field of spec at its own depth, and with its own words."""
    spec = openapi_schema(kind)["properties"]["spec"]
    explained = served.kubectl("explain", f"{kind.plural}.{GROUP}.spec", "--recursive").stdout
    fields = {path.replace("[]", "") for path, _ in walk(spec) if not path.endswith(("[]", "{}"))}
    assert _outline(explained) == fields - {""}
    words = " ".join(served.kubectl("explain", f"{kind.plural}.{GROUP}.spec").stdout.split())
    for field in spec["properties"].values():
        assert " ".join(field["description"].split()) in words


def _outline(explained: str) -> set[str]:
    """The paths of the fields in the output of `kubectl explain --recursive`."""
    paths: set[str] = set()
    parents: list[tuple[int, str]] = [(0, "")]
    for line in explained.partition("FIELDS:")[2].splitlines():
        if match := re.match(r"^( +)(\w+)\t<", line):
            depth = len(match[1])
            while parents[-1][0] >= depth:
                parents.pop()
            path = f"{parents[-1][1]}.{match[2]}"
            parents.append((depth, path))
            paths.add(path)
    return paths


def test_wait_returns_once_ready_is_true_for_this_generation(served: ControlPlane, objects: CustomObjects) -> None:
    objects.create("Project", "awaited", {})
    wait = ("wait", "-n", objects.namespace, "--for=condition=Ready", f"projects.{GROUP}/awaited", "--timeout=0s")
    assert served.kubectl(*wait, check=False).returncode != 0

    objects.patch_status("Project", "awaited", {"observedGeneration": 1, "conditions": [READY]})
    assert served.kubectl(*wait, check=False).returncode == 0

    objects.patch("Project", "awaited", {"spec": {"description": "newer"}})
    assert served.kubectl(*wait, check=False).returncode != 0


def test_get_shows_the_columns(served: ControlPlane, objects: CustomObjects) -> None:
    objects.create("Project", "shown", {"backendRef": {"name": "nscale"}})
    status: dict[str, Any] = {
        "id": "c0a8d7de",
        "provisioningStatus": "provisioned",
        "healthStatus": "healthy",
        "backendRef": {"kind": "IdentityBackend", "name": "nscale", "uid": "u"},
        "conditions": [READY],
    }
    objects.patch_status("Project", "shown", status)
    heads, row = served.kubectl("get", "-n", objects.namespace, "iproj", "shown", "-o", "wide").stdout.splitlines()
    assert heads.split() == ["NAME", "READY", "PROVISIONING", "HEALTH", "BACKEND", "ID", "POLICY", "MESSAGE", "AGE"]
    assert row.split()[:-1] == ["shown", "True", "provisioned", "healthy", "nscale", "c0a8d7de", "Manage", "in", "sync"]


def test_get_selects_by_backend_and_by_state(served: ControlPlane, objects: CustomObjects) -> None:
    objects.create("Project", "here", {"backendRef": {"name": "selected"}})
    objects.create("Project", "elsewhere", {"backendRef": {"name": "other"}})
    objects.patch_status("Project", "here", {"provisioningStatus": "deprovisioning"})
    for selector in ("spec.backendRef.name=selected", "status.provisioningStatus=deprovisioning"):
        listed = served.kubectl("get", "-n", objects.namespace, "iproj", f"--field-selector={selector}", "-o", "name")
        assert listed.stdout.split() == [f"project.{GROUP}/here"]


def test_a_category_lists_both_kinds(served: ControlPlane, objects: CustomObjects) -> None:
    objects.create("Project", "listed", {})
    objects.create("IdentityBackend", "listed", {})
    listed = served.kubectl("get", "-n", objects.namespace, "identity", "-o", "name").stdout.split()
    assert {f"project.{GROUP}/listed", f"identitybackend.{GROUP}/listed"} <= set(listed)


def test_a_new_object_never_reads_as_done(objects: CustomObjects) -> None:
    for kind in ("Project", "IdentityBackend"):
        assert objects.create(kind, "new", {})["status"] == {"observedGeneration": -1}


def test_status_and_spec_are_written_apart(objects: CustomObjects) -> None:
    objects.create("Project", "apart", {})
    assert objects.patch("Project", "apart", {"status": {"id": "forged"}})["status"] == {"observedGeneration": -1}
    written = objects.patch_status("Project", "apart", {"id": "true"})
    assert (written["status"]["id"], written["metadata"]["generation"]) == ("true", 1)


@pytest.mark.whole
def test_definitions_apply_client_side_as_well_and_change_nothing(served: ControlPlane) -> None:
    generations = ("get", "crd", "-o", "jsonpath={.items[*].metadata.generation}")
    before = served.kubectl(*generations).stdout
    served.kubectl("apply", "-k", str(ROOT / "crds"))
    served.kubectl("apply", "--server-side", "--force-conflicts", "-k", str(ROOT / "crds"))
    assert served.kubectl(*generations).stdout == before


def test_definitions_are_structural_and_their_names_free(served: ControlPlane) -> None:
    for definition in json.loads(served.kubectl("get", "crd", "-o", "json").stdout)["items"]:
        conditions = {condition["type"]: condition["status"] for condition in definition["status"]["conditions"]}
        assert conditions == {"Established": "True", "NamesAccepted": "True"}
