import argparse
import subprocess
import sys

import pytest

from project_operator import __version__, cli
from project_operator.errors import ConfigurationError, SandboxError


def test_the_module_and_the_version_answer() -> None:
    command = [sys.executable, "-m", "project_operator", "--version"]
    assert (
        subprocess.run(command, check=True, capture_output=True, text=True).stdout
        == f"project-operator {__version__}\n"
    )


@pytest.mark.parametrize(
    ("error", "status"),
    [(ConfigurationError("wrong"), 2), (SandboxError("broken"), 1), (KeyboardInterrupt(), 130)],
)
def test_an_error_becomes_one_line_and_an_exit_status(
    error: BaseException, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(_arguments: argparse.Namespace) -> int:
        raise error

    monkeypatch.setattr("project_operator.generate.add_crds_options", lambda parser: parser.set_defaults(run=run))
    assert cli.main(["crds"]) == status
    expected = f"project-operator: {error}\n" if str(error) else ""
    assert capsys.readouterr().err == expected


def test_without_the_extra_the_sandbox_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.startswith("project_operator.sandbox")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "trustme", None)
    assert cli.main(["sandbox", "controlplane", "--build-only"]) == 2
    assert "pip install 'project-operator[sandbox]'" in capsys.readouterr().err


def test_what_the_image_lacks_is_no_excuse_for_what_it_should_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "project_operator.generate", raising=False)
    monkeypatch.setitem(sys.modules, "yaml", None)
    for name in [name for name in sys.modules if name.startswith("project_operator.api")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ModuleNotFoundError, match="yaml"):
        cli.main(["crds"])


@pytest.mark.parametrize("arguments", [["--help"], ["sandbox", "--help"]])
def test_the_list_of_subcommands_imports_none_of_them(arguments: list[str]) -> None:
    ask = "import sys; from project_operator import cli; sys.argv[0] = 'x'\ntry: cli.main(sys.argv[1:])\nfinally: "
    show = "print(*sorted(name for name in sys.modules if name in {'kopf', 'pydantic', 'rich', 'yaml', 'httpx'}))"
    said = subprocess.run(
        [sys.executable, "-c", ask + show, *arguments], check=True, capture_output=True, text=True
    ).stdout
    assert "COMMAND" in said or "PART" in said
    assert said.splitlines()[-1] == ""


@pytest.mark.parametrize("subcommand", ["run", "generate", "crds", "sandbox controlplane", "sandbox demo"])
def test_each_says_what_it_takes(subcommand: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main([*subcommand.split(), "--help"])
    assert ended.value.code == 0
    assert f"usage: project-operator {subcommand} [-h]" in capsys.readouterr().out
