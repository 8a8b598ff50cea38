"""Whole objects that the documentation shows, as the API server takes them: rules of the definitions included."""

from pathlib import Path
from typing import Final

import pytest
import yaml
from custom_objects import CustomObjects

import check_docs
import doc_blocks
from project_operator.sandbox.controlplane.plane import ControlPlane

pytestmark = [pytest.mark.api, pytest.mark.needs_real]

BLOCKS: Final = [
    block
    for page in check_docs.pages(check_docs.ROOT)
    for block in doc_blocks.blocks(page.relative_to(check_docs.ROOT).as_posix(), page.read_text(encoding="utf-8"))
    if block.language == "yaml" and not block.how
]


def test_every_object_that_is_shown_is_taken(served: ControlPlane, objects: CustomObjects, tmp_path: Path) -> None:
    """All in one go, as kubectl takes a moment to start; nothing is kept."""
    count = 0
    for number, block in enumerate(BLOCKS):
        documents = list(yaml.safe_load_all(block.text))
        count += len(documents)
        for document in documents:
            document["metadata"].pop("namespace", None)
        path = tmp_path / f"{number:03}.yaml"
        path.write_text(f"# {block.place}\n{yaml.safe_dump_all(documents, allow_unicode=True)}", encoding="utf-8")
    taken = served.kubectl(
        "apply", "--server-side", "--dry-run=server", "-n", objects.namespace, "-f", str(tmp_path), check=False
    )
    assert taken.stderr == ""
    assert taken.stdout.count("serverside-applied (server dry run)") == count >= 10
