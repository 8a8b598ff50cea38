"""What a PromQL query asks for: metrics, the labels that it selects by, and those that it keeps."""

from dataclasses import dataclass

import promql_parser as promql

VARIABLES = {"$__rate_interval": "5m", "$__range": "1h", "$__interval": "1m"}
"""What Grafana puts in place of its own variables where a duration stands."""


@dataclass(frozen=True, slots=True)
class Selector:
    """One metric in a query, and the labels by which its series are chosen: name, operator, value."""

    metric: str
    matchers: tuple[tuple[str, promql.MatchOp, str], ...]


@dataclass(frozen=True, slots=True)
class Query:
    """What a whole query asks for."""

    selectors: tuple[Selector, ...]
    kept: frozenset[str]
    """Labels by which it groups or joins."""


def parse(text: str) -> Query:
    """Take ``text`` apart.

    Raises:
        ValueError: it is no query.
    """
    for variable, value in VARIABLES.items():
        text = text.replace(variable, value)
    selectors: list[Selector] = []
    kept: set[str] = set()

    def visit(node: promql.Expr) -> bool | None:
        match node:
            case promql.VectorSelector():
                selectors.append(_selector(node))
            case promql.AggregateExpr() if node.modifier is not None:
                kept.update(node.modifier.labels)
            case promql.BinaryExpr() if node.modifier is not None and node.modifier.matching is not None:
                kept.update(node.modifier.matching.labels)
        return None

    promql.walk(promql.parse(text), visit)
    return Query(tuple(selectors), frozenset(kept))


def _selector(node: promql.VectorSelector) -> Selector:
    return Selector(node.name or "", tuple((one.name, one.op, one.value) for one in node.matchers.matchers))
