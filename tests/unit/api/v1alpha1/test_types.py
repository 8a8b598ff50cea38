"""Value types: clipping, times, and statuses that are read leniently."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any

import pytest
from pydantic import Field, ValidationError

from project_operator.api.conditions import ConditionStatus, ConditionType, Reason
from project_operator.api.schema import ApiModel
from project_operator.api.v1alpha1.types import (
    Condition,
    Duration,
    ObjectMeta,
    ObjectName,
    RemoteID,
    RemoteName,
    StatusModel,
    Timestamp,
    clip,
    clip_list,
    clip_map,
    duration_between,
)

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Values(ApiModel):
    id: RemoteID = "a"
    name: RemoteName = "a"
    object_name: ObjectName = "a"
    duration: Annotated[Duration, duration_between("1s", "5m")] = "1s"
    time: Timestamp = NOON
    text: Annotated[str, Field(max_length=5), clip(5)] = ""
    items: Annotated[tuple[int, ...], Field(max_length=2), clip_list(2)] = ()
    entries: Annotated[dict[str, int], Field(max_length=2), clip_map(2)] = Field(default_factory=dict)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", "c0a8d7de-93d4-4d33-8fd5-6a4f0a2e9b57"),
        ("id", "0123456789abcdef0123456789abcdef"),
        ("id", "_a:b.c"),
        ("id", "x" * 128),
        ("name", "Payments (staging) 日本"),
        ("name", "x" * 255),
        ("objectName", "a.b-c.0"),
        ("duration", "5m"),
        ("duration", "0.5m"),
    ],
)
def test_takes_what_backends_and_kubernetes_use(field: str, value: str) -> None:
    assert Values.model_validate({field: value}).model_dump(by_alias=True)[field] == value


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("id", "", "must be an id as the backend shows it"),
        ("id", "x" * 129, "at most 128"),
        ("id", "../secrets", "must be an id as the backend shows it"),
        ("id", ".hidden", "must be an id"),
        ("id", "a/b", "must be an id"),
        ("id", "a b", "must be an id"),
        ("id", "a\n", "must be an id"),
        ("id", "a?b", "must be an id"),
        ("name", " a", "must be one line, not empty, that neither begins nor ends with white space"),
        ("name", "a ", "must be one line"),
        ("name", "a\nb", "must be one line"),
        ("objectName", "A", "must be the name of a Kubernetes object"),
        ("objectName", "-a", "must be the name of a Kubernetes object"),
        ("duration", "6m", "must be a duration between '1s' and '5m'"),
        ("duration", "0s", "must be a duration between '1s' and '5m'"),
        ("duration", "soon", "must be a duration between '1s' and '5m', such as '90s'"),
        ("time", "2026-11-22T12:00:00", "timezone"),
    ],
)
def test_refuses_with_the_way_out(field: str, value: str, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Values.model_validate({field: value})


def test_times_are_whole_seconds_in_utc() -> None:
    local = NOON.astimezone(timezone(timedelta(hours=5, minutes=30))) + timedelta(microseconds=999_999)
    assert Values(time=local).time == NOON
    assert Values(time=local).model_dump(mode="json")["time"] == "2026-11-22T12:00:00Z"


def test_what_is_too_long_is_shortened_and_says_so() -> None:
    assert Values(text="12345").text == "12345"
    assert Values(text="123456").text == "1234…"
    assert Values(items=(1, 2, 3)).items == (1, 2)
    assert Values(entries={"a": 1, "b": 2, "c": 3}).entries == {"a": 1, "b": 2}


def test_clipping_leaves_wrong_types_to_be_refused() -> None:
    for field in ("text", "items", "entries"):
        with pytest.raises(ValidationError):
            Values.model_validate({field: 7})


class Status(StatusModel):
    id: str | None = None
    nested: Values | None = None
    numbers: tuple[int, ...] = ()


def condition(type_: str, status: str = "True", generation: int = 1) -> dict[str, Any]:
    return {
        "type": type_,
        "status": status,
        "reason": Reason.SUCCEEDED.value,
        "message": "",
        "observedGeneration": generation,
        "lastTransitionTime": "2026-11-22T12:00:00Z",
    }


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (None, Status()),
        ({}, Status()),
        ({"id": "a", "newer": {"b": 1}}, Status(id="a")),
        ({"id": 7}, Status()),
        ({"id": "a", "nested": {"id": "a/b"}}, Status(id="a")),
        ({"id": "a", "nested": None}, Status(id="a")),
        ({"id": "a", "numbers": [1, "two", 3, None]}, Status(id="a", numbers=(1, 3))),
        ({"id": "a", "numbers": "many"}, Status(id="a")),
        ({"observedGeneration": "7", "id": "a"}, Status(id="a")),
        (
            {"conditions": [{"type": "Ready"}, condition("Ready")]},
            Status.model_validate({"conditions": [condition("Ready")]}),
        ),
    ],
)
def test_a_status_is_read_as_far_as_it_goes(raw: dict[str, Any] | None, status: Status) -> None:
    assert Status.parse(raw) == status


def test_a_status_is_written_without_what_says_nothing() -> None:
    assert Status().to_wire() == {"observedGeneration": -1}
    assert Status(id="a", nested=Values(text="b")).to_wire() == {
        "observedGeneration": -1,
        "id": "a",
        "nested": {"text": "b"},
    }


def test_equal_statuses_are_written_equally() -> None:
    raw = {"conditions": [condition("Ready")], "id": "a", "observedGeneration": 3}
    assert list(Status.parse(raw).to_wire().items()) == list(
        Status.parse(dict(reversed(raw.items()))).to_wire().items()
    )


def test_conditions_are_found_by_type() -> None:
    status = Status.parse({"conditions": [condition("Stalled"), condition("Ready", generation=4)]})
    ready = status.condition(ConditionType.READY)
    assert isinstance(ready, Condition)
    assert (ready.type, ready.status) == ("Ready", ConditionStatus.TRUE)
    assert status.condition(ConditionType.RECONCILING) is None


def test_ready_counts_only_for_the_generation_it_is_about() -> None:
    assert Status.parse({"conditions": [condition("Ready", generation=4)]}).is_ready(4)
    assert not Status.parse({"conditions": [condition("Ready", generation=3)]}).is_ready(4)
    assert not Status.parse({"conditions": [condition("Ready", "Unknown", 4)]}).is_ready(4)
    assert not Status().is_ready(4)


def test_metadata_is_what_the_api_server_sends() -> None:
    meta = ObjectMeta.model_validate(
        {"name": "a", "namespace": "b", "uid": "u", "resourceVersion": "7", "generation": 2, "managedFields": [{}]}
        | {"creationTimestamp": "2026-11-22T12:00:00Z", "finalizers": ["f"], "labels": {"l": "1"}}
    )
    assert (meta.resource_version, meta.generation, meta.finalizers, meta.labels) == ("7", 2, ("f",), {"l": "1"})
    assert not meta.deleting
    assert meta.model_copy(update={"deletion_timestamp": NOON}).deleting
