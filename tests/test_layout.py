"""What must never come back."""

import ast
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "operator"
PACKAGE = SOURCE / "project_operator"
MOST_LINES = 500
# What the repository never says: it speaks of the project alone, and names no place that packages come from. The names
# are put together here so that this file does not hold them.
FORBIDDEN = ("/" + "work/", "." + "library", "sha" + "red/", "py" + "pi.org", "python" + "hosted", "proxy." + "golang")
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")
EXEMPTIONS = {
    "noqa": r"# noqa: [A-Z]+\d+(, [A-Z]+\d+)* - \S",
    "type: ignore": r"# type: ignore\[[a-z, -]+\]  # \S",
    "pragma:": r"# pragma: no (cover|branch) - \S",
}
# Of bash after 3.2, which is macOS's, and of GNU make after 3.81, likewise.
NEWER_BASH = re.compile(
    r"\b(?:declare|local|typeset) -[a-zA-Z]*[Agn]|\b(?:mapfile|readarray|coproc)\b|\$\{\w+(?:\[[^]]*\])?[\^,@]"
    r"|\|&|&>>|;;?&|\bwait -n|\bglobstar\b|\blastpipe\b|%\([^)]*\)T|\[\[ -v "
)
NEWER_MAKE = re.compile(
    r"^\.(?:ONESHELL|SHELLFLAGS|RECIPEPREFIX)\b|^[\w-]+ *(?:!=|::=)|^(?:undefine|private|load)\b|^define .*=|&:"
    r"|\$\((?:file|guile|let|intcmp) ",
    flags=re.MULTILINE,
)
SCENARIOS = """
create-minimal create-full update rename delete delete-blocked import-by-id import-by-name import-ambiguous name-taken
observe report-drift correct-drift suspend reconcile-now groups-by-name group-missing invalid-spec unsupported-field
backend-missing backend-changed secret-missing secret-unlabelled secret-rotated backend-down deleted-outside
lost-role-empties-the-list all-projects-vanish namespace-terminating crd-deleted crd-late
"""
TEXT = {".py", ".md", ".toml", ".yaml", ".yml", ".txt", ".json", ".cfg", ".ini", ".sh", ""}


def tracked() -> list[Path]:
    """The files that git has, or would have."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    answer = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [path for name in answer.splitlines() if (path := ROOT / name).is_file()]


def imports(source: str) -> set[str]:
    """The top-level names of all modules that a Python text imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def defaults_in_list_items(schema: Any, path: str = "", *, inside: bool = False) -> Iterator[str]:
    """Where a schema has a default inside a list item: Argo CD would show such objects OutOfSync for ever."""
    if not isinstance(schema, dict):
        return
    if inside and "default" in schema:
        yield path
    for name, child in (schema.get("properties") or {}).items():
        yield from defaults_in_list_items(child, f"{path}.{name}", inside=inside)
    yield from defaults_in_list_items(schema.get("additionalProperties"), f"{path}.*", inside=inside)
    yield from defaults_in_list_items(schema.get("items"), f"{path}[]", inside=True)


def test_operator_is_a_source_root_and_no_package() -> None:
    assert not (SOURCE / "__init__.py").exists()
    assert not (ROOT / "tests" / "operator").exists()


def test_python_started_in_the_repository_imports_its_own_operator() -> None:
    code = "import operator, collections; print(operator.__file__)"
    answer = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert not Path(answer.strip()).is_relative_to(ROOT)


def test_kopf_is_imported_under_handlers_alone() -> None:
    importers = {path for path in PACKAGE.rglob("*.py") if "kopf" in imports(path.read_text(encoding="utf-8"))}
    assert {path for path in importers if not path.is_relative_to(PACKAGE / "handlers")} == set()


def test_an_import_of_kopf_is_seen() -> None:
    assert "kopf" in imports("def f():\n    from kopf.testing import KopfRunner")


def test_no_generated_crd_has_a_default_inside_a_list_item() -> None:
    definitions = sorted((ROOT / "crds").glob("*_*.yaml")) or sorted((ROOT / "crds").glob("*.dev.yaml"))
    assert definitions
    for file in definitions:
        for version in yaml.safe_load(file.read_text(encoding="utf-8"))["spec"]["versions"]:
            found = list(defaults_in_list_items(version["schema"]["openAPIV3Schema"]))
            assert found == [], f"{file.name}: remove the defaults at {found}"


