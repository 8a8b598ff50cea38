"""The API server for whoever must not write, and may not be the operator."""

from typing import Any, cast

import pytest
from shown_cluster import ShownCluster, named

from project_operator.cli.opening import ReadOnly
from project_operator.errors import KubeError, KubeForbidden, KubeNotFound
from project_operator.kube.api import KubeApi
from project_operator.kube.resources import SECRETS


def readonly(**options: Any) -> ReadOnly:
    return ReadOnly(cast("KubeApi", ShownCluster((SECRETS, named("s", "ns")), **options)))


async def test_what_is_forbidden_to_whoever_looks_says_nothing_of_the_operator() -> None:
    """Of the operator it would be said that the chart is to let it read the namespace."""
    with pytest.raises(KubeError, match="get secrets s in ns: 403 Forbidden") as error:
        await readonly(forbidden=["get secrets s in ns"]).get(SECRETS, "ns", "s")
    assert not isinstance(error.value, KubeForbidden)
    assert error.value.status == 403
    with pytest.raises(KubeNotFound):
        await readonly().get(SECRETS, "ns", "other")


async def test_it_writes_nothing() -> None:
    api = readonly()
    secret = await api.get(SECRETS, "ns", "s")
    with pytest.raises(KubeForbidden):
        await api.patch(SECRETS, secret, {"data": {}})
    with pytest.raises(KubeForbidden):
        await api.create(SECRETS, "ns", secret)
