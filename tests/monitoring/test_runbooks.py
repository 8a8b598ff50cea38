"""What runbooks and pages tell people to type: it does what it says, to the release that the chart installs."""

import argparse
import logging
import re
import shlex
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import helm
import pytest
from code_blocks import code_blocks
from rights import Right, granted

from project_operator.observability.logging import JsonFormatter, TextFormatter

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
    """Each line of a text, with those that a shell takes for its continuation."""
    for line in re.sub(r"\|\n\s*", "| ", text.replace("\\\n", "")).splitlines():
        yield line.strip()


def typed(path: Path) -> Iterator[str]:
    """The commands that a page shows for typing."""
    text = path.read_text(encoding="utf-8")
    for block in code_blocks(text) if path.suffix == ".md" else [text]:
        yield from commands(block)


def cut(page: str) -> list[str]:
    """The blocks of code whose last command goes on where they have ended."""
    return [block for block in code_blocks(page) if re.search(r"(\\|\|)\s*\Z", block)]


def test_what_is_shown_for_typing_is_whole_and_runbooks_show_all_of_it() -> None:
    pages = {path: path.read_text(encoding="utf-8") for path in PAGES if path.suffix == ".md"}
    assert {path.name: found for path, text in pages.items() if (found := cut(text))} == {}
    for path in RUNBOOKS.glob("*.md"):
        outside = [command for command in commands(pages[path]) if command.startswith("kubectl ")]
        assert outside == [command for command in typed(path) if command.startswith("kubectl ")], path.name


def test_a_command_that_ends_outside_of_its_block_is_seen() -> None:
    command = "kubectl get ibackend -o custom-columns=\\\nNAME:.metadata.name"
    assert cut(f"Which?\n\n```sh\n{command}\n```\n") == []
    assert cut(f"Which?\n\n    {command}\n\nMore.\n") == ["kubectl get ibackend -o custom-columns=\\"]


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


def questions(told: Iterable[str]) -> Iterator[list[str]]:
    """What each `kubectl auth can-i` asks after those words, as a shell takes the commands they are in."""
    asked = [command for command in told if re.search(r"^(?!#).*kubectl .*can-i", command)]
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
    asked = list(questions(command for path in PAGES for command in typed(path)))
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
    (asked,) = questions([f"kubectl auth can-i {line}{account}"])
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


def log_searches(told: Iterable[str]) -> Iterator[list[str]]:
    """What commands look for in the operator's log: the arguments of `grep` but for how much around it is shown."""
    for command in told:
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
    searches = [(path.name, one) for path in PAGES for one in log_searches(typed(path))]
    assert {name for name, _ in searches} >= {"ProjectOperatorBackendErrors.md", "ProjectOperatorReconcileErrors.md"}
    assert {f"{name}: {one}": why for name, one in searches if (why := in_vain(one))} == {}


@pytest.mark.parametrize(
    ("search", "format_"),
    [("'[0-9] WARNING '", "JsonFormatter"), ('\'"level": "error"\'', "TextFormatter"), ("nothing", "TextFormatter")],
)
def test_a_search_that_one_format_hides_from_is_seen(search: str, format_: str) -> None:
    (words,) = log_searches(commands(f"kubectl logs deployment/project-operator |\n  grep -A 20 {search}"))
    assert in_vain(words).startswith(format_)
