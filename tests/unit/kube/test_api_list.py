"""Listings of the API server: their pages, and what is no listing."""

import pytest
from canned_api_server import Answer, Server, hangs_up, refuses, says

from project_operator.errors import (
    KubeError,
)
from project_operator.kube.api import KubeApi
from project_operator.kube.resources import PROJECTS, SECRETS


def pages(*answers: tuple[list[str], str]) -> list[Answer]:
    return [
        says({"metadata": {"continue": token}, "items": [{"metadata": {"name": name}} for name in names]})
        for names, token in answers
    ]


async def test_a_listing_is_all_its_pages(api: KubeApi, server: Server) -> None:
    server.answer(*pages((["a", "b"], "t1"), (["c", "d"], "t2"), (["e"], "")))

    items = await api.list(PROJECTS, "team-a", label_selector="x=y", limit=2)

    assert [item["metadata"]["name"] for item in items] == ["a", "b", "c", "d", "e"]
    assert [seen.query for seen in server.seen] == [
        {"labelSelector": "x=y", "limit": "2"},
        {"labelSelector": "x=y", "limit": "2", "continue": "t1"},
        {"labelSelector": "x=y", "limit": "2", "continue": "t2"},
    ]


async def test_a_listing_whose_pages_expire_begins_again_in_one_piece(api: KubeApi, server: Server) -> None:
    server.answer(*pages((["a", "b"], "t1")), refuses(410, reason="Expired"), *pages((["b", "c", "d"], "")))

    items = await api.list(PROJECTS, limit=2)

    assert [item["metadata"]["name"] for item in items] == ["b", "c", "d"]
    assert [seen.query for seen in server.seen] == [{"limit": "2"}, {"limit": "2", "continue": "t1"}, {}]


@pytest.mark.parametrize("answer", [refuses(500), refuses(403), hangs_up])
async def test_a_listing_with_a_failed_page_is_no_listing(api: KubeApi, server: Server, answer: Answer) -> None:
    server.answer(*pages((["a"], "t1")), answer)

    with pytest.raises(KubeError):
        await api.list(PROJECTS)


async def test_an_expiry_of_the_whole_listing_is_an_error(api: KubeApi, server: Server) -> None:
    server.answer(refuses(410, reason="Expired"))

    with pytest.raises(KubeError):
        await api.list(PROJECTS)
    assert len(server.seen) == 1


async def test_metadata_alone_is_asked_for(api: KubeApi, server: Server) -> None:
    server.answer({"items": None})

    assert await api.list(SECRETS, metadata_only=True) == []
    assert server.seen[0].headers["Accept"].startswith("application/json;as=PartialObjectMetadataList;")
