"""Log records that say what they are about, cannot be forged, and hold no token."""

import asyncio
import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from project_operator.observability.logging import REDACTED, LogFormat, LogLevel, configure, log_context

JWT = "eyJhbGciOiJSUzI1NiIsImtpZCI6IngifQ.eyJzdWIiOiJvcGVyYXRvciJ9.c2lnbmF0dXJl"

Configured = Callable[..., io.StringIO]
log = logging.getLogger("project_operator.test")


@pytest.fixture
def configured() -> Iterator[Configured]:
    root = logging.getLogger()
    before = root.level, list(root.handlers)
    levels = {name: logging.getLogger(name).level for name in ("aiohttp.access", "kopf")}

    def configured(log_format: LogFormat, level: LogLevel = "info", stream: io.StringIO | None = None) -> io.StringIO:
        stream = stream or io.StringIO()
        configure(log_format, level, stream=stream)
        return stream

    yield configured
    root.setLevel(before[0])
    root.handlers[:] = before[1]
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def only(stream: io.StringIO) -> dict[str, Any]:
    (line,) = stream.getvalue().splitlines()
    record = json.loads(line)
    assert isinstance(record, dict)
    return record


def log_failure(text: str) -> None:
    log.error("failed", exc_info=ValueError(text))


def test_json_is_an_object_a_line(configured: Configured) -> None:
    stream = configured("json")
    with log_context(kind="Project", namespace="team-a", name="alpha", uid="u-1"):
        log.warning("refused: %s", "no")

    record = only(stream)
    assert record.pop("time").endswith("Z")
    assert record == {
        "level": "warning",
        "logger": "project_operator.test",
        "message": "refused: no",
        "kind": "Project",
        "namespace": "team-a",
        "name": "alpha",
        "uid": "u-1",
    }


def test_text_is_a_line_for_people(configured: Configured) -> None:
    stream = configured("text")
    with log_context(namespace="team-a", name="alpha"):
        log.info("created %s", "p-1")

    assert stream.getvalue().endswith(" INFO    team-a/alpha: created p-1 [project_operator.test]\n")


def test_without_an_object_text_says_none(configured: Configured) -> None:
    stream = configured("text")
    log.info("started")

    assert stream.getvalue().endswith(" INFO    started [project_operator.test]\n")


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_no_record_can_forge_another(configured: Configured, log_format: LogFormat) -> None:
    stream = configured(log_format)
    with log_context(name="a\nb"):
        log.info("x\r\n2026-11-22 12:00:00.000 ERROR forged\x1b[2J\u2028\x85%s", "\nmore")

    assert len(stream.getvalue().splitlines()) == 1
    assert "\x1b" not in stream.getvalue()


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("abcdefgh12345678", "Authorization: Bearer abcdefgh12345678"),
        ("abcdefgh12345678", "{'authorization': 'bearer abcdefgh12345678'}"),
        ("dXNlcjpwYXNzd29yZA==", "Basic dXNlcjpwYXNzd29yZA=="),
        (JWT, f"token={JWT}&x=1"),
        (JWT[:30], f"cut off: {JWT[:30]}"),
    ],
    ids=["header", "dict", "basic", "jwt", "jwt-cut-off"],
)
def test_tokens_are_blotted_out(configured: Configured, log_format: LogFormat, secret: str, text: str) -> None:
    stream = configured(log_format)
    log.info("%s", text)
    log_failure(text)

    assert secret not in stream.getvalue()
    assert stream.getvalue().count(REDACTED) == 2


def test_what_is_no_token_stays(configured: Configured) -> None:
    stream = configured("json")
    log.info("the bearer of this; basic needs; key eyJ; 8d6a71a5-9a0c-4b1e-8a0f-5f9f3e0a2b11")

    assert REDACTED not in stream.getvalue()


def test_a_traceback_is_part_of_its_record(configured: Configured) -> None:
    stream = configured("json")
    log_failure("a\nb")

    record = only(stream)
    assert record["message"] == "failed"
    assert record["traceback"] == ["ValueError: a", "b"]


def test_lines_of_a_traceback_are_indented_in_text(configured: Configured) -> None:
    stream = configured("text")
    log_failure("2026-11-22 12:00:00.000 ERROR forged")

    assert all(line.startswith("    ") for line in stream.getvalue().splitlines()[1:])


async def test_each_task_has_its_own_object(configured: Configured) -> None:
    stream = configured("json")

    async def work(name: str) -> None:
        with log_context(name=name):
            await asyncio.sleep(0)
            log.info("at work")

    await asyncio.gather(work("alpha"), work("beta"))
    log.info("done")

    names = [json.loads(line).get("name") for line in stream.getvalue().splitlines()]
    assert names == ["alpha", "beta", None]


def test_contexts_nest(configured: Configured) -> None:
    stream = configured("json")
    with log_context(kind="Project"):
        with log_context(name="alpha"):
            log.info("inside")
        log.info("outside")

    inside, outside = (json.loads(line) for line in stream.getvalue().splitlines())
    assert (inside["kind"], inside["name"]) == ("Project", "alpha")
    assert "name" not in outside


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_auto_is_text_on_a_terminal_and_json_elsewhere(configured: Configured) -> None:
    terminal = configured("auto", stream=Terminal())
    log.info("hello")
    assert not terminal.getvalue().startswith("{")

    pipe = configured("auto")
    log.info("hello")
    assert pipe.getvalue().startswith("{")


def test_the_level_is_heeded_and_kopf_is_quiet_below_debug(configured: Configured) -> None:
    stream = configured("json", "warning")
    log.info("no")
    logging.getLogger("kopf._core").error("no")
    assert stream.getvalue() == ""

    stream = configured("json", "debug")
    log.debug("yes")
    logging.getLogger("kopf._core").error("yes")
    assert len(stream.getvalue().splitlines()) == 2
