"""The vendors' pages on creating a project: what each field and status code becomes, and which test proves it.

`docs/reference/vendor-pages.md`, from `docs/vendor-pages/*.yaml`. The keys of a data file are the fields of `Page`,
`Row` and `Outcome`. `inventory` is written by hand while reading the vendor's page: it names what is on it, and is
compared with the rows.
"""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from project_operator import errors
from project_operator.api.conditions import Reason
from project_operator.api.crd import openapi_schema
from project_operator.api.kinds import KINDS

ROOT: Final = Path(__file__).resolve().parent.parent
DATA: Final = ROOT / "docs" / "vendor-pages"
PAGE: Final = ROOT / "docs" / "reference" / "vendor-pages.md"


class Item(BaseModel):
    """Base of what is in a data file."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RowKind(StrEnum):
    """What a row is about, in the order in which the rendered page has them."""

    URI = "uri"
    HEADER = "header"
    REQUEST_FIELD = "request field"
    RESPONSE_HEADER = "response header"
    RESPONSE_FIELD = "response field"
    ERROR_FIELD = "error field"
    STATUS_CODE = "status code"
    CONSTRAINT = "constraint"


class Outcome(Item):
    """What the operator makes of an answer to the creation."""

    error: str = ""
    """A class of `project_operator.errors`; "": a success."""
    reason: str
    """The reason that the Project's condition Ready then has."""


class Row(Item):
    """One thing that the page states."""

    kind: RowKind
    name: str
    """As on the page, with its path: `metadata.tags[].name`."""
    type: str = ""
    """As on the page."""
    mandatory: bool | None = None
    """Likewise; of an answer: whether it is always there."""
    rule: str = ""
    """What else the page demands, in our words."""
    fields: tuple[str, ...] = ()
    """What it becomes: fields of our kinds, such as `Project.spec.name`."""
    outcome: Outcome | None = None
    operator: str = ""
    """What the operator does about it, where no field holds it."""
    not_offered: str = ""
    """Why it is neither."""
    later: str = ""
    """What it will be, once there is a backend for it."""
    note: str = ""
    tests: tuple[str, ...] = ()
    """Keys of `Page.proofs`."""

    @model_validator(mode="after")
    def _one_answer(self) -> "Row":
        given = [self.fields, self.outcome, self.operator, self.not_offered, self.later]
        if sum(map(bool, given)) != 1:
            raise ValueError(f"{self.name}: set exactly one of fields, outcome, operator, not_offered, later")
        return self


class Page(Item):
    """A vendor's page."""

    vendor: str
    backend: str = ""
    """Member of the union in a backend object's spec; "": there is no such backend yet."""
    title: str
    source: str
    request: str
    proofs: Mapping[str, str] = Field(default_factory=dict)
    """Tests by short names: `path::test` or `path::Class::test`."""
    inventory: Mapping[RowKind, tuple[str, ...]]
    rows: tuple[Row, ...]


def load(folder: Path = DATA) -> dict[str, Page]:
    """The pages by the names of their files. Raises ValueError naming the file that is wrong."""
    pages = {}
    for path in sorted(folder.glob("*.yaml")):
        try:
            pages[path.stem] = Page.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
        except ValidationError as error:
            raise ValueError(f"{path}: {error}") from None
    return pages


def complaints() -> list[str]:
    """A line for everything that is wrong with the data."""
    return [f"docs/vendor-pages/{name}.yaml: {words}" for name, page in load().items() for words in faults(page)]


def faults(page: Page) -> Iterator[str]:
    """What is wrong with the data of a page."""
    for kind in RowKind:
        listed, described = Counter(page.inventory.get(kind, ())), Counter(r.name for r in page.rows if r.kind is kind)
        yield from (f"{kind} {name!r} is in the inventory and has no row" for name in (listed - described).elements())
        yield from (f"{kind} {name!r} has a row and is not in the inventory" for name in described - listed)
    for row in page.rows:
        yield from (f"{row.kind} {row.name!r}: {words}" for words in _faults(page, row))
    named = {name for row in page.rows for name in row.tests}
    yield from (f"proof {name!r} proves no row" for name in sorted(page.proofs.keys() - named))
    yield from (f"proof {name!r}: there is no test {test}" for name, test in page.proofs.items() if not exists(test))


