from project_operator.backends.base import PlannedCall
from project_operator.backends.requests import Request


def test_a_plan_shows_the_request_without_its_body() -> None:
    request = Request("asked", "POST", "/things?new", "make a thing", b"secret")
    assert request.planned() == PlannedCall("POST", "/things?new", "make a thing")


def test_bodies_stay_out_of_what_is_logged() -> None:
    assert "secret" not in repr(Request("asked", "POST", "/things", body=b"secret"))
