"""Manifests as people keep them: files, folders, standard input."""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import yaml

from project_operator.errors import ConfigurationError
from project_operator.kube.resources import SECRETS, Resource

ENDINGS: Final = (".yaml", ".yml", ".json")
_NAME: Final = re.compile(r"[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?")
"""RFC 1123, as the names of Kubernetes objects are."""


@dataclass(frozen=True, slots=True)
class Document:
    """An object in a file, of a kind that was asked for; nothing else of it has been looked at."""

    source: str
    resource: Resource
    raw: Mapping[str, Any]

    @property
    def name(self) -> str:
        """As people call it: with its namespace, if it names one; "?" where it has no name."""
        metadata = self.raw.get("metadata")
        named = metadata if isinstance(metadata, Mapping) else {}
        return "/".join(str(part) for part in (named.get("namespace"), named.get("name") or "?") if part)

    @property
    def problem(self) -> str:
        """What keeps it from being an object of its kind, whatever is in its spec; "" where nothing does."""
        metadata = self.raw.get("metadata")
        if self.raw.get("apiVersion") != self.resource.api_version:
            return f"apiVersion: must be {self.resource.api_version}"
        if not isinstance(metadata, Mapping):
            return "metadata: must be an object"
        for field in ("name", "namespace"):
            value = metadata.get(field)
            if field == "namespace" and value is None:
                continue
            if not isinstance(value, str) or not _NAME.fullmatch(value):
                return f"metadata.{field}: must be text of lower-case letters, digits, - and ."
        texts = {f"metadata.{field}": metadata.get(field) for field in ("labels", "annotations")}
        if self.resource == SECRETS:
            texts |= {field: self.raw.get(field) for field in ("data", "stringData")}
        for field, value in texts.items():
            if value is not None and not _is_texts(value):
                return f"{field}: must be an object of texts, in quotes where they look like something else"
        spec = self.raw.get("spec")
        return "" if spec is None or isinstance(spec, Mapping) else "spec: must be an object"


def read(paths: tuple[Path, ...], kinds: Mapping[str, Resource]) -> tuple[Document, ...]:
    """Every object of ``kinds`` in ``paths``, which are files, folders with all that is below them, or ``-`` for
    standard input. Whatever else is in a folder is passed over: the values of a chart, a kustomization, other kinds.

    Raises:
        ConfigurationError: a path is not there, is not YAML, or what was named by itself holds no objects.
    """
    return tuple(document for path in paths for document in _of(path, kinds))


def _of(path: Path, kinds: Mapping[str, Resource]) -> Iterator[Document]:
    if str(path) == "-":
        yield from _parsed("standard input", _standard_input(), kinds)
    elif path.is_dir():
        for file in sorted(one for one in path.rglob("*") if one.suffix in ENDINGS and one.is_file()):
            yield from _parsed(str(file), _text(file), kinds, passing_over=True)
    else:
        yield from _parsed(str(path), _text(path), kinds)


def _standard_input() -> str:
    try:
        return sys.stdin.read()
    except UnicodeDecodeError as error:
        raise ConfigurationError("standard input cannot be read: it is not UTF-8") from error


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        cause = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigurationError(f"{path} cannot be read: {cause}") from error


def _parsed(source: str, text: str, kinds: Mapping[str, Resource], *, passing_over: bool = False) -> Iterator[Document]:
    try:
        documents = list(yaml.safe_load_all(text))
    except yaml.constructor.ConstructorError as error:
        if passing_over:
            return  # tags of its own, which no manifest has
        raise ConfigurationError(f"{source} is not YAML as manifests are: {' '.join(str(error).split())}") from error
    except (yaml.YAMLError, ValueError) as error:
        way_out = "; name the files that you mean instead of the folder" if passing_over else ""
        raise ConfigurationError(f"{source} is not YAML: {' '.join(str(error).split())}{way_out}") from error
    for document in documents:
        if isinstance(document, Mapping):
            yield from (made for one in _items(source, document, kinds) if (made := _wanted(source, one, kinds)))
        elif document is not None and not passing_over:
            raise ConfigurationError(f"{source} holds {type(document).__name__} where an object was expected")


def _items(source: str, document: Mapping[str, Any], kinds: Mapping[str, Resource]) -> Iterator[Mapping[str, Any]]:
    """The object itself, or those of a list of ours or of all kinds; `ResourceList` and the like are others'."""
    kind = document.get("kind")
    if kind != "List" and kind not in {f"{one}List" for one in kinds}:
        yield document
        return
    items = document.get("items") or []
    if not isinstance(items, list) or not all(isinstance(one, Mapping) for one in items):
        raise ConfigurationError(f"{source} holds a {kind} whose `items` are not a list of objects")
    yield from items


def _wanted(source: str, raw: Mapping[str, Any], kinds: Mapping[str, Resource]) -> Document | None:
    """Of its kind, and of our group in whichever version; others have a kind Project too."""
    kind, version = raw.get("kind"), raw.get("apiVersion")
    resource = kinds.get(kind) if isinstance(kind, str) else None
    if resource is None:
        return None
    group = version.rpartition("/")[0] if isinstance(version, str) else resource.group
    return Document(source, resource, raw) if group == resource.group else None


def _is_texts(value: Any) -> bool:
    return isinstance(value, Mapping) and all(isinstance(part, str) for pair in value.items() for part in pair)
