"""What a page of metrics shows."""

from prometheus_client.parser import text_string_to_metric_families


def labels_shown(page: str) -> dict[str, frozenset[str]]:
    """Every metric of which there is a series, and the labels that its series have."""
    families = text_string_to_metric_families(page)
    return {sample.name: frozenset(sample.labels) for family in families for sample in family.samples}
