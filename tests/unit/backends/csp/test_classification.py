"""What of an answer reaches people; what answers mean is in the contract suite."""

import json
from datetime import UTC, datetime

import httpx

from project_operator.backends.calls import Answer
from project_operator.backends.csp.errors import ANSWERS, Operation

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def answered(**document: object) -> Answer:
    return Answer(400, httpx.Headers({"retry-after": "7"}), json.dumps(document).encode(), trace_id="ours")


def test_a_refusal_names_code_and_words_and_keeps_the_id_of_the_request() -> None:
    for field in ("cspErrorCode", "errorCode"):
        answer = answered(message="displayName: too long", requestId="a1-b2", **{field: "csp.7"})
        error = ANSWERS.classify(Operation.CREATE_PROJECT, answer, now=NOW)
        assert error is not None
        assert str(error) == "create project: refused (HTTP 400 csp.7): displayName: too long"
        assert (error.trace_id, error.retry_after, error.status) == ("a1-b2", 7.0, 400)


def test_neither_a_secret_nor_an_odd_id_gets_through() -> None:
    answer = answered(message="bad s3cret eyJhbGciOiJub25lIn0.e30.x", requestId="no id\n", cspErrorCode="s3cret")
    error = ANSWERS.classify(Operation.CREATE_PROJECT, answer, now=NOW, secrets=("s3cret",))
    assert error is not None
    assert "s3cret" not in str(error)
    assert "eyJ" not in str(error)
    assert error.trace_id == "ours"
