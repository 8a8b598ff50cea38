"""Label selectors, as metav1.LabelSelector has them."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from project_operator.api.schema import LIST_TYPE, ApiModel, Rule, matches

_VALUE: Final = matches(
    "^([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?$",
    "must be the value of a label: letters, digits, '-', '_' and '.', beginning and ending with a letter or digit",
)
LabelKey = Annotated[
    str,
    Field(max_length=317),
    matches(
        "^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$",
        "must be the key of a label, such as 'team' or 'example.com/team'",
    ),
]
LabelValue = Annotated[str, Field(max_length=63), _VALUE]


class SelectorOperator(StrEnum):
    """How the value of a label is compared."""

    IN = "In"
    """It is one of the values."""
    NOT_IN = "NotIn"
    """It is none of the values, or the label is missing."""
    EXISTS = "Exists"
    """The label is there."""
    DOES_NOT_EXIST = "DoesNotExist"
    """The label is missing."""


class LabelSelectorRequirement(ApiModel):
    """What must hold of one label."""

    rules = (
        Rule(
            "(self.operator in ['In', 'NotIn']) == (has(self.values) && size(self.values) > 0)",
            "`values` must be set for 'In' and 'NotIn', and only for these",
            lambda one: (one.operator in {SelectorOperator.IN, SelectorOperator.NOT_IN}) == bool(one.values),
        ),
    )

    key: LabelKey
    """Key of the label."""
    operator: SelectorOperator
    """`In`, `NotIn`, `Exists` or `DoesNotExist`."""
    values: Annotated[tuple[LabelValue, ...], Field(max_length=64, json_schema_extra={LIST_TYPE: "atomic"})] | None = (
        None
    )
    """The values to compare with."""

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether it holds of an object with ``labels``."""
        value, values = labels.get(self.key), self.values or ()
        match self.operator:
            case SelectorOperator.IN:
                return value is not None and value in values
            case SelectorOperator.NOT_IN:
                return value is None or value not in values
            case SelectorOperator.EXISTS:
                return value is not None
            case SelectorOperator.DOES_NOT_EXIST:
                return value is None


class LabelSelector(ApiModel):
    """Labels that an object must have; all of them, and `{}` is every object."""

    match_labels: (
        Annotated[
            dict[str, Annotated[str, Field(max_length=63)]],
            Field(max_length=64),
        ]
        | None
    ) = None
    """Labels with these values."""
    match_expressions: (
        Annotated[
            tuple[LabelSelectorRequirement, ...],
            Field(max_length=32, json_schema_extra={LIST_TYPE: "atomic"}),
        ]
        | None
    ) = None
    """What else must hold of labels."""

    def selects(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with ``labels`` is meant."""
        return all(labels.get(key) == value for key, value in (self.match_labels or {}).items()) and all(
            one.holds(labels) for one in self.match_expressions or ()
        )
