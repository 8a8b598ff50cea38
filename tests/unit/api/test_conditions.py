"""Reasons: a closed set, each of which tells a person what to do."""

import re

import pytest

from project_operator.api.conditions import Reason

PASCAL_CASE = re.compile(r"([A-Z][a-z]+)+")


@pytest.mark.parametrize("reason", Reason)
def test_reads_as_kubernetes_reasons_do(reason: Reason) -> None:
    assert PASCAL_CASE.fullmatch(reason)
    assert reason.name == re.sub(r"(?<!^)(?=[A-Z])", "_", reason).upper()


@pytest.mark.parametrize("reason", Reason)
def test_says_what_is_the_case_and_what_to_do(reason: Reason) -> None:
    for sentence in (reason.meaning, reason.remedy):
        assert re.fullmatch(r"[A-Z`'].*\.", sentence), sentence
        assert len(sentence) <= 160
    assert reason.meaning != reason.remedy


@pytest.mark.parametrize("reason", [reason for reason in Reason if reason.stalled])
def test_never_tells_a_person_to_wait_where_nothing_comes_without_them(reason: Reason) -> None:
    assert not reason.remedy.startswith(("Wait", "Nothing"))


def test_goes_over_the_wire_as_its_value() -> None:
    assert f"{Reason.NAME_TAKEN}" == "NameTaken"
    assert Reason("NameTaken") is Reason.NAME_TAKEN
