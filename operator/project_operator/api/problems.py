"""What is wrong with an object, in words for the person who wrote it."""

import re
from collections.abc import Sequence
from typing import Final

from pydantic import ValidationError

SHOWN: Final = 3
"""How many problems a message names; one is enough to go on, and it has to stay readable."""

_SUBJECT: Final = re.compile(r"^\w+ should ")
_PYTHON_WORDS: Final = (
    (re.compile(r"a valid tuple"), "a list"),
    (re.compile(r"a valid dictionary( or instance of \w+)?"), "an object"),
    (re.compile(r" after validation, not \d+"), ""),
)


def describe_problems(error: ValidationError) -> str:
    """One line for ``error``: each field by its path in the object and what it must be, at most `SHOWN` of them.

    Values are never quoted: whatever somebody put into the wrong field stays out of status and logs.
    """
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    said = [f"{field_path(problem['loc'])}: {_requirement(problem['msg'])}" for problem in problems[:SHOWN]]
    more = len(problems) - SHOWN
    return "; ".join(said) + (f"; and {more} more" if more > 0 else "")


def field_path(location: Sequence[str | int]) -> str:
    """A location as people write it: ``spec.tags[0].name``."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in location)
    return "".join(parts).removeprefix(".")


def _requirement(message: str) -> str:
    """What pydantic says, as a requirement like those of the API server's rules."""
    if message == "Field required":
        return "must be set"
    requirement = _SUBJECT.sub("must ", message.removeprefix("Value error, "))
    for word, plain in _PYTHON_WORDS:
        requirement = word.sub(plain, requirement)
    return requirement
