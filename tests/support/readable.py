"""Whether people can read what the operator says, and type in what it tells them to.

What stands in backticks is to be copied: it is spelled as the API spells it. What stands in quotes or parentheses is
quoted from others, and may look as it likes.
"""

import functools
import re
from typing import Any, Final

from project_operator.api import names
from project_operator.api.crd import openapi_schema
from project_operator.api.kinds import KINDS
from project_operator.settings import ENV_PREFIX, Settings

ABBREVIATIONS: Final = frozenset({"CRD", "CSP", "URL", "VMware"})
SHOUTED: Final = re.compile(r"[A-Z]{2,}")
QUOTED: Final = re.compile(r"'[^']*'|\([^()]*\)")
TICKED: Final = re.compile(r"`([^`]*)`")
VARIABLE: Final = re.compile(rf"{ENV_PREFIX}\w+", re.IGNORECASE)
MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
SENTENCE: Final = re.compile(r"\. +([^ ]+)")


@functools.lru_cache(maxsize=4096)
def unreadable(message: str) -> tuple[str, ...]:
    """What is wrong with a message."""
    found = [f"no message: {message!r}"] if not message or message != message.strip() or message[-1] == "." else []
    for ticked in TICKED.findall(message):
        found += _misspelled(ticked)
    text = TICKED.sub("``", message)
    found += [f"no such setting: {name!r}" for name in VARIABLE.findall(text) if name not in variables()]
    text = MOMENT.sub("", VARIABLE.sub("", QUOTED.sub("''", text)))
    shouted = (word for word in re.findall(r"\w+", text) if SHOUTED.search(word))
    found += [f"shouting: {word!r}" for word in shouted if word not in ABBREVIATIONS]
    found += [f"a sentence that begins small: {word!r}" for word in SENTENCE.findall(text) if word[0].islower()]
    return tuple(found)


def _misspelled(ticked: str) -> list[str]:
    found: list[str] = []
    for word in re.findall(r"[A-Za-z][A-Za-z0-9]*", ticked):
        known = spelled().get(word.lower())
        if known is None and SHOUTED.search(word):
            found.append(f"shouting: {word!r}")
        if known is not None and word not in known:
            found.append(f"misspelled, for {sorted(known)}: {word!r}")
    return found


@functools.cache
def spelled() -> dict[str, frozenset[str]]:
    """Every word that people can write into an object of ours, by itself without case."""
    words = {"true", "false", "spec", "status", "iproj1", names.GROUP, *(kind.kind for kind in KINDS)}

    def collect(schema: Any) -> None:
        if isinstance(schema, dict):
            words.update(schema.get("properties", {}))
            words.update(word for word in schema.get("enum", ()) if isinstance(word, str))
            for child in schema.values():
                collect(child)
        elif isinstance(schema, list):
            for child in schema:
                collect(child)

    for kind in KINDS:
        collect(openapi_schema(kind))
    known: dict[str, frozenset[str]] = {}
    for word in words:
        known[word.lower()] = known.get(word.lower(), frozenset()) | {word}
    return known


@functools.cache
def variables() -> frozenset[str]:
    """The environment variables of the operator."""
    return frozenset(f"{ENV_PREFIX}{name.upper()}" for name in Settings.model_fields)
