"""Structured logs through the standard library."""

from contextlib import AbstractContextManager
from typing import Literal

LogFormat = Literal["auto", "text", "json"]
LogLevel = Literal["debug", "info", "warning", "error"]


def configure(log_format: LogFormat = "auto", level: LogLevel = "info") -> None:
    """Set up the root logger, once per process. ``auto``: text on a terminal, else JSON."""
    raise NotImplementedError


def log_context(**fields: str) -> AbstractContextManager[None]:
    """Fields on every record logged inside, in this task: ``kind``, ``namespace``, ``name``, ``uid``."""
    raise NotImplementedError
