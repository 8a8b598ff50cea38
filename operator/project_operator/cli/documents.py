"""Manifests as people keep them: files, folders, standard input."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from project_operator.errors import ConfigurationError

ENDINGS: Final = (".yaml", ".yml", ".json")


@dataclass(frozen=True, slots=True)
class Document:
    """An object in a file."""

    source: str
    raw: Mapping[str, Any]

    @property
    def kind(self) -> str:
        """``kind``."""
        return str(self.raw.get("kind") or "")


def read(paths: tuple[Path, ...]) -> tuple[Document, ...]:
    """Every object in ``paths``, which are files, folders with all that is below them, or ``-`` for standard input.

    Raises:
        ConfigurationError: one is not there, or holds what is no object.
    """
    return tuple(document for path in paths for document in _of(path))


def _of(path: Path) -> Iterator[Document]:
    if str(path) == "-":
        yield from _parsed("standard input", sys.stdin.read())
    elif path.is_dir():
        for file in sorted(one for one in path.rglob("*") if one.suffix in ENDINGS and one.is_file()):
            yield from _parsed(str(file), _text(file))
    else:
        yield from _parsed(str(path), _text(path))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        cause = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigurationError(f"{path} cannot be read: {cause}") from error


def _parsed(source: str, text: str) -> Iterator[Document]:
    try:
        documents = list(yaml.safe_load_all(text))
    except yaml.YAMLError as error:
        raise ConfigurationError(f"{source} is not YAML: {' '.join(str(error).split())}") from error
    for document in documents:
        if document is None:
            continue
        if not isinstance(document, Mapping):
            raise ConfigurationError(f"{source} holds {type(document).__name__} where an object was expected")
        items = document.get("items") if str(document.get("kind") or "").endswith("List") else [document]
        for one in items or ():
            if not isinstance(one, Mapping) or not (one.get("metadata") or {}).get("name"):
                raise ConfigurationError(f"{source} holds an object without `metadata.name`")
            yield Document(source, one)
