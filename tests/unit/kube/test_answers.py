"""What an answer of the API server means."""

import json
from typing import Any

import pytest

from project_operator.errors import (
    KubeConflict,
    KubeError,
    KubeForbidden,
    KubeInvalid,
    KubeNotFound,
    KubeUnavailable,
)
from project_operator.kube import answers
from project_operator.kube.resources import PROJECTS, SECRETS, Resource


def status(message: str = "no", reason: str = "Because", *fields: str) -> bytes:
    causes = [{"field": field, "message": "m", "reason": "r"} for field in fields]
    return json.dumps(
        {"kind": "Status", "apiVersion": "v1", "message": message, "reason": reason, "details": {"causes": causes}}
    ).encode()


def error(code: int, body: bytes = b"", resource: Resource = PROJECTS, **headers: str) -> KubeError:
    with pytest.raises(KubeError) as caught:
        answers.read(
            "patch x", resource, code, {name.replace("_", "-"): value for name, value in headers.items()}, body
        )
    return caught.value


def test_a_success_is_its_object() -> None:
    assert answers.read("get x", PROJECTS, 200, {}, b'{"kind":"Project"}') == {"kind": "Project"}
    assert answers.read("create x", PROJECTS, 201, {}, b"{}") == {}


@pytest.mark.parametrize(
    ("code", "body", "expected"),
    [
        (400, status(), KubeInvalid),
        (401, status(), KubeForbidden),
        (403, status(), KubeForbidden),
        (404, status(), KubeNotFound),
        (404, b"404 page not found\n", KubeNotFound),
        (405, status(), KubeInvalid),
        (409, status(), KubeConflict),
        (409, status(reason="AlreadyExists"), KubeConflict),
        (410, status(reason="Expired"), KubeInvalid),
        (413, b"", KubeInvalid),
        (415, status(), KubeInvalid),
        (422, status(), KubeInvalid),
        (422, status("no", "Invalid", "spec.name"), KubeInvalid),
        (422, status("field is immutable", "Invalid", "metadata.uid"), KubeConflict),
        (422, status("two things", "Invalid", "metadata.uid", "spec.name"), KubeInvalid),
        (429, status(), KubeUnavailable),
        (500, status(), KubeUnavailable),
        (502, b"<html>Bad Gateway</html>", KubeUnavailable),
        (503, b"", KubeUnavailable),
        (504, status(reason="Timeout"), KubeUnavailable),
        (302, b"", KubeUnavailable),
        (200, b"<html>log in</html>", KubeUnavailable),
        (200, b'{"kind":"Proj', KubeUnavailable),
        (200, b"[]", KubeUnavailable),
        (200, b"", KubeUnavailable),
    ],
)
def test_classes(code: int, body: bytes, expected: type[KubeError]) -> None:
    caught = error(code, body)

    assert type(caught) is expected
    assert caught.status == code


def test_a_message_says_what_was_asked_and_what_was_answered() -> None:
    assert str(error(409, status("changed", "Conflict"))) == "patch x: 409 Conflict: changed"


def test_an_answer_that_is_no_status_is_not_quoted() -> None:
    assert str(error(502, b"<html>token=abc</html>")) == "patch x: 502"
    assert str(error(500, b'{"message":"not a Status"}')) == "patch x: 500"


def test_a_message_is_one_line_of_bounded_length() -> None:
    text = str(error(422, status("a\r\nb\x1b[31m" + "x" * 1000)))

    assert text.startswith("patch x: 422 Because: a b [31mxxx")
    assert text.endswith("x…")
    assert len(text) == len("patch x: 422 Because: ") + 256


def test_what_is_said_about_a_secret_is_not_quoted() -> None:
    assert str(error(422, status("data.token: 'c2VjcmV0'"), SECRETS)) == "patch x: 422 Because"


@pytest.mark.parametrize(("value", "expected"), [("7", 7.0), ("", None), ("soon", None), ("-1", None)])
def test_retry_after_is_in_seconds(value: str, expected: Any) -> None:
    assert error(429, status(), Retry_After=value).retry_after == expected
