"""What a person sees of the chart before installing it."""

import json
import shutil
import tarfile
from pathlib import Path
from typing import Any, Final

import helm
import pytest
import yaml

import chart_pages
import release
from project_operator import __version__
from project_operator.api.kinds import KINDS


def annotations() -> dict[str, Any]:
    """Those of `Chart.yaml`, with the YAML in them read."""
    chart = yaml.safe_load((helm.CHART / "Chart.yaml").read_text(encoding="utf-8"))
    prefix = "artifacthub.io/"
    return {name.removeprefix(prefix): yaml.safe_load(text) for name, text in chart["annotations"].items()}


def test_artifact_hub_is_told_of_every_definition_and_shown_an_example_of_each() -> None:
    told = annotations()
    folder = {path.stem for path in (helm.ROOT / "crds").glob("*.identity.project-operator.dev.yaml")}
    assert {one["name"] for one in told["crds"]} == folder
    assert all(one["description"] and one["displayName"] for one in told["crds"])
    assert {one["kind"] for one in told["crdsExamples"]} == {kind.kind for kind in KINDS}
    (image,) = told["images"]
    assert image["image"] in helm.template()
    assert told["operator"] is True
    assert {one["kind"] for one in told["changes"]} <= {
        "added",
        "changed",
        "deprecated",
        "removed",
        "fixed",
        "security",
    }


def test_the_changes_are_the_first_sentences_of_the_latest_version() -> None:
    changelog = """# Changelog

## 0.2.0

### Fixed

- A thing
  that broke ([how](docs/x.md)). More of it.
- Another, see [there](y.md); and so on

### Known limits

- None.

## 0.1.0

### Added

- All.
"""
    assert list(chart_pages.changes(changelog)) == [
        {"kind": "fixed", "description": "A thing that broke"},
        {"kind": "fixed", "description": "Another, see there; and so on"},
    ]


def test_the_readme_has_a_row_for_every_value() -> None:
    schema = json.loads((helm.CHART / "values.schema.json").read_text(encoding="utf-8"))
    text = (helm.CHART / "README.md").read_text(encoding="utf-8")
    paths = [path for path, _, _ in chart_pages.leaves(schema, {})]
    assert "metrics.podMonitor.interval" in paths
    assert [path for path in paths if f"| `{path}` |" not in text] == []


IMAGE: Final = "ghcr.io/acme/project-operator@sha256:" + "0f" * 32


def packed(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """The package of a release that runs `IMAGE`, and its texts."""
    chart = tmp_path / "project-operator"
    shutil.copytree(helm.CHART, chart)
    texts = {name: (chart / name).read_text(encoding="utf-8") for name in ("values.yaml", "Chart.yaml", "README.md")}
    for name, text in release.pinned(texts, IMAGE).items():
        (chart / name).write_text(text, encoding="utf-8")
    done = helm.run("package", str(chart), f"--destination={tmp_path}")
    assert done.returncode == 0, done.stderr
    (package,) = tmp_path.glob("*.tgz")
    with tarfile.open(package) as archive:
        return package, {name: read(archive, name) for name in texts}


def read(archive: tarfile.TarFile, name: str) -> str:
    file = archive.extractfile(f"project-operator/{name}")
    assert file is not None
    return file.read().decode()


def test_the_released_chart_says_of_its_image_what_its_pods_run(tmp_path: Path) -> None:
    package, texts = packed(tmp_path)
    done = helm.run("template", helm.RELEASE, str(package), values=helm.WITHOUT_DEFINITIONS)
    (pod,) = [one["spec"]["template"]["spec"] for one in helm.objects(done.stdout) if one["kind"] == "Deployment"]
    runs = pod["containers"][0]["image"]
    assert runs == IMAGE.replace("@", f":{__version__}@")
    (told,) = yaml.safe_load(yaml.safe_load(texts["Chart.yaml"])["annotations"]["artifacthub.io/images"])
    assert told == {"name": "project-operator", "image": runs}
    assert "published yet" not in texts["values.yaml"]

    readme = texts["README.md"]
    assert "--set image." not in readme
    assert f"oci://ghcr.io/acme/charts/project-operator --version {__version__}" in readme
    schema = json.loads((helm.CHART / "values.schema.json").read_text(encoding="utf-8"))
    again = chart_pages.readme(yaml.safe_load(texts["Chart.yaml"]), schema, yaml.safe_load(texts["values.yaml"]))
    assert readme.split("## Values")[1] == again.split("## Values")[1]


def test_a_chart_that_says_nowhere_what_is_to_be_pinned_is_refused() -> None:
    texts = {
        name: (helm.CHART / name).read_text(encoding="utf-8") for name in ("values.yaml", "Chart.yaml", "README.md")
    }
    with pytest.raises(ValueError, match="must have one place like"):
        release.pinned({**texts, "README.md": texts["README.md"].replace("image.registry=", "image.host=")}, IMAGE)


def test_the_package_holds_what_is_installed_and_not_what_tests_it(tmp_path: Path) -> None:
    done = helm.run("package", str(helm.CHART), f"--destination={tmp_path}")
    assert done.returncode == 0, done.stderr
    (package,) = tmp_path.glob("*.tgz")
    with tarfile.open(package) as archive:
        names = {name.removeprefix("project-operator/") for name in archive.getnames()}
    assert {"README.md", "values.schema.json", "files/answers.py", "templates/tests/answers.yaml"} <= names
    assert [name for name in names if name.startswith("ci/")] == []