def _faults(page: Page, row: Row) -> Iterator[str]:
    if page.backend and row.later:
        yield f"is for later, and the backend {page.backend} is there"
    if bool(page.backend) != bool(row.tests):
        yield "names no test" if page.backend else "names a test, and there is no backend yet"
    yield from (f"names a proof {name!r} that is not there" for name in row.tests if name not in page.proofs)
    yield from (f"there is no field {field}" for field in row.fields if not is_field(field))
    if row.outcome:
        if row.outcome.error and not isinstance(getattr(errors, row.outcome.error, None), type):
            yield f"there is no error {row.outcome.error}"
        if row.outcome.reason not in set(Reason):
            yield f"there is no reason {row.outcome.reason}"


def is_field(path: str) -> bool:
    """Whether a path such as `Project.spec.tags[].name` leads to a field of one of our kinds."""
    kind, *names = path.split(".")
    node: Any = _schemas().get(kind)
    for name in names:
        node = ((node or {}).get("properties") or {}).get(name.removesuffix("[]"))
        if name.endswith("[]"):
            node = (node or {}).get("items")
    return bool(names) and node is not None


@cache
def _schemas() -> dict[str, Any]:
    return {kind.kind: openapi_schema(kind) for kind in KINDS}


def exists(test: str) -> bool:
    """Whether there is such a test: `tests/path.py::test` or `tests/path.py::Class::test`."""
    path, *names = test.split("::")
    return tuple(names) in _tests(ROOT / path)


@cache
def _tests(path: Path) -> frozenset[tuple[str, ...]]:
    if not path.is_file():
        return frozenset()
    return frozenset(_named(ast.parse(path.read_text(encoding="utf-8")).body))


def _named(body: list[ast.stmt]) -> Iterator[tuple[str, ...]]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from ((node.name, *rest) for rest in _named(node.body))
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test_"):
            yield (node.name,)


HEAD: Final = """\
# The vendors' pages on creating a project

Generated from `docs/vendor-pages/`; `make generate` writes it anew.

Each field and each status code of the five pages, and what it becomes: a field of our kinds, what the operator does,
or why it is not offered. Rows of a backend that is there name the tests that prove them; the others say what is
intended.

"""


def rendered() -> dict[Path, str]:
    """The file and its text."""
    return {PAGE: render(load())}


def render(pages: Mapping[str, Page]) -> str:
    """The page for people."""
    ordered = sorted(pages.values(), key=lambda page: (not page.backend, page.vendor))
    return HEAD + _overview(ordered) + "".join(_section(page) for page in ordered)


def _overview(pages: list[Page]) -> str:
    kinds = [kind for kind in RowKind if any(row.kind is kind for page in pages for row in page.rows)]
    lines = [f"| vendor | backend | {' | '.join(f'{kind}s' for kind in kinds)} |", "| --- " * (len(kinds) + 2) + "|"]
    for page in pages:
        counted = Counter(row.kind for row in page.rows)
        backend = f"`{page.backend}`" if page.backend else "later"
        lines.append(f"| {page.vendor} | {backend} | {' | '.join(str(counted[kind]) for kind in kinds)} |")
    return "\n".join(lines) + "\n"


def _section(page: Page) -> str:
    lines = ["", f"## {page.vendor}", "", f"“{page.title}”: `{page.request}` ({page.source})"]
    columns = ("on the page", "type", "mandatory", "rule", "becomes", *(("proved by",) if page.backend else ()))
    for kind in RowKind:
        rows = [row for row in page.rows if row.kind is kind]
        if rows:
            lines += ["", f"### {kind.capitalize()}s", ""]
            lines += [f"| {' | '.join(columns)} |", "| --- " * len(columns) + "|"]
            lines += [f"| {' | '.join(_cells(page, row))} |" for row in rows]
    return "\n".join(lines) + "\n"


def _cells(page: Page, row: Row) -> Iterator[str]:
    yield f"`{row.name}`"
    yield row.type
    yield {True: "yes", False: "no", None: ""}[row.mandatory]
    yield row.rule
    yield " ".join(filter(None, (_becomes(row), row.note)))
    if page.backend:
        yield ", ".join(_link(page.proofs[name]) for name in row.tests)


def _becomes(row: Row) -> str:
    if row.outcome:
        error = f"`{row.outcome.error}`, " if row.outcome.error else ""
        return f"{error}Ready has the reason `{row.outcome.reason}`."
    if row.fields:
        return ", ".join(f"`{field}`" for field in row.fields) + "."
    if row.not_offered:
        return f"Not offered. {row.not_offered}"
    return row.operator or f"Later: {row.later}."


def _link(test: str) -> str:
    path, *names = test.split("::")
    return f"[{names[-1].removeprefix('test_').replace('_', ' ')}](../../{path})"
