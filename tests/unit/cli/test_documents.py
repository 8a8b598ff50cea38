"""Manifests as people keep them."""

import io
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from project_operator.api.names import API_VERSION
from project_operator.cli.documents import Document, read
from project_operator.errors import ConfigurationError
from project_operator.kube.resources import PROJECTS, SECRETS, Resource

KINDS: Final[Mapping[str, Resource]] = {one.kind: one for one in (PROJECTS, SECRETS)}
OURS: Final = f"apiVersion: {API_VERSION}\nkind: Project\n"


def project(name: str) -> dict[str, Any]:
    return {"apiVersion": API_VERSION, "kind": "Project", "metadata": {"name": name}}


def test_files_folders_lists_and_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "b"}}
    (tmp_path / "deep" / "two.yaml").write_text(yaml.safe_dump_all([project("a"), None, secret]))
    listed = {"apiVersion": "v1", "kind": "List", "items": [project("c"), {"kind": "X"}]}
    (tmp_path / "deep" / "er" / "one.json").write_text(yaml.safe_dump(listed, default_flow_style=True))
    (tmp_path / "deep" / "er" / "own.yml").write_text(yaml.safe_dump({"kind": "ProjectList", "items": [project("e")]}))
    (tmp_path / "deep" / "notes.txt").write_text("not: [a manifest")
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{OURS}metadata: {{name: d}}\n"))

    found = read((tmp_path / "deep", tmp_path / "deep" / "two.yaml", Path("-")), KINDS)

    assert [one.name for one in found] == ["c", "e", "a", "b", "a", "b", "d"]
    assert {one.problem for one in found} == {""}
    assert found[-1].source == "standard input"


@pytest.mark.parametrize(
    "text",
    [
        "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [x.yaml]\n",
        "replicaCount: 1\nkind: 3\nmetadata: no\n",
        "- a\n- list\n",
        "just text\n",
        "kind: ResourceList\nitems: 3\n",
        "apiVersion: project.openshift.io/v1\nkind: Project\nmetadata: 3\n",
        "apiVersion: v1\nkind: Project\n",
        "apiVersion: vault.example.com/v1\nkind: Secret\n",
        "slugify: !!python/object/apply:x.slugify {}\nrole: !Ref Role\n",
        "{}\n",
        "",
    ],
)
def test_what_else_is_in_a_folder_is_passed_over(text: str, tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(text)
    (tmp_path / "project.yaml").write_text(f"{OURS}metadata: {{name: a}}\n")
    assert [one.name for one in read((tmp_path,), KINDS)] == ["a"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "is not YAML"),
        ("a: !Ref b\n", "is not YAML as manifests are: could not determine a constructor"),
        ("when: 2026-13-01T00:00:00Z\n", "is not YAML"),
        ("- a\n", "holds list where an object was expected"),
        ("kind: List\nitems: 3\n", "holds a List whose `items` are not a list of objects"),
        ("kind: ProjectList\nitems: [a]\n", "holds a ProjectList whose `items` are not a list of objects"),
    ],
)
def test_what_is_no_manifest_is_named(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=said) as error:
        read((path,), KINDS)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("resource", "changes", "problem"),
    [
        (PROJECTS, {"apiVersion": f"{PROJECTS.group}/v1"}, f"apiVersion: must be {API_VERSION}"),
        (PROJECTS, {"apiVersion": None}, f"apiVersion: must be {API_VERSION}"),
        (PROJECTS, {"metadata": "foo"}, "metadata: must be an object"),
        (PROJECTS, {"metadata": {}}, "metadata.name: must be text"),
        (PROJECTS, {"metadata": {"name": 12}}, "metadata.name: must be text"),
        (PROJECTS, {"metadata": {"name": "Team_A"}}, "metadata.name: must be text of lower-case letters"),
        (PROJECTS, {"metadata": {"name": "a", "namespace": 1}}, "metadata.namespace: must be text"),
        (PROJECTS, {"metadata": {"name": "a", "labels": ["a"]}}, "metadata.labels: must be an object of texts"),
        (PROJECTS, {"metadata": {"name": "a", "annotations": {"a": 1}}}, "metadata.annotations: must be an object"),
        (PROJECTS, {"spec": "foo"}, "spec: must be an object"),
        (PROJECTS, {"spec": None}, ""),
        (SECRETS, {"data": ["a"]}, "data: must be an object of texts"),
        (SECRETS, {"stringData": {"port": 5432}}, "stringData: must be an object of texts"),
        (SECRETS, {"spec": 3, "stringData": {"port": "5432"}}, "spec: must be an object"),
    ],
)
def test_a_document_of_the_wrong_shape_says_where(resource: Resource, changes: dict[str, Any], problem: str) -> None:
    raw = {"apiVersion": resource.api_version, "kind": resource.kind, "metadata": {"name": "a"}} | changes
    found = Document("x.yaml", resource, raw)
    assert found.problem.startswith(problem)
    assert bool(found.problem) is bool(problem)
    assert found.name  # whatever it is


def test_a_file_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match=r"nothing\.yaml cannot be read: No such file"):
        read((tmp_path / "nothing.yaml",), KINDS)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xff"), encoding="utf-8"))
    with pytest.raises(ConfigurationError, match="standard input cannot be read: it is not UTF-8"):
        read((Path("-"),), KINDS)
