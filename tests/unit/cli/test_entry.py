"""The command line as a whole: help, errors, exit statuses, what is imported for it."""

import re
import subprocess
import sys

import click
import pytest

from project_operator import __version__, cli
from project_operator.cli import entry, generated
from project_operator.cli.statuses import MEANINGS, ExitStatus
from project_operator.errors import ConfigurationError, KubeUnavailable, SandboxError


def test_the_module_and_the_version_answer() -> None:
    command = [sys.executable, "-m", "project_operator", "--version"]
    assert (
        subprocess.run(command, check=True, capture_output=True, text=True).stdout
        == f"project-operator {__version__}\n"
    )


def failing(monkeypatch: pytest.MonkeyPatch, error: BaseException) -> None:
    """Let ``crds`` fail."""

    def fail() -> None:
        raise error

    monkeypatch.setattr(generated.crds, "callback", fail)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ConfigurationError("wrong"), ExitStatus.USAGE),
        (SandboxError("broken"), ExitStatus.FAILED),
        (KubeUnavailable("away"), ExitStatus.FAILED),
        (KeyboardInterrupt(), ExitStatus.INTERRUPTED),
        (click.Abort(), ExitStatus.INTERRUPTED),
        (PermissionError(13, "Permission denied", "/proc/x"), ExitStatus.FAILED),
        (KeyError("spec"), ExitStatus.FAILED),
        (RuntimeError("two\nlines, and \x1b[31m"), ExitStatus.FAILED),
        (AssertionError(), ExitStatus.FAILED),
    ],
)
def test_an_error_becomes_one_line_and_an_exit_status(
    error: BaseException, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing(monkeypatch, error)
    assert cli.main(["crds"]) == status
    said = capsys.readouterr().err
    match error:
        case KeyboardInterrupt() | click.Abort():
            assert said.strip() == ""
        case ConfigurationError() | SandboxError() | KubeUnavailable():
            assert said == f"project-operator: {error}\n"
        case PermissionError():
            assert said == "project-operator: /proc/x: Permission denied\n"
        case _:
            (line,) = said.splitlines()
            assert line.startswith(f"project-operator: this is a defect of project-operator ({type(error).__name__}")
            assert line.endswith("; --verbose shows where; please report it")
            assert line.isprintable()


@pytest.mark.parametrize("options", [["--verbose", "crds"], ["-v", "crds"]])
def test_verbose_tells_what_led_to_an_error(
    options: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for error, last in ((SandboxError("broken"), "project-operator: broken"), (KeyError("spec"), "; please report it")):
        failing(monkeypatch, error)
        assert cli.main(options) == ExitStatus.FAILED
        said = capsys.readouterr().err
        assert "Traceback (most recent call last)" in said
        assert said.endswith(f"{last}\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "No such command 'nonsense'; see: project-operator --help"),
        (["sandbox", "nonsense"], "No such command 'nonsense'; see: project-operator sandbox --help"),
        (["crds", "--nonsense"], "No such option '--nonsense'; see: project-operator crds --help"),
        (["doctor", "-o", "xml"], "Invalid value for '-o' / '--output'"),
        (["import"], "Missing option '--backend'"),
        (["plan", "--timeout=0"], "Invalid value for '--timeout'"),
    ],
)
def test_what_was_asked_wrongly_is_one_line_with_the_way_out(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == ExitStatus.USAGE
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert "; see: project-operator " in line


def test_a_kubeconfig_that_is_not_there_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    for command in (["doctor"], ["plan"], ["orphans"], ["release"], ["import", "--backend=b", "--namespace=n"]):
        assert cli.main([*command, "--kubeconfig=/nowhere/config"]) == ExitStatus.USAGE
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("project-operator: No access to a Kubernetes API server: ")
        assert line.endswith("; give another file with --kubeconfig or PROJECT_OPERATOR_KUBECONFIG")


def test_without_the_extra_the_sandbox_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in [name for name in sys.modules if name.startswith("project_operator.sandbox")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "trustme", None)
    assert cli.main(["sandbox", "controlplane", "--build-only"]) == 2
    assert "pip install 'project-operator[sandbox]'" in capsys.readouterr().err


def test_what_the_image_lacks_is_no_excuse_for_what_it_should_have(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("project_operator.generate", "project_operator.cli.generated"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "yaml", None)
    for name in [name for name in sys.modules if name.startswith("project_operator.api")]:
        monkeypatch.delitem(sys.modules, name)
    assert cli.main(["crds"]) == ExitStatus.FAILED
    assert re.search(r"a defect of project-operator \(ModuleNotFoundError: .*yaml", capsys.readouterr().err)


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [(["--help"], {}), (["sandbox", "--help"], {}), ([], {"COMP_WORDS": "project-operator ", "COMP_CWORD": "1"})],
    ids=["help", "help of a group", "completion"],
)
def test_a_list_of_subcommands_imports_none_of_them(arguments: list[str], variables: dict[str, str]) -> None:
    ask = "import sys, atexit; from project_operator import cli; "
    dear = "{'kopf', 'pydantic', 'rich', 'yaml', 'httpx', 'aiohttp'}"
    show = f"atexit.register(lambda: print('imported:', *sorted(name for name in sys.modules if name in {dear}))); "
    environ = variables and {**variables, "_PROJECT_OPERATOR_COMPLETE": "bash_complete"}
    paths = f"import os; os.environ.update({environ!r}); "
    run = "sys.exit(cli.main(sys.argv[1:]))"
    command = [sys.executable, "-c", ask + show + paths + run, *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert any(word in done.stdout for word in ("Commands:", "plain,doctor")), done.stdout
    assert done.stdout.splitlines()[-1] == "imported:"


COMMANDS = [one.name for one in entry.COMMANDS]


@pytest.mark.parametrize("subcommand", [*COMMANDS, "sandbox controlplane", "sandbox identity", "sandbox demo"])
def test_each_says_what_it_does_and_what_it_takes(subcommand: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*subcommand.split(), "--help"]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"Usage: project-operator {subcommand} ")
    assert "\x1b" not in out
    assert "-h, --help" in out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete_it(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["completion", shell]) == 0
    assert "_PROJECT_OPERATOR_COMPLETE" in capsys.readouterr().out


def test_every_exit_status_is_told() -> None:
    assert MEANINGS.keys() == set(ExitStatus)
