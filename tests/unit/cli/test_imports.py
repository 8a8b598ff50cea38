"""What `import` says of what it wrote, and where it ends."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from project_operator import cli
from project_operator.cli import imports
from project_operator.cli.manifests import Manifest, Refused
from project_operator.cli.offers import Taken

ASKED = ("import", "--backend=default", "--namespace=demo")
BACKEND = "IdentityBackend demo/default"


def manifest(name: str, *notes: str) -> Manifest:
    spec = {"import": {"id": f"id-{name}"}, "name": name}
    return Manifest({"kind": "Project", "metadata": {"name": name}, "spec": spec}, notes)


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> list[Taken]:
    """The first of them is what there is to be taken."""
    given: list[Taken] = []

    async def take(*_: Any) -> Taken:
        return given[0]

    monkeypatch.setattr(imports, "_take", take)
    return given


@pytest.mark.parametrize(
    ("choice", "found", "status", "said"),
    [
        (["--name=zzz*"], Taken(BACKEND), 2, f"--name 'zzz*': {BACKEND} shows no such project; list what there is"),
        (["--tag=a", "--tag=b=c"], Taken(BACKEND), 2, f"--tag 'a' --tag 'b=c': {BACKEND} shows no such project"),
        (["--id=1"], Taken(BACKEND), 2, "--id 1: the backend shows no such project; list them without --id"),
        (["--all"], Taken(BACKEND), 0, "there is nothing to import: 0 projects were skipped"),
        (["--all"], Taken(BACKEND, (), (Refused("1", "a", "why"),)), 0, "skipped 1 (a): why"),
        (["--all"], Taken(BACKEND, (manifest("a"),), (Refused("1", "a", "why", failed=True),)), 1, "skipped 1 (a)"),
        (["--id=1"], Taken(BACKEND, (), (Refused("1", "a", "why"),)), 1, "skipped 1 (a): why"),
        (["--name=a"], Taken(BACKEND, (manifest("a"),)), 0, ""),
    ],
)
def test_what_came_of_it(
    choice: list[str], found: Taken, status: int, said: str, taken: list[Taken], capsys: pytest.CaptureFixture[str]
) -> None:
    taken.append(found)
    assert cli.main([*ASKED, *choice]) == status
    out, err = capsys.readouterr()
    assert bool(out) is bool(found.manifests)
    assert all(line.startswith("project-operator: ") for line in err.splitlines())
    assert (said in err) if said else (err == "")


NOTED = Taken(BACKEND, (manifest("a", "left out: tags (x\x1b[31m)"),))


def test_what_is_left_out_is_told_in_every_format(
    taken: list[Taken], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken.append(NOTED)
    assert cli.main([*ASKED, "--all"]) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[0] == "# left out: tags (x [31m)"
    assert list(yaml.safe_load_all(out)) == [NOTED.manifests[0].document]
    assert err == ""

    assert cli.main([*ASKED, "--all", "--output=json"]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["items"] == [NOTED.manifests[0].document]
    assert err == "project-operator: a: left out: tags (x [31m)\n"

    assert cli.main([*ASKED, "--all", "--output=json", f"--to={tmp_path}"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["imported"]
    assert told["note"] == "left out: tags (x\x1b[31m)"
    assert (tmp_path / "a.yaml").read_text(encoding="utf-8").startswith("# left out: tags (x [31m)\n")


def test_what_cannot_be_written_is_one_line(
    taken: list[Taken], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken.append(NOTED)
    (tmp_path / "file").write_text("")
    for folder in (tmp_path / "file", tmp_path / "file" / "below", Path("/proc/x")):
        assert cli.main([*ASKED, "--all", f"--to={folder}"]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith(f"project-operator: --to {folder}: ")
        assert err.count("\n") == 1

    assert cli.main([*ASKED, "--all", f"--to={tmp_path / 'to'}"]) == 0
    assert cli.main([*ASKED, "--all", f"--to={tmp_path / 'to'}"]) == 2
    assert "a.yaml would be overwritten; give --overwrite" in capsys.readouterr().err
    assert cli.main([*ASKED, "--all", f"--to={tmp_path / 'to'}", "--overwrite"]) == 0
