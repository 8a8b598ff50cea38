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


def exemptions_without_a_reason(source: str) -> list[str]:
    """The comments that switch a check off and do not say why: ``# noqa: S603 - …``, ``# type: ignore[…]  # …``."""
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
