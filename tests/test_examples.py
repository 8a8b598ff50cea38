"""The examples are numbered by need, and each opens with what it shows; an API server takes them in `tests/api`."""

import re
from pathlib import Path
from typing import Final

import pytest
import yaml

from project_operator.api.kinds import KINDS
from project_operator.api.names import API_VERSION, CREDENTIALS_LABEL

FOLDER: Final = Path(__file__).parents[1] / "deploy" / "examples"
EXAMPLES: Final = sorted(FOLDER.glob("*.yaml"))
BY_FILE: Final = pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
INDEX: Final = (FOLDER / "README.md").read_text(encoding="utf-8")


def test_they_are_numbered_without_a_gap() -> None:
    assert [path.name[:3] for path in EXAMPLES] == [f"{number:02}-" for number in range(1, len(EXAMPLES) + 1)]


def test_the_list_has_each_in_this_order() -> None:
    assert re.findall(r"^\| \[[^]]*\]\(([^)]*)\)", INDEX, re.MULTILINE) == [path.name for path in EXAMPLES]


@BY_FILE
def test_each_opens_with_what_it_shows(path: Path) -> None:
    opening, _, rest = path.read_text(encoding="utf-8").partition("\napiVersion: ")
    assert rest
    assert all(line.startswith("# ") for line in opening.splitlines())
    assert opening.rstrip().endswith(".")
    assert len(opening.splitlines()) <= 4


@BY_FILE
def test_each_is_understood(path: Path) -> None:
    models = {kind.kind: kind.model for kind in KINDS}
    for document in yaml.safe_load_all(path.read_text(encoding="utf-8")):
        if document["kind"] == "Secret":
            assert document["metadata"]["labels"] == {CREDENTIALS_LABEL: "true"}
        else:
            assert document["apiVersion"] == API_VERSION
            models[document["kind"]].model_validate(document)


@BY_FILE
def test_what_each_points_at_is_there(path: Path) -> None:
    opening = path.read_text(encoding="utf-8").partition("\napiVersion: ")[0]
    for name in re.findall(r"[\w/-]+\.(?:yaml|md)\b", opening):
        assert (FOLDER / name).is_file() or (FOLDER.parents[1] / name).is_file(), name
