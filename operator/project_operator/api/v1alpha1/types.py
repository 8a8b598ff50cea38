"""Value types that several kinds share: identifiers, names, times, metadata, conditions."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, PlainSerializer, ValidationError

from project_operator.api.conditions import ConditionStatus, ConditionType
from project_operator.api.durations import DURATION_MAX_LENGTH, DURATION_PATTERN, parse_duration
from project_operator.api.marks import MARK_PREFIX
from project_operator.api.schema import LIST_MAP_KEYS, LIST_TYPE, ApiModel, Int, Rule, cel_string, matches

ELLIPSIS: Final = "…"
MESSAGE_MAX_LENGTH: Final = 2048
MOST_ROLES: Final = 100


def clip(limit: int) -> BeforeValidator:
    """Shorten a string to ``limit`` characters, with an ellipsis at its end: status is never refused for its length."""

    def shorten(value: Any) -> Any:
        return value[: limit - 1] + ELLIPSIS if isinstance(value, str) and len(value) > limit else value

    return BeforeValidator(shorten)


def clip_list(limit: int) -> BeforeValidator:
    """Keep the first ``limit`` items."""
    return BeforeValidator(lambda value: value[:limit] if isinstance(value, (list, tuple)) else value)


def clip_map(limit: int) -> BeforeValidator:
    """Keep the first ``limit`` entries."""
    return BeforeValidator(lambda value: dict(list(value.items())[:limit]) if isinstance(value, Mapping) else value)


def is_duration(value: str) -> str:
    """The CEL that says whether ``value`` is a duration, so that ``duration(…)`` of it cannot fail."""
    return f"{value}.matches({cel_string(DURATION_PATTERN)})"


def duration_between(shortest: str, longest: str) -> Rule:
    """The rule that a duration lies in a closed range."""
    low, high = parse_duration(shortest), parse_duration(longest)
    return Rule(
        f"{is_duration('self')} && duration(self) >= duration('{shortest}') && duration(self) <= duration('{longest}')",
        f"must be a duration between '{shortest}' and '{longest}', such as '90s', '2m30s' or '500ms'",
        lambda text: re.fullmatch(DURATION_PATTERN, text) is not None and low <= parse_duration(text) <= high,
    )


def _to_seconds_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(microsecond=0)


def _rfc3339(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


without_mark = Rule(
    f"!self.contains('{MARK_PREFIX}')",
    f"must not contain '{MARK_PREFIX}', which is reserved for the operator's mark",
    lambda text: MARK_PREFIX not in text,
)

Timestamp = Annotated[AwareDatetime, AfterValidator(_to_seconds_utc), PlainSerializer(_rfc3339, when_used="json")]
"""Whole seconds in UTC, as metav1.Time."""

Duration = Annotated[str, Field(max_length=DURATION_MAX_LENGTH)]
"""Each use says its range with `duration_between`."""

RemoteID = Annotated[
    str,
    Field(max_length=128),
    matches(
        "^[A-Za-z0-9_-][A-Za-z0-9_.:-]*$",
        "must be an id as the backend shows it: letters, digits, '_', '-', '.' and ':', not beginning with '.' or ':'",
    ),
]
"""Goes into URL paths, hence no slash, no white space and no leading dot."""

RemoteName = Annotated[
    str,
    Field(max_length=255),
    matches(
        "^[^\\t-\\r ]([^\\n\\r]*[^\\t-\\r ])?$",
        "must be one line, not empty, that neither begins nor ends with white space",
    ),
]

ObjectName = Annotated[
    str,
    Field(max_length=253),
    matches(
        "^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$",
        "must be the name of a Kubernetes object: lower case letters, digits, '-' and '.'",
    ),
]

StatusText = Annotated[str, Field(max_length=256), clip(256)]
"""A name, an id or a word in status: never validated, only bounded."""
StatusValue = Annotated[str, Field(max_length=1024), clip(1024)]
StatusDescription = Annotated[str, Field(max_length=4096), clip(4096)]
StatusMessage = Annotated[str, Field(max_length=MESSAGE_MAX_LENGTH), clip(MESSAGE_MAX_LENGTH)]


class ObjectMeta(ApiModel):
    """The part of metav1.ObjectMeta that the operator reads."""

    name: str
    """Name of the object."""
    namespace: str = ""
    """Its namespace."""
    uid: str = ""
    """Its uid: never used again for another object."""
    resource_version: str = ""
    """Opaque; the guard of every write."""
    generation: Int = 0
    """Counts the changes of spec."""
    creation_timestamp: Timestamp | None = None
    """When it was created."""
    deletion_timestamp: Timestamp | None = None
    """When its deletion was asked for."""
    finalizers: tuple[str, ...] = ()
    """What still holds it."""
    annotations: dict[str, str] = Field(default_factory=dict)
    """Annotations."""
    labels: dict[str, str] = Field(default_factory=dict)
    """Labels."""

    @property
    def deleting(self) -> bool:
        """Whether its deletion was asked for."""
        return self.deletion_timestamp is not None


class Condition(ApiModel):
    """A condition in the shape of metav1.Condition."""

    type: Annotated[str, Field(max_length=64)]
    """`Ready`, `Reconciling` or `Stalled`."""
    status: Annotated[str, Field(max_length=16)]
    """`True`, `False` or `Unknown`."""
    reason: Annotated[str, Field(max_length=256), clip(256)]
    """One word for the state; the list is in docs/reference/reasons.md."""
    message: StatusMessage
    """The particulars, for people."""
    observed_generation: Int | None = None
    """The `metadata.generation` that this is about."""
    last_transition_time: Timestamp
    """When `status` last changed."""


Conditions = Annotated[
    tuple[Condition, ...],
    Field(max_length=8, json_schema_extra={LIST_TYPE: "map", LIST_MAP_KEYS: ["type"]}),
    clip_list(8),
]


class StatusModel(ApiModel):
    """Base of the status of a kind: read leniently, written sparingly."""

    observed_generation: Int = -1
    """The `metadata.generation` that the operator last acted upon; -1 where it has not looked yet."""
    conditions: Conditions = ()
    """`Ready` always; `Reconciling` or `Stalled` only while True, never both."""

    @classmethod
    def parse(cls, raw: Mapping[str, Any] | None) -> Self:
        """The status in ``raw`` without what does not parse: a list item, else a top-level field. Never raises."""
        rest = dict(raw) if isinstance(raw, Mapping) else {}
        while True:
            try:
                return cls.model_validate(rest)
            except ValidationError as error:
                rest = _without_errors(rest, error)

    def to_wire(self) -> dict[str, Any]:
        """As JSON values, without what is absent or empty by default; equal statuses give equal results."""
        wire = self.model_dump(mode="json", by_alias=True, exclude_none=True, exclude_defaults=True)
        return {"observedGeneration": self.observed_generation} | wire

    def condition(self, type_: ConditionType) -> Condition | None:
        """The condition of that type, if it is there."""
        return next((condition for condition in self.conditions if condition.type == type_), None)

    def is_ready(self, generation: int) -> bool:
        """Whether Ready is True for ``generation``."""
        ready = self.condition(ConditionType.READY)
        return ready is not None and ready.status == ConditionStatus.TRUE and ready.observed_generation == generation


def _without_errors(raw: Mapping[str, Any], error: ValidationError) -> dict[str, Any]:
    """``raw`` without the list items, else the top-level fields, that ``error`` names."""
    bad_items: dict[str, set[int]] = {}
    bad_fields: set[str] = set()
    for problem in error.errors(include_url=False, include_context=False, include_input=False):
        field, *inner = problem["loc"]
        if inner and isinstance(inner[0], int) and isinstance(raw.get(str(field)), (list, tuple)):
            bad_items.setdefault(str(field), set()).add(inner[0])
        else:
            bad_fields.add(str(field))
    kept = {field: value for field, value in raw.items() if field not in bad_fields}
    for field in bad_items.keys() & kept.keys():
        kept[field] = [item for index, item in enumerate(kept[field]) if index not in bad_items[field]]
    return kept
