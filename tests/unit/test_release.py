"""What the release workflow asks of the sources: one version everywhere, and a chart that runs the image by digest."""

import shutil
from pathlib import Path

import pytest
import yaml

import release

IMAGE = f"ghcr.io/example/project-operator@sha256:{'a' * 64}"
STATED = [*release.VERSIONS]


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """The files that state a version, as they are here, with 9.8.7 in the changelog and everywhere else."""
    for path in STATED:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(release.ROOT / path, tmp_path / path)
    package = (release.ROOT / STATED[0]).read_text(encoding="utf-8")
    present = package.partition('__version__ = "')[2].partition('"')[0]
    for path in STATED:
        text = (tmp_path / path).read_text(encoding="utf-8").replace(present, "9.8.7")
        (tmp_path / path).write_text(text, encoding="utf-8")
    changes = (tmp_path / "CHANGELOG.md").read_text(encoding="utf-8")
    (tmp_path / "CHANGELOG.md").write_text(f"## [9.8.7] - 2027-01-01\n\n{changes}", encoding="utf-8")
    return tmp_path


def test_one_version_everywhere_is_released(sources: Path) -> None:
    assert release.differences(sources, "9.8.7") == []


def test_a_version_that_is_set_is_everywhere_but_in_the_changelog(sources: Path) -> None:
    for path, text in release.with_version(sources, "10.0.1").items():
        (sources / path).write_text(text, encoding="utf-8")
    assert release.differences(sources, "10.0.1") == ["CHANGELOG.md has 9.8.7, the tag has 10.0.1"]
    with pytest.raises(ValueError, match="must be X"):
        release.with_version(sources, "v10")


@pytest.mark.parametrize("path", STATED)
def test_a_version_that_differs_is_named(sources: Path, path: str) -> None:
    text = (sources / path).read_text(encoding="utf-8")
    (sources / path).write_text(text.replace("9.8.7", "9.8.6"), encoding="utf-8")
    found = release.differences(sources, "9.8.7")
    assert found
    assert all(line.startswith(f"{path} has 9.8.6") for line in found)


def test_the_released_chart_runs_the_image_by_digest() -> None:
    text = (release.ROOT / release.CHART / "values.yaml").read_text(encoding="utf-8")
    before, after = yaml.safe_load(text), yaml.safe_load(release.with_image(text, IMAGE))
    named = {"registry": "ghcr.io", "repository": "example/project-operator", "digest": f"sha256:{'a' * 64}"}
    assert after == before | {"image": before["image"] | named}


@pytest.mark.parametrize(
    ("values", "image"),
    [
        ("\nimage:\n  registry: a\n  repository: b\n  digest: c\n\n", "ghcr.io/example/project-operator:0.1.0"),
        ("\nimage:\n  registry: a\n  repository: b\n\n", IMAGE),
        ("\nother:\n  registry: a\n  repository: b\n  digest: c\n\n", IMAGE),
    ],
    ids=["tag", "no-digest", "no-image"],
)
def test_what_cannot_be_pinned_is_refused(values: str, image: str) -> None:
    with pytest.raises(ValueError, match="must"):
        release.with_image(values, image)
