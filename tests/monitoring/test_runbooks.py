"""What runbooks and pages tell people to type: it does what it says, to the release that the chart installs."""

import argparse
import asyncio
import logging
import os
import re
import shlex
import subprocess
import sys
from base64 import b64decode
from collections.abc import Iterable, Iterator
from pathlib import Path

import helm
import pytest
import yaml
from rights import Right, granted

from project_operator.api.names import CREDENTIALS_LABEL
from project_operator.errors import SandboxError
from project_operator.observability.logging import JsonFormatter, TextFormatter
from project_operator.sandbox.controlplane.emulated import serve
from project_operator.sandbox.controlplane.plane import default_cache
from project_operator.sandbox.controlplane.report import Report
from project_operator.sandbox.controlplane.search import Options, Search

RUNBOOKS = helm.ROOT / "deploy" / "runbooks"
PAGES = (
    *sorted(RUNBOOKS.glob("*.md")),
    *sorted((helm.ROOT / "docs").rglob("*.md")),
    *(helm.ROOT / "README.md", helm.CHART / "README.md", helm.CHART / "templates" / "NOTES.txt"),
)
REPLACES_A_SECRET = re.compile(
    r"kubectl\b.*\bcreate\s+secret\b.*(--dry-run|\|)|kubectl\b.*\breplace\b|kubectl\b.*\bapply\b.*\bsecret\b"
)


def commands(text: str) -> Iterator[str]:
    """Each line of a page, with those that a shell takes for its continuation."""
    for line in re.sub(r"\|\n\s*", "| ", text.replace("\\\n", "")).splitlines():
        yield line.strip()


def block(path: Path, words: str) -> str:
    """The command of a page that has these words."""
    (found,) = (command for command in commands(path.read_text(encoding="utf-8")) if words in command)
    return found


def kubectl() -> Path:
    try:
        return Search(Options.from_environment(os.environ), default_cache(), Report(sys.__stderr__)).kubectl()
    except SandboxError as error:
        pytest.skip(str(error))


def test_nobody_is_told_to_write_a_secret_anew() -> None:
    found = [
        f"{path.name}: {command}"
        for path in PAGES
        for command in commands(path.read_text(encoding="utf-8"))
        if REPLACES_A_SECRET.search(command)
    ]
    assert found == []


@pytest.mark.parametrize(
    "command",
    [
        "kubectl create secret generic s --from-file=token \\\n  --dry-run=client -o yaml | kubectl apply -f -",
        "kubectl --namespace n create secret generic s --from-file=token -o yaml |\n  kubectl replace -f -",
        "kubectl replace --filename secret.yaml",
    ],
)
def test_what_would_take_the_label_away_is_seen(command: str) -> None:
    (joined,) = commands(command)
    assert REPLACES_A_SECRET.search(joined)


async def test_a_new_credential_leaves_the_label_of_its_secret(tmp_path: Path) -> None:
    client = kubectl()
    examples = (helm.ROOT / "deploy/examples/01-identitybackend.yaml").read_text(encoding="utf-8")
    secret = next(yaml.safe_load_all(examples))
    name, credential = secret["metadata"]["name"], "eyJ" + "new" * 60
    (tmp_path / "new").write_text(credential + "\n", encoding="utf-8")
    values = {"NEW-CREDENTIAL-FILE": "new", "NAMESPACE": "default", "SECRET": name, "KEY": "token"}
    told = block(RUNBOOKS / "ProjectOperatorCredentialExpires.md", "patch secret")
    for placeholder, value in values.items():
        told = told.replace(placeholder, value)

    async with serve(tmp_path / "kubeconfig"):
        environment = os.environ | {
            "KUBECONFIG": str(tmp_path / "kubeconfig"),
            "KUBECACHEDIR": str(tmp_path / "cache"),
            "PATH": f"{client.parent}{os.pathsep}{os.environ['PATH']}",
        }

        async def run(script: str, stdin: str = "") -> str:
            done = await asyncio.to_thread(
                subprocess.run,
                ["sh", "-c", script],
                check=False,
                capture_output=True,
                text=True,
                input=stdin,
                cwd=tmp_path,
                env=environment,
                timeout=60,
            )
            assert done.returncode == 0, done.stderr
            return str(done.stdout)

        await run("kubectl --namespace default apply --filename -", yaml.safe_dump(secret))
        await run(told)
        after = yaml.safe_load(await run(f"kubectl --namespace default get secret {name} --output yaml"))

    assert after["metadata"]["labels"] == {CREDENTIALS_LABEL: "true"}
    assert b64decode(after["data"]["token"]).decode() == credential + "\n"


def questions(pages: Iterable[str]) -> Iterator[list[str]]:
    """What each `kubectl auth can-i` asks after those words, as a shell takes the lines they are in."""
    lines = [command for text in pages for command in commands(text) if re.search(r"kubectl .*can-i", command)]
    asked = [line for line in lines if not line.startswith(("#", "-", "|")) and "`kubectl" not in line]
    kubectl_itself = "kubectl() { for word; do printf '%s\\0' \"$word\"; done; echo; }"
    script = "\n".join([kubectl_itself, *asked])
    done = subprocess.run(["sh", "-c", script], check=True, capture_output=True, text=True, timeout=60)
    for line in done.stdout.splitlines():
        words = line.rstrip("\0").split("\0")
        assert words[:2] == ["auth", "can-i"], words
        yield words[2:]


