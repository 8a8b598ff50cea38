"""What is generated, and `project-operator generate` and `project-operator crds`, which write it."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import yaml

from project_operator import cli, generate
from project_operator.api.kinds import KINDS

ROOT = Path(__file__).parents[2]


RENDERED_ONCE = tuple(replace(file, render=cache(file.render)) for file in generate.GENERATED)
"""A text does not change while the tests run, and some take a tenth of a second."""


@pytest.fixture(autouse=True)
def _rendered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "GENERATED", RENDERED_ONCE)


def run(*arguments: str) -> int:
    return cli.main(arguments)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository in which everything is up to date."""
    (tmp_path / "pyproject.toml").touch()
    generate.write_files(tmp_path)
    return tmp_path


def test_everything_committed_is_up_to_date() -> None:
    assert generate.stale_files(ROOT) == []


def test_check_is_silent_where_nothing_is_stale(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("generate", "--check", "--root", str(repository)) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("spoil", "complaint"),
    [
        (lambda crds: (crds / "README.md").write_text("edited"), "crds/README.md is not what the code generates"),
        (lambda crds: (crds / "README.md").unlink(), "crds/README.md is missing"),
        (lambda crds: (crds / "old.yaml").touch(), "crds/old.yaml is not generated any more"),
    ],
    ids=["edited", "missing", "left over"],
)
def test_check_names_the_stale_file_and_the_command_that_mends_it(
    repository: Path, capsys: pytest.CaptureFixture[str], spoil: object, complaint: str
) -> None:
    assert callable(spoil)
    spoil(repository / "crds")

    assert run("generate", "--check", "--root", str(repository)) == 1
    assert capsys.readouterr().err == f"{complaint}; run: project-operator generate\n"

    assert run("generate", "--root", str(repository)) == 0
    assert run("generate", "--check", "--root", str(repository)) == 0


def test_writes_only_what_changed(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "docs/reference/reasons.md").write_text("edited")
    assert run("generate", "--root", str(repository)) == 0
    assert capsys.readouterr().out == "docs/reference/reasons.md\n"


def test_writes_nothing_outside_a_repository(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("generate", "--root", str(tmp_path)) == 2
    assert "is not the root of the repository; go there or give --root" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_crds_prints_what_kubectl_apply_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("crds") == 0
    documents = list(yaml.safe_load_all(capsys.readouterr().out))
    assert [document["spec"]["names"]["kind"] for document in documents] == [kind.kind for kind in KINDS]
