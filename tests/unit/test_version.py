"""The version is that of the tag, and there is one without tags, without git, and in a source archive."""

import os
import subprocess
from pathlib import Path

import pytest

import version

OWN = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}


def git(root: Path, *arguments: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True, env=os.environ | OWN)


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    (tmp_path / version.STATED).parent.mkdir(parents=True)
    (tmp_path / version.STATED).write_text('__version__ = "0.4.0"\n', encoding="utf-8")
    return tmp_path


def test_without_git_it_is_the_one_that_the_sources_state(sources: Path) -> None:
    assert version.version(sources) == "0.4.0"


def test_a_clone_says_its_tag_and_how_far_it_is_from_it(sources: Path) -> None:
    git(sources, "init", "--quiet")
    git(sources, "add", ".")
    git(sources, "commit", "--quiet", "--message", "first")
    assert version.version(sources) == "0.4.0", "no tags"
    git(sources, "tag", "v9.8.7")
    git(sources, "tag", "other")
    assert version.version(sources) == "9.8.7"
    (sources / version.STATED).write_text("changed\n", encoding="utf-8")
    assert version.version(sources).startswith("9.8.8.dev0+g")
    assert version.version(sources).endswith(".dirty")
    git(sources, "commit", "--quiet", "--all", "--message", "second")
    assert version.version(sources).startswith("9.8.8.dev1+g")


def test_an_archive_knows_its_own_whatever_is_around_it(sources: Path) -> None:
    git(sources, "init", "--quiet")
    (sources / "PKG-INFO").write_text("Name: a\nVersion: 3.2.1\n\nVersion: 0\n", encoding="utf-8")
    assert version.version(sources) == "3.2.1"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("v1.2.3-0-gabcdef12", "1.2.3"),
        ("v1.2.3-rc.1-0-gabcdef12", "1.2.3rc1"),
        ("v1.2.3-rc.1-2-gabcdef12", "1.2.3rc2.dev2+gabcdef12"),
        ("v1.2.3-2-gabcdef12-dirty", "1.2.4.dev2+gabcdef12.dirty"),
    ],
)
def test_what_git_says_is_written_as_pythons_write_it(said: str, expected: str) -> None:
    assert version.described(said) == expected


@pytest.mark.parametrize("said", ["", "other-0-gabcdef12", "v1.2-0-gabcdef12", "abcdef12"])
def test_what_is_no_version_is_passed_over(said: str) -> None:
    assert version.described(said) is None


def test_sources_that_state_none_are_an_error(sources: Path) -> None:
    (sources / version.STATED).write_text("", encoding="utf-8")
    with pytest.raises(ValueError, match="must state"):
        version.version(sources)
