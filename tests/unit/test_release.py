"""What the release workflow asks of the sources: one version everywhere, actions that are what they say, and a chart
that runs the image by digest and links to where its pages are.
"""

import re
import shutil
from pathlib import Path

import pytest
import yaml

import release

IMAGE = f"ghcr.io/example/project-operator@sha256:{'a' * 64}"
TREE = "https://github.com/example/project-operator/blob/v0.1.0"
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


COMMIT, OBJECT, OTHER = "c" * 40, "0" * 40, "f" * 40
LOGIN = f"      - uses: docker/login-action@{COMMIT} # v4.6.0\n"
ANNOTATED = f"{OBJECT}\trefs/tags/v4.6.0\n{COMMIT}\trefs/tags/v4.6.0^{{}}\n"


@pytest.mark.parametrize("answer", [ANNOTATED, f"{COMMIT}\trefs/tags/v4.6.0\n"], ids=["annotated", "lightweight"])
def test_an_action_is_what_its_own_repository_has_under_its_version(answer: str) -> None:
    asked = []

    def ask(*what: str) -> str:
        asked.append(what)
        return answer

    assert release.foreign(LOGIN, ask) == []
    assert asked == [("docker/login-action", "v4.6.0")]


@pytest.mark.parametrize(
    ("workflow", "answer", "said"),
    [
        (LOGIN, ANNOTATED.replace(COMMIT, OTHER), f"docker/login-action v4.6.0 is {OTHER}, not {COMMIT}"),
        (LOGIN, f"{OTHER}\trefs/tags/v4.6.0\n", f"docker/login-action v4.6.0 is {OTHER}, not {COMMIT}"),
        (LOGIN, "", f"docker/login-action v4.6.0 is not there, not {COMMIT}"),
        ("uses: docker/login-action@v4\n", ANNOTATED, "'docker/login-action@v4' must be OWNER/REPOSITORY@COMMIT"),
    ],
    ids=["moved", "moved-lightweight", "no-tag", "no-commit"],
)
def test_a_commit_that_is_not_its_repositorys_is_named(workflow: str, answer: str, said: str) -> None:
    (found,) = release.foreign(workflow, lambda *_: answer)
    assert found.startswith(said)


def test_what_links_into_the_repository_does_so_from_anywhere() -> None:
    readme = (release.ROOT / release.CHART / "README.md").read_text(encoding="utf-8")
    links = release.LINK.findall(readme)
    assert len(links) >= 3
    linked = release.linked(readme, TREE)
    assert release.LINK.findall(linked) == []
    there = re.findall(rf"\]\({TREE}/([^)]+)\)", linked)
    assert len(there) == len(links)
    assert [path for path in there if not (release.ROOT / path).is_file()] == []
    assert release.linked("[a](https://b.c/d) [e](#f) [g](h.md#i)", TREE) == (
        f"[a](https://b.c/d) [e](#f) [g]({TREE}/{release.CHART}/h.md#i)"
    )


@pytest.mark.parametrize("readme", ["none", "[out](../../../../elsewhere.md)"], ids=["no-link", "out"])
def test_links_that_lead_nowhere_are_refused(readme: str) -> None:
    with pytest.raises(ValueError, match="must"):
        release.linked(readme, TREE)


def test_an_image_from_elsewhere_has_no_pages_to_link_to() -> None:
    files = {
        name: (release.ROOT / release.CHART / name).read_text(encoding="utf-8")
        for name in ("values.yaml", "Chart.yaml", "README.md")
    }
    with pytest.raises(ValueError, match=r"must be ghcr\.io/"):
        release.pinned(files, IMAGE.replace("ghcr.io", "registry.example.com"))
