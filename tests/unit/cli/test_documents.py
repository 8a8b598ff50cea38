"""Manifests as people keep them."""

import io
import sys
from pathlib import Path

import pytest

from project_operator.cli.documents import read
from project_operator.errors import ConfigurationError


def test_files_folders_lists_and_standard_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    (tmp_path / "deep" / "two.yaml").write_text(
        "kind: Project\nmetadata: {name: a}\n---\n---\nkind: Secret\nmetadata: {name: b}\n"
    )
    (tmp_path / "deep" / "er" / "one.json").write_text(
        '{"kind": "List", "items": [{"kind": "X", "metadata": {"name": "c"}}]}'
    )
    (tmp_path / "deep" / "notes.txt").write_text("not: [a manifest")
    monkeypatch.setattr(sys, "stdin", io.StringIO("kind: Project\nmetadata: {name: d}\n"))

    found = read((tmp_path / "deep", tmp_path / "deep" / "two.yaml", Path("-")))

    assert [one.raw["metadata"]["name"] for one in found] == ["c", "a", "b", "a", "b", "d"]
    assert found[-1].source == "standard input"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: [", "is not YAML"),
        ("- a\n", "holds list where an object was expected"),
        ("kind: Project\n", "holds an object without `metadata.name`"),
    ],
)
def test_what_is_no_manifest_is_named(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match=said) as error:
        read((path,))
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nothing\.yaml cannot be read: No such file"):
        read((tmp_path / "nothing.yaml",))
