"""Which objects are meant (selectors), and how they are shown: whole, as metadata alone, or as a table for people."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from project_operator.sandbox.controlplane.emulated.cluster import Stored
from project_operator.sandbox.controlplane.emulated.kinds import Kind, Object
from project_operator.sandbox.controlplane.emulated.status import bad_request

TERM: Final = re.compile(r"\s*(!?)([\w./-]+)\s*(?:(!?==?)([^()=]*)|\s(in|notin)\s*\(([^()]*)\))?\s*")
STEP: Final = re.compile(r"\.([\w-]+)|\[\?\(@\.(\w+)==[\"'](.*?)[\"']\)\]")
AGES: Final = ((120, "s", 1), (180 * 60, "m", 60), (48 * 3600, "h", 3600), (float("inf"), "d", 86400))


def selector(labels: str, fields: str) -> Callable[[Object], bool]:
    """Whether an object is among those asked for. Raises :class:`Refused` (400) when a selector cannot be read."""
    by_label, by_field = [*_terms(labels)], [*_terms(fields)]

    def matches(content: Object) -> bool:
        own = content["metadata"].get("labels", {})
        return all(test(own.get(key)) for key, test in by_label) and all(
            test(_at(content, path)) for path, test in by_field
        )

    return matches


def _terms(text: str) -> Iterator[tuple[str, Callable[[Any], bool]]]:
    for term in re.split(r",(?![^(]*\))", text) if text else ():
        if not (match := TERM.fullmatch(term)):
            raise bad_request(f"unable to parse requirement: {term!r}")
        absent, key, sign, value, word, several = match.groups()
        wanted = (sign or word) in {"=", "==", "in"} if sign or word else not absent
        values = {each.strip() for each in (value or several or "").split(",")} if sign or word else None
        yield key, _test(values, wanted=wanted)


def _test(values: set[str] | None, *, wanted: bool) -> Callable[[Any], bool]:
    return lambda value: (value is not None if values is None else value in values) is wanted


def _at(content: Any, path: str) -> str:
    for name in path.split("."):
        content = content.get(name) if isinstance(content, dict) else None
    return "" if content is None else str(content)


def asked_for(accept: str) -> str:
    """``Table``, ``PartialObjectMetadata`` or, for whole objects, nothing."""
    match = re.search(r"as=(Table|PartialObjectMetadata)", accept)
    return match[1] if match else ""


def one(kind: Kind, stored: Stored, view: str, now: datetime) -> bytes:
    if view == "Table":
        return many(kind, [stored], {"resourceVersion": stored.content["metadata"]["resourceVersion"]}, view, now)
    if view:
        return _json(_partial(stored))
    return _json({"apiVersion": kind.api_version, "kind": kind.kind})[:-1] + b"," + _text(kind, stored)


def many(kind: Kind, items: Sequence[Stored], metadata: Mapping[str, Any], view: str, now: datetime) -> bytes:
    """A list. Items of builtin kinds have no ``kind`` of their own, as on a real server."""
    head = {"apiVersion": "meta.k8s.io/v1" if view else kind.api_version, "kind": view, "metadata": metadata}
    if view == "Table":
        blank = {"format": "", "description": "", "priority": 0}
        names = blank | {"name": "Name", "type": "string", "format": "name"}
        rows = [{"cells": [*_cells(kind, item.content, now)], "object": _partial(item)} for item in items]
        return _json(
            head | {"columnDefinitions": [names, *(blank | {**column} for column in kind.columns)], "rows": rows}
        )
    bare = not view and kind.schema is None
    texts = [b"{" + _text(kind, item) if bare else one(kind, item, view, now) for item in items]
    return _json(head | {"kind": f"{view or kind.kind}List"})[:-1] + b',"items":[' + b",".join(texts) + b"]}"


def _text(kind: Kind, stored: Stored) -> bytes:
    sent = {older: newer for newer, older in kind.renamed.items()}
    return Stored({sent.get(key, key): value for key, value in stored.content.items()}).text if sent else stored.text


def _partial(stored: Stored) -> Object:
    return {"apiVersion": "meta.k8s.io/v1", "kind": "PartialObjectMetadata", "metadata": stored.content["metadata"]}


def _json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _cells(kind: Kind, content: Object, now: datetime) -> Iterator[Any]:
    yield content["metadata"]["name"]
    for column in kind.columns:
        found: Any = content
        for name, key, wanted in STEP.findall(column["jsonPath"]):
            if isinstance(found, list):
                found = next((item for item in found if item.get(key) == wanted), None)
            else:
                found = found.get(name) if isinstance(found, dict) else None
        if column["type"] == "date" and found:
            seconds = max(0, int((now - datetime.fromisoformat(found)).total_seconds()))
            found = next(f"{seconds // size}{unit}" for most, unit, size in AGES if seconds < most)
        yield found
