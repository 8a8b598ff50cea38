"""Which request bodies pass, and what is left of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from project_operator.sandbox.identity.exchange import Subject
from project_operator.sandbox.identity.nscale.bodies import ProjectWrite, subject, validate
from project_operator.sandbox.identity.nscale.refusals import Refusal

JSON = {"content-type": "application/json"}


def written(**metadata: Any) -> bytes:
    return json.dumps({"metadata": metadata, "spec": {"groupIDs": []}}).encode()


@pytest.mark.parametrize("name", ["a", "A", "9", "a.b_c-D", "a" * 63, "x--y..z__0"])
def test_a_name_that_is_a_label_value(name: str) -> None:  # N1.1-1
    body = validate(ProjectWrite, JSON, written(name=name), terse=True)
    assert isinstance(body, ProjectWrite)
    assert body.metadata.name == name


@pytest.mark.parametrize("name", ["", "-a", "a-", ".a", "a_", "a b", "ä", "a" * 64, "a\n", "a/b", None, 1])
def test_a_name_that_is_none(name: Any) -> None:  # N1.1-1
    with pytest.raises(Refusal):
        validate(ProjectWrite, JSON, written(name=name), terse=True)


def test_tags_keep_order_and_duplicates_and_have_no_limit() -> None:  # N1.1-3
    pairs = [("b", "x" * 10_000), ("a", ""), ("b", "x" * 10_000), ("", "ü/ :")]
    tags = [{"name": name, "value": value} for name, value in pairs]
    body = validate(ProjectWrite, JSON, written(name="p", tags=tags), terse=True)
    assert isinstance(body, ProjectWrite)
    assert list(body.metadata.tag_pairs) == pairs


@pytest.mark.parametrize("tags", [None, {}, [{"name": "a"}], [{"value": "a"}], [{"name": "a", "value": None}], ["a"]])
def test_tags_that_are_none(tags: Any) -> None:  # N1.1-3
    with pytest.raises(Refusal):
        validate(ProjectWrite, JSON, written(name="p", tags=tags), terse=True)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"metadata":[]}', b'{"metadata":{"tags":[1]}}', b"\xff"])
def test_the_log_reads_nothing_from_a_body_that_is_none(body: bytes) -> None:
    assert subject(body) == Subject()


@pytest.mark.parametrize(
    ("content_type", "accepted"),
    [
        ("application/json", True),
        ("application/json; charset=utf-8", True),
        ("Application/JSON", True),
        ("text/plain", False),
        ("", False),
        ("application/jsonp", False),
    ],
)
def test_a_body_needs_its_content_type(content_type: str, accepted: bool) -> None:  # noqa: FBT001 - a column; N6-13
    headers = {"content-type": content_type} if content_type else {}
    body = b'{"metadata":{"name":"p"},"spec":{"groupIDs":[]}}'
    if accepted:
        assert isinstance(validate(ProjectWrite, headers, body, terse=True), ProjectWrite)
    else:
        with pytest.raises(Refusal):
            validate(ProjectWrite, headers, body, terse=True)


@pytest.mark.parametrize("body", [b"", b"{", b"null", b"[]", b'{"metadata":{"name":"p"},"spec":{"groupIDs":null}}'])
def test_a_body_that_is_none_is_refused(body: bytes) -> None:  # N1.3-1, N1.1-4
    with pytest.raises(Refusal, match="request body invalid"):
        validate(ProjectWrite, {"content-type": "application/json"}, body, terse=True)
