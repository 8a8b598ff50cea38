"""The maxima of the schema: what is just long enough is taken, what is one longer is refused with the number."""

from typing import Any

import pytest
from custom_objects import CustomObjects, RefusedError

pytestmark = [pytest.mark.api, pytest.mark.needs_real]

TAGS = [{"name": f"tag {number}", "value": ""} for number in range(65)]
GROUPS = [{"id": f"group-{number}"} for number in range(101)]
ROLES = [{"id": f"role-{number}"} for number in range(33)]
PEM = "-----BEGIN CERTIFICATE-----"
TOKEN = {"serviceAccountToken": {"secretRef": {"name": "credentials"}}}


def nscale(**fields: Any) -> dict[str, Any]:
    return {"nscale": {"url": "https://identity.example.com", "auth": TOKEN} | fields}


LONGEST: list[tuple[str, str, dict[str, Any], dict[str, Any], str]] = [
    (
        "name",
        "Project",
        {"name": "x" * 255},
        {"name": "x" * 256},
        "spec.name: Too long: may not be more than 255 bytes",
    ),
    (
        "letters of more than a byte",
        "Project",
        {"name": "é" * 255},
        {"name": "é" * 256},
        "spec.name: Too long: may not be more than 255 bytes",
    ),
    (
        "description",
        "Project",
        {"description": "x" * 4096},
        {"description": "x" * 4097},
        "spec.description: Too long: may not be more than 4096 bytes",
    ),
    (
        "backend",
        "Project",
        {"backendRef": {"name": "x" * 253}},
        {"backendRef": {"name": "x" * 254}},
        "spec.backendRef.name: Too long: may not be more than 253 bytes",
    ),
    ("tags", "Project", {"tags": TAGS[:64]}, {"tags": TAGS}, "spec.tags: Too many: 65: must have at most 64 items"),
    (
        "tag name",
        "Project",
        {"tags": [{"name": "x" * 255, "value": ""}]},
        {"tags": [{"name": "x" * 256, "value": ""}]},
        "spec.tags[0].name: Too long: may not be more than 255 bytes",
    ),
    (
        "tag value",
        "Project",
        {"tags": [{"name": "a", "value": "x" * 255}]},
        {"tags": [{"name": "a", "value": "x" * 256}]},
        "spec.tags[0].value: Too long: may not be more than 255 bytes",
    ),
    (
        "groups",
        "Project",
        {"groups": GROUPS[:100]},
        {"groups": GROUPS},
        "spec.groups: Too many: 101: must have at most 100 items",
    ),
    (
        "roles of a group",
        "Project",
        {"groups": [{"id": "a", "roles": ROLES[:32]}]},
        {"groups": [{"id": "a", "roles": ROLES}]},
        "spec.groups[0].roles: Too many: 33: must have at most 32 items",
    ),
    (
        "parent",
        "Project",
        {"parentRef": {"name": "x" * 253}},
        {"parentRef": {"name": "x" * 254}},
        "spec.parentRef.name: Too long: may not be more than 253 bytes",
    ),
    (
        "id",
        "Project",
        {"import": {"id": "x" * 128}},
        {"import": {"id": "x" * 129}},
        "spec.import.id: Too long: may not be more than 128 bytes",
    ),
    (
        "url",
        "IdentityBackend",
        nscale(url="https://a/" + "x" * 502),
        nscale(url="https://a/" + "x" * 503),
        "spec.nscale.url: Too long: may not be more than 512 bytes",
    ),
    (
        "CA bundle",
        "IdentityBackend",
        nscale(caBundle=PEM + "x" * (65536 - len(PEM))),
        nscale(caBundle=PEM + "x" * (65537 - len(PEM))),
        "spec.nscale.caBundle: Too long: may not be more than 65536 bytes",
    ),
]


@pytest.mark.parametrize(
    ("kind", "longest", "too_long", "complaint"), [row[1:] for row in LONGEST], ids=[row[0] for row in LONGEST]
)
def test_the_longest_is_taken_and_one_more_is_refused(
    objects: CustomObjects,
    request: pytest.FixtureRequest,
    kind: str,
    longest: dict[str, Any],
    too_long: dict[str, Any],
    complaint: str,
) -> None:
    name = f"longest-{request.node.callspec.indices['kind']}"
    objects.create(kind, name, longest)
    with pytest.raises(RefusedError) as refusal:
        objects.create(kind, f"{name}-and-more", too_long)
    assert refusal.value.complaints == [complaint]


def test_every_rule_together_fits_the_cost_that_the_server_allows(objects: CustomObjects) -> None:
    """The costliest Project there can be: every list full, every text as long as it may be."""
    tags = [{"name": f"{number:03}" + "n" * 252, "value": "v" * 255} for number in range(64)]
    roles = [{"name": f"{number:03}" + "r" * 252} for number in range(4)]
    groups = [{"name": f"{number:03}" + "n" * 252} | ({"roles": roles} if number < 25 else {}) for number in range(100)]
    fullest = {"name": "n" * 255, "description": "d" * 4096, "tags": tags, "groups": groups}
    objects.create("Project", "fullest", fullest)
    assert objects.patch("Project", "fullest", {"spec": {"groups": groups[::-1]}})["metadata"]["generation"] == 2
