"""No text can break a log line, turn it around, hide in it, or keep it from being written."""

import io
import json
import logging
import re
from typing import Final

import pytest
from hostile import TEXTS

from project_operator.observability.logging import JsonFormatter, TextFormatter

UNSEEN: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]")


def written(formatter: logging.Formatter, text: str) -> str:
    """What a record with ``text`` becomes, in a file that takes UTF-8 alone."""
    file = io.TextIOWrapper(raw := io.BytesIO(), encoding="utf-8", errors="strict")
    handler = logging.StreamHandler(file)
    handler.setFormatter(formatter)
    handler.handle(logging.LogRecord("test", logging.INFO, __file__, 1, "project '%s'", (text,), None))
    file.flush()
    return raw.getvalue().decode()


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_record_is_one_line_of_what_can_be_seen(text: str) -> None:
    (line,) = written(TextFormatter(), text).splitlines()
    assert not UNSEEN.search(line)
    assert "eyJhbGci" not in line


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_record_is_one_json_object(text: str) -> None:
    (line,) = written(JsonFormatter(), text).splitlines()
    assert line.isascii()
    said = json.loads(line)["message"]
    assert said == f"project '{text}'" or "[redacted]" in said
