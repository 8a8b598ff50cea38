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

    def register(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
        subparsers.add_parser("try").set_defaults(run=run)

    monkeypatch.setattr(cli, "subcommands", lambda: (register,))
    assert cli.main(["try"]) == status
    expected = f"project-operator: {error}\n" if str(error) else ""
    assert capsys.readouterr().err == expected


def test_without_the_extra_the_sandbox_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "project_operator.sandbox.command", raising=False)
    for name in [name for name in sys.modules if name.startswith("project_operator.sandbox")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "trustme", None)
    assert cli.main(["sandbox", "controlplane", "--build-only"]) == 2
    assert "pip install 'project-operator[sandbox]'" in capsys.readouterr().err
