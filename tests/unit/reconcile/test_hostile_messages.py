"""What stands in a status, whatever a backend said: printable where people read it, and never more than etcd takes."""

import json
from typing import Any, Final

import pytest
from hostile import LONG, TEXTS
from simulation.views import WALL, a_project, a_remote, a_view

from project_operator.api.conditions import Reason
from project_operator.api.v1alpha1.project_status import ProjectStatus
from project_operator.backends.base import ProjectContent, RoleAssignment, Tag
from project_operator.reconcile import summary
from project_operator.reconcile.content import tag_statuses
from project_operator.reconcile.outcome import held
from project_operator.reconcile.view import Verdict

ETCD: Final = 1_500_000
"""Bytes of a request that etcd takes at most (its --max-request-bytes)."""


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_message_is_one_line_that_a_terminal_shows_as_it_is(text: str) -> None:
    verdict = Verdict(Reason.CONFLICT, f"project p1 ('{text}') carries the mark of another Project")
    for condition in summary.conditions(held(verdict.reason, verdict.message), (), generation=1, now=WALL):
        assert condition.message.isprintable()
        assert "eyJhbGci" not in condition.message
        assert len(condition.message) <= 2048


@pytest.mark.parametrize("char", ["x", "\x00", "<", "\U0001f4a5"], ids=ascii)
def test_the_largest_project_that_a_server_can_show_has_room(char: str) -> None:
    long = char * LONG
    many = range(2000)
    content = ProjectContent(
        long,
        long,
        tags=tuple(Tag(f"{number}{long}", long) for number in many),
        group_ids=tuple(f"{number}{long}" for number in many),
        role_assignments=tuple(RoleAssignment(f"g{number}", f"r{number}") for number in many),
        particulars={f"keystone.{number}": long for number in many},
    )
    raw = {f"word{number}": long for number in many}
    seen = a_remote(created_by=long, modified_by=long, raw_status=raw, content=content)
    view = a_view(a_project())
    status = summary.status(view, held(Reason.CONFLICT, long), seen)
    wire = status.to_wire()
    assert len(go_json(wire)) < ETCD
    assert ProjectStatus.parse(json.loads(json.dumps(wire))).to_wire() == wire


def test_a_status_without_bounds_is_caught() -> None:
    bulk = {"observed": {"tags": [{"name": "n" * LONG, "value": "v" * LONG}] * 20}}
    assert len(go_json(bulk)) > ETCD


def test_what_we_own_is_never_cut() -> None:
    """What is not in `applied` any more would be taken for somebody else's."""
    tags = tuple(Tag(f"{number}", "v" * 256) for number in range(128))
    status = ProjectStatus.parse({"applied": {"tags": [one.model_dump() for one in tag_statuses(tags)]}})
    assert status.applied is not None
    assert len(status.applied.tags or ()) == 128


def go_json(document: Any) -> bytes:
    """As the API server writes it: control characters, `<`, `>` and `&` take six bytes."""
    text = json.dumps(document, ensure_ascii=False)
    for char in "<>&":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text.encode()