def unhealthy(asked: list[str]) -> str:
    """Why a question is not answered `yes` for the release of the chart's defaults; "" where it is."""
    parser = argparse.ArgumentParser(exit_on_error=False)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--namespace", default="default")
    parser.add_argument("--as", dest="user")
    parser.add_argument("what", nargs="*")
    options = parser.parse_args(asked)
    objects = helm.objects(helm.template(helm.WITHOUT_DEFINITIONS))
    (account,) = (one["metadata"] for one in objects if one["kind"] == "ServiceAccount")
    if options.user != f"system:serviceaccount:{account['namespace']}:{account['name']}":
        return f"{options.user} is not the operator's ServiceAccount"
    if options.list:
        return "" if options.namespace == account["namespace"] else "its Roles are in its own namespace"
    verb, resource = options.what
    plural, _, group = resource.partition(".")
    there = [one for one in objects if one["metadata"].get("namespace", options.namespace) == options.namespace]
    return "" if Right(group, plural, verb) in granted(there) else f"the chart does not grant {verb} {resource}"


def test_what_people_ask_of_rights_is_answered_yes_in_a_healthy_release() -> None:
    asked = list(questions(path.read_text(encoding="utf-8") for path in PAGES))
    assert {question: why for question in map(tuple, asked) if (why := unhealthy(list(question)))} == {}
    leases = {question[0] for question in asked if "leases.coordination.k8s.io" in question}
    rights = granted(helm.objects(helm.template(helm.WITHOUT_DEFINITIONS)))
    assert leases == {right.verb for right in rights if right.resource == "leases"}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("--list", "in its own namespace"),
        ("update leases.coordination.k8s.io --namespace project-operator", "does not grant update"),
        ("patch leases --namespace project-operator", "does not grant patch leases"),
        ("patch leases.coordination.k8s.io", "does not grant patch"),
        ("list projects.identity.project-operator.dev --as system:serviceaccount:default:default", "is not the op"),
    ],
    ids=["list", "verb", "group", "namespace", "user"],
)
def test_a_question_that_a_healthy_release_answers_with_no_is_seen(line: str, why: str) -> None:
    account = "" if "--as" in line else " --as system:serviceaccount:project-operator:project-operator"
    (asked,) = questions([f"    kubectl auth can-i {line}{account}"])
    assert why in unhealthy(asked)


def record(level: int, message: str, logger: str = "project_operator.runtime.projects") -> logging.LogRecord:
    return logging.LogRecord(logger, level, __file__, 1, message, None, None)


LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
RECORDS = {
    # A message that has the name of a level in it is not of that level.
    **{level: record(number, "payments: refused, with an ERROR or a WARNING") for level, number in LEVELS.items()},
    "lease": record(logging.INFO, "taken over", "project_operator.runtime.leases.keeper"),
}
FORMATS = (TextFormatter(), JsonFormatter())


def log_searches(text: str) -> Iterator[list[str]]:
    """What a page looks for in the operator's log: the arguments of each `grep` but for how much around it is shown."""
    for command in commands(text):
        if re.search(r"kubectl .*\blogs\b.*\|\s*grep\b", command):
            words = shlex.split(command)
            yield re.sub(r"-A\0\d+\0", "", "\0".join(words[words.index("grep") + 1 :])).split("\0")


def found_by(search: list[str], formatter: logging.Formatter) -> set[str]:
    """Which of `RECORDS` a search finds in a log of that format, of whose pod kubectl says the name before."""
    return {
        name
        for name, one in RECORDS.items()
        if subprocess.run(
            ["grep", *search],
            check=False,
            capture_output=True,
            text=True,
            input=f"[pod/project-operator-7d/operator] {formatter.format(one)}\n",
            timeout=60,
        ).stdout
    }


def in_vain(search: list[str]) -> str:
    """Why a search does not find what it means, in one of the formats; "" where it does."""
    for formatter in FORMATS:
        levels = {level for level in LEVELS if level in search[-1].lower()}
        found, meant = found_by(search, formatter), levels or {"lease"}
        if found != meant:
            return f"{type(formatter).__name__}: finds {sorted(found)}, means {sorted(meant)}"
    return ""


def test_a_search_of_the_log_finds_what_it_means_in_either_format() -> None:
    searches = [(path.name, one) for path in PAGES for one in log_searches(path.read_text(encoding="utf-8"))]
    assert {name for name, _ in searches} >= {"ProjectOperatorBackendErrors.md", "ProjectOperatorReconcileErrors.md"}
    assert {f"{name}: {one}": why for name, one in searches if (why := in_vain(one))} == {}


@pytest.mark.parametrize(
    ("search", "format_"),
    [("'[0-9] WARNING '", "JsonFormatter"), ('\'"level": "error"\'', "TextFormatter"), ("nothing", "TextFormatter")],
)
def test_a_search_that_one_format_hides_from_is_seen(search: str, format_: str) -> None:
    (words,) = log_searches(f"    kubectl logs deployment/project-operator |\n      grep -A 20 {search}")
    assert in_vain(words).startswith(format_)
