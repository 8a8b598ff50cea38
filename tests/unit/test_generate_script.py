"""`scripts/generate.py`: what it says, what it writes, and that what is committed is up to date."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import generate
import kustomize_base

Rendered = Callable[[], Mapping[Path, str | None]]
WITHOUT_HELM = [rendered for rendered in generate.GENERATORS if rendered is not kustomize_base.rendered]
"""The base for kustomize is compared in `tests/chart`."""


@pytest.mark.parametrize("rendered", WITHOUT_HELM, ids=lambda rendered: rendered.__module__)
def test_everything_committed_is_up_to_date(rendered: Rendered) -> None:
    files = rendered()
    assert files
    assert generate.stale(files) == []


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One with a generator whose files are missing, different, as they are to be, and left over."""
    missing, different, right, left_over = (tmp_path / name for name in ("docs/new.md", "edited", "right", "old"))
    for path in (different, right, left_over):
        path.write_text("kept\n", encoding="utf-8")
    files = {missing: "made\n", different: "made\n", right: "kept\n", left_over: None}
    monkeypatch.setattr(generate, "ROOT", tmp_path)
    monkeypatch.setattr(generate, "GENERATORS", (lambda: files,))
    monkeypatch.setattr(generate, "COMPLAINTS", ())
    return tmp_path


def texts(folder: Path) -> dict[str, str]:
    """Every file, and what is in it."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files}


def test_check_names_each_stale_file_with_the_command_that_mends_it_and_writes_nothing(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = texts(repository)
    assert generate.main(["--check"]) == 1
    said = [f"{name} is not up to date; run: make generate" for name in ("docs/new.md", "edited", "old")]
    assert capsys.readouterr().err.splitlines() == said
    assert texts(repository) == before


def test_what_is_stale_is_written_or_removed_and_then_there_is_nothing_to_say(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert generate.main([]) == 0
    assert capsys.readouterr() == ("docs/new.md\nedited\nold\n", "")
    assert texts(repository) == {"docs/new.md": "made\n", "edited": "made\n", "right": "kept\n"}
    assert generate.main([]) == generate.main(["--check"]) == 0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("arguments", [[], ["--check"]], ids=["write", "check"])
def test_with_data_that_are_wrong_no_generator_is_asked(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    monkeypatch.setattr(generate, "COMPLAINTS", (list, lambda: ["a row is odd", "so is another"]))
    before = texts(repository)
    assert generate.main(arguments) == 1
    assert capsys.readouterr() == ("", "a row is odd\nso is another\n")
    assert texts(repository) == before


def test_a_generator_reads_what_those_before_it_have_written(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = repository / "first", repository / "second"
    generators = (lambda: {first: "new\n"}, lambda: {second: first.read_text(encoding="utf-8")})
    monkeypatch.setattr(generate, "GENERATORS", generators)
    assert generate.main([]) == 0
    assert second.read_text(encoding="utf-8") == "new\n"
