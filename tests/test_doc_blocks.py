"""What the documentation shows as YAML is what our definitions and the chart's schema take, and each block is run."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import pytest
import yaml

import check_docs
import doc_blocks
from doc_blocks import Block
from project_operator.api.crd import openapi_schema
from project_operator.api.kinds import KINDS
from project_operator.api.names import API_VERSION, CREDENTIALS_LABEL

ROOT: Final = check_docs.ROOT
NOT_RUN: Final = "not run"
SCHEMAS: Final = {kind.kind: openapi_schema(kind) for kind in KINDS} | {
    "Secret": {"properties": {"stringData": {"additionalProperties": {"type": "string"}}}},
    "values.yaml": json.loads(
        (ROOT / "deploy" / "charts" / "project-operator" / "values.schema.json").read_text(encoding="utf-8")
    ),
}
PAGES: Final = {page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8") for page in check_docs.pages(ROOT)}
BLOCKS: Final = [
    block for page, text in PAGES.items() for block in doc_blocks.blocks(page, text) if block.language == "yaml"
]


def closed(schema: Any) -> Any:
    """The same with no field but those it names, and with none that must be there: what a part of it may say."""
    if isinstance(schema, Mapping):
        kept = {key: closed(value) for key, value in schema.items() if key != "required"}
        return kept | {"additionalProperties": False} if "properties" in kept else kept
    return [closed(one) for one in schema] if isinstance(schema, list) else schema


def part(path: str) -> Any:
    """The schema of what is found at a path such as `Project.spec.import`, as a part of it may be."""
    kind, *steps = [path] if path == "values.yaml" else path.split(".")
    schema: Any = SCHEMAS[kind]
    for step in steps:
        schema = schema["properties"][step]
    return closed(schema)


def wrong(block: Block) -> Iterator[str]:
    """What our definitions do not take of a block of YAML."""
    documents = list(yaml.safe_load_all(block.text))
    if block.how == "part of":
        validator = jsonschema_rs.Draft202012Validator(part(block.what))
        yield from (error.message for document in documents for error in validator.iter_errors(document))
        return
    models = {kind.kind: kind.model for kind in KINDS}
    for document in documents:
        if document.get("apiVersion") == API_VERSION:
            models[document["kind"]].model_validate(document)
        elif document.get("kind") == "Secret":
            assert document["metadata"]["labels"] == {CREDENTIALS_LABEL: "true"}
        else:
            yield f"{document.get('kind')}: nothing says what is right"


@pytest.mark.parametrize("block", [one for one in BLOCKS if one.how != "run by"], ids=lambda block: block.place)
def test_what_is_shown_is_taken(block: Block) -> None:
    assert list(wrong(block)) == []


def test_there_are_some() -> None:
    assert len(BLOCKS) >= 15


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("IdentityBackend.spec", "intervall: 60s"),
        ("IdentityBackend.spec.nscale", "auth: {serviceAccountToken: {secretRef: {nam: a}}}"),
        ("Project.spec", "managementPolicy: Watch"),
        ("Project.status", "provisioningStatus: 3"),
        ("values.yaml", "defaultBackend: {enable: true}"),
    ],
)
def test_a_misspelt_part_is_seen(what: str, text: str) -> None:
    assert list(wrong(Block("page", 1, "yaml", text, "part of", what)))


def test_a_kind_that_nothing_knows_is_seen() -> None:
    assert list(wrong(Block("page", 1, "yaml", "kind: Pod")))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("```\nkubectl get iproj\n```\n", "names no language"),
        ("Do:\n\n    kubectl get iproj\n", "an indented block"),
        ("<!-- not run: dull -->\n```sh\nrm\n```\n", "'dull' is no reason"),
        ("<!-- run by: tests/none.py::test_it -->\n```sh\nrm\n```\n", "there is no test"),
        ("<!-- run by: tests/test_doc_blocks.py::test_that_is_not_there -->\n```sh\nrm\n```\n", "there is no test"),
        ("<!-- part of: Project -->\n```sh\nrm\n```\n", "is not for sh"),
        ("<!-- not run: cloud -->\n```text\nrm\n```\n", "needs no marker"),
        ("```console\n$ rm\n```\n", "say what runs it"),
    ],
)
def test_a_block_that_nothing_runs_is_a_complaint(text: str, complaint: str) -> None:
    (found,) = doc_blocks.complaints(ROOT, "page.md", text)
    assert complaint in found


@pytest.mark.parametrize(
    "text",
    [
        "```sh\nmake test\n```\n",
        "<!-- not run: cloud -->\n```sh\nrm\n```\n",
        "<!-- run by: tests/test_doc_blocks.py::test_there_are_some -->\n```console\n$ rm\n```\n",
        "1. Do:\n\n   ```sh\n   make test\n   ```\n\n    of the list\n",
        "````text\n```\nnone\n```\n````\n",
    ],
)
def test_a_block_that_something_runs_is_none(text: str) -> None:
    assert list(doc_blocks.complaints(ROOT, "page.md", text)) == []


def test_a_block_is_read_with_its_place_and_without_the_indentation_of_its_list() -> None:
    text = "1. Do:\n\n   <!-- refused: no -->\n   ```sh\n   one \\\n     two\n   ```\n"
    assert list(doc_blocks.blocks("page.md", text)) == [
        Block("page.md", 4, "sh", "one \\\n  two\n", "refused", "no"),
    ]


def test_python_that_is_shown_compiles() -> None:
    shown = [one for page, text in PAGES.items() for one in doc_blocks.blocks(page, text) if one.language == "python"]
    assert shown
    for block in shown:
        compile(block.text, block.place, "exec")


def test_reasons_are_used_and_pages_of_the_repository_alone_are_read() -> None:
    used = {one.what for page, text in PAGES.items() for one in doc_blocks.blocks(page, text) if one.how == "not run"}
    assert used <= set(doc_blocks.REASONS)
    assert all(Path(page).parts[0] not in {".cache", ".venv"} for page in PAGES)


def test_what_nothing_runs_is_said_on_one_page() -> None:
    section = PAGES["docs/support.md"].split("\n## What nothing ran\n")[1].split("\n## ")[0]
    said = {os.path.normpath(f"docs/{link}") for link in re.findall(r"\]\(([^)]+\.md)\)", section)}
    found = {
        block.page for page, text in PAGES.items() for block in doc_blocks.blocks(page, text) if block.how == NOT_RUN
    }
    assert said == found