@pytest.mark.parametrize(
    ("schema", "found"),
    [
        ({"properties": {"a": {"default": 1}}}, []),
        ({"properties": {"a": {"items": {"properties": {"b": {"default": 1}}}}}}, [".a[].b"]),
        ({"properties": {"a": {"items": {"items": {"default": 1}}}}}, [".a[][]"]),
        ({"properties": {"a": {"default": [], "items": {"type": "string"}}}}, []),
    ],
)
def test_a_default_inside_a_list_item_is_seen(schema: dict[str, Any], found: list[str]) -> None:
    assert list(defaults_in_list_items(schema)) == found


def test_no_source_file_is_longer_than_the_bar() -> None:
    long = {path.relative_to(ROOT) for path in PACKAGE.rglob("*.py") if len(path.read_text().splitlines()) > MOST_LINES}
    assert long == set()


def test_make_381_and_bash_32_suffice() -> None:
    assert NEWER_MAKE.findall((ROOT / "Makefile").read_text(encoding="utf-8")) == []
    scripts = [path for path in tracked() if re.match(rb"#!.*\b(ba)?sh\b", path.read_bytes()[:80])]
    assert ROOT / ".ci" / "run" in scripts
    found = {path.name: NEWER_BASH.findall(path.read_text(encoding="utf-8")) for path in scripts}
    assert {name: newer for name, newer in found.items() if newer} == {}


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (NEWER_BASH, "declare -A seen"),
        (NEWER_BASH, "mapfile -t lines < file"),
        (NEWER_BASH, 'echo "${name,,}"'),
        (NEWER_BASH, "make check |& tee log"),
        (NEWER_BASH, "make check &>> log"),
        (NEWER_MAKE, ".ONESHELL:"),
        (NEWER_MAKE, "TODAY != date"),
        (NEWER_MAKE, "define RECIPE ="),
        (NEWER_MAKE, "a b &: c"),
        (NEWER_MAKE, "\t$(file > name,text)"),
    ],
)
def test_what_is_newer_is_seen(pattern: re.Pattern[str], line: str) -> None:
    assert pattern.search(line)


@pytest.mark.parametrize("line", ["a && b", 'f "${BASH_SOURCE[0]}"', "case x in a) b ;; esac", "A := $(shell b)"])
def test_what_is_not_newer_is_left_alone(line: str) -> None:
    assert not NEWER_BASH.search(line)
    assert not NEWER_MAKE.search(line)


def test_every_verb_says_what_it_does() -> None:
    said = subprocess.run(["make", "help"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    verbs = {line.split()[1] for line in said.splitlines()}
    assert verbs >= {"sandbox", "demo", "test", "test-kind", "check", "bench", "generate", "verify", "docs", "clean"}
    assert all(len(line.split()) > 3 for line in said.splitlines())


def test_every_scenario_is_there() -> None:
    there = {path.stem.removeprefix("test_").replace("_", "-") for path in (ROOT / "tests" / "scenarios").glob("*.py")}
    assert set(SCENARIOS.split()) - there == set()


def exemptions_without_a_reason(source: str) -> list[str]:
    """The comments that switch a check off and do not say why: ``# noqa: S603 - …``, ``# type: ignore[…]  # …``."""
    if not any(way in source for way in EXEMPTIONS):
        return []
    comments = [
        token.string for token in tokenize.generate_tokens(StringIO(source).readline) if token.type == tokenize.COMMENT
    ]
    return [
        comment
        for comment in comments
        for way, reasoned in EXEMPTIONS.items()
        if way in comment and not re.search(reasoned, comment)
    ]


def test_every_exemption_from_a_check_says_why() -> None:
    found = {
        path.relative_to(ROOT).as_posix(): bare
        for path in tracked()
        if path.suffix == ".py" and (bare := exemptions_without_a_reason(path.read_text(encoding="utf-8")))
    }
    assert found == {}


@pytest.mark.parametrize(
    ("line", "bare"),
    [
        ("a = 1  # noqa: S105 - a name", False),
        ("a = 1  # noqa: S105, S106 - names", False),
        ("a = 1  # noqa: S105", True),
        ("a = 1  # noqa", True),
        ("a = 1  # type: ignore[misc]  # it is untyped", False),
        ("a = 1  # type: ignore[misc]", True),
        ("a = 1  # type: ignore", True),
        ("a = '# noqa'", False),
    ],
)
def test_an_exemption_without_a_reason_is_seen(line: str, *, bare: bool) -> None:
    assert bool(exemptions_without_a_reason(line)) is bare


def test_the_repository_speaks_of_the_project_alone() -> None:
    found = []
    for path in tracked():
        if path.suffix not in TEXT or path.name in {"LICENSE", "go.sum"}:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{path.relative_to(ROOT)}: {word}" for word in FORBIDDEN if word in text]
        found += [f"{path.relative_to(ROOT)}: {match[0]}" for match in UNFINISHED.finditer(text)]
    assert found == []
