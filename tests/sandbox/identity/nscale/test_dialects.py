"""What the versions of the server do differently, and that the page's table says the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from project_operator.errors import ConfigurationError
from project_operator.sandbox.identity.nscale.dialects import DIALECTS, Dialect, dialect

if TYPE_CHECKING:
    from tests.sandbox.identity.nscale.conftest import Bench

PAGE = Path(__file__).parents[4] / "docs" / "embedded-identity-server.md"
BODY: dict[str, Any] = {"metadata": {"name": "p"}, "spec": {"groupIDs": []}}

MakeBench = Callable[..., "Bench"]


@pytest.mark.parametrize(
    ("name", "expected"), [("documented", 200), ("1.14", 200), ("1.15", 500), ("1.16", 409), ("1.18", 409)]
)
async def test_a_put_over_an_unseen_write(make_bench: MakeBench, name: str, expected: int) -> None:  # N1.3-6, -7, -12
    bench = make_bench(dialect=name)
    project_id = await bench.settled()
    assert (await bench.put(project_id, BODY)).status_code == 200
    response = await bench.put(project_id, BODY)
    assert response.status_code == expected
    if expected == 409:
        assert response.json()["error"] == "conflict"
        assert response.json()["error_description"] == "the requested resource already exists"
    bench.after(1.0)
    assert (await bench.put(project_id, BODY)).status_code == 200


async def test_the_controller_s_own_write_races_a_put_soon_after_creation(
    make_bench: MakeBench,
) -> None:  # N1.3-6, N6-7
    bench = make_bench(dialect="1.16")
    project_id = (await bench.create())["metadata"]["id"]
    bench.after(10.2)  # provisioned at 10.0; reads still show the state of 9.2
    assert (await bench.put(project_id, BODY)).status_code == 409
    bench.after(1.0)
    assert (await bench.put(project_id, BODY)).status_code == 200


@pytest.mark.parametrize(
    ("name", "status"), [("documented", "unknown"), ("1.14", "unknown"), ("1.15", "pending"), ("1.18", "pending")]
)
async def test_the_first_status(make_bench: MakeBench, name: str, status: str) -> None:  # N2-2
    bench = make_bench(dialect=name)
    metadata = (await bench.create())["metadata"]
    assert (metadata["provisioningStatus"], metadata["healthStatus"]) == (status, "unknown")


@pytest.mark.parametrize(("name", "expected"), [("1.16", 404), ("1.17", 400)])
async def test_a_path_without_a_uuid(make_bench: MakeBench, name: str, expected: int) -> None:  # N1.3-1, N1.3-11
    bench = make_bench(dialect=name)
    assert (await bench.get("no-uuid")).status_code == expected
    unauthenticated = await bench.call("GET", f"{bench.projects}/no-uuid", token="wrong")
    assert unauthenticated.status_code == (401 if expected == 404 else 400)


async def test_a_challenge_comes_with_401_since_1_14(make_bench: MakeBench) -> None:  # N1.3-2
    old, new = make_bench(), make_bench(dialect="1.14")
    assert "www-authenticate" not in (await old.call("GET", old.projects, token="wrong")).headers
    challenge = (await new.call("GET", new.projects, token="wrong")).headers["www-authenticate"]
    assert challenge.startswith('Bearer error="access_denied",')


async def test_errors_are_traceable_since_1_14(make_bench: MakeBench) -> None:  # N3.4-1
    old, new = make_bench(), make_bench(dialect="1.14")
    assert set((await old.get("x")).json()) == {"error", "error_description"}
    assert re.fullmatch("[0-9a-f]{32}", (await new.get("x")).json()["trace_id"])
    ours = "4bf92f3577b34da6a3ce929d0e0e4736"
    response = await new.call("GET", f"{new.projects}/x", headers={"traceparent": f"00-{ours}-00f067aa0ba902b7-01"})
    assert response.json()["trace_id"] == ours


async def test_refused_bodies_name_the_field_since_1_14(make_bench: MakeBench) -> None:  # N1.3-1
    old, new = make_bench(), make_bench(dialect="1.14")
    wrong = {"metadata": {"name": "-"}, "spec": {"groupIDs": []}}
    assert (await old.call("POST", old.projects, wrong)).json()["error_description"] == "request body invalid"
    assert "/metadata/name" in (await new.call("POST", new.projects, wrong)).json()["error_description"]


async def test_the_version_can_be_asked_since_1_17_5(make_bench: MakeBench) -> None:  # N5-6
    old, new = make_bench(dialect="1.16"), make_bench(dialect="1.17")
    assert (await old.call("GET", "/api/version")).status_code == 404
    assert (await new.call("GET", "/api/version")).json()["version"] == "1.17.5"
    assert (await new.call("GET", "/api/version", token="wrong")).status_code == 401


async def test_details_of_the_status_are_shown_since_1_18(make_bench: MakeBench) -> None:  # N1.2-7
    for name, shown in (("1.17", False), ("1.18", True)):
        bench = make_bench(dialect=name)
        project_id = (await bench.create())["metadata"]["id"]
        bench.after(1.0)
        assert "provisioningStatusDetail" not in (await bench.read(project_id))["metadata"]
        bench.after(11.0)
        metadata = (await bench.read(project_id))["metadata"]
        assert ("provisioningStatusDetail" in metadata, "healthStatusDetail" in metadata) == (shown, shown)


async def test_rights_are_remembered_for_a_minute_since_1_14(make_bench: MakeBench) -> None:  # N3.3-7
    for name, remembered in (("documented", False), ("1.14", True)):
        bench = make_bench(dialect=name)
        auditor = bench.robot("auditor")
        project_id = await bench.settled()
        assert (await bench.get(project_id, token=auditor.token)).status_code == 200
        group = f"{bench.base}/groups/{auditor.group_id}"
        assert (await bench.call("DELETE", group)).status_code == 200
        bench.after(2.0)
        assert (await bench.get(project_id, token=auditor.token)).status_code == (200 if remembered else 403)
        bench.after(60.0)
        assert (await bench.get(project_id, token=auditor.token)).status_code == 403


async def test_the_page_s_conflict_can_be_switched_on(make_bench: MakeBench) -> None:  # N1.3-10
    bench = make_bench(unique_names=True)
    await bench.create("taken")
    response = await bench.call("POST", bench.projects, {"metadata": {"name": "taken"}, "spec": {"groupIDs": []}})
    assert response.status_code == 409
    assert response.json() == {"error": "conflict", "error_description": "a resource with the same name already exists"}
    await bench.create("free")


async def test_the_dialect_can_change_while_the_server_runs(make_bench: MakeBench) -> None:
    bench = make_bench()
    project_id = (await bench.create())["metadata"]["id"]
    bench.after(1.0)
    assert (await bench.read(project_id))["metadata"]["provisioningStatus"] == "unknown"
    bench.state.configure(bench.state.settings.model_copy(update={"dialect": "1.18"}))
    assert (await bench.read(project_id))["metadata"]["provisioningStatus"] == "pending"


def test_an_unknown_dialect_names_the_choices() -> None:
    with pytest.raises(ConfigurationError, match=r"documented, 1\.14"):
        dialect("2.0")


def test_the_page_has_the_table_of_dialects() -> None:
    def cell(value: object) -> str:
        if isinstance(value, bool):
            return "yes" if value else "no"
        return f"{value:g}" if isinstance(value, float) else str(value)

    labels = [field.name for field in fields(Dialect) if field.name != "name"]
    rows = ["| difference | " + " | ".join(DIALECTS) + " |", "| --- |" + " --- |" * len(DIALECTS)]
    rows += [
        f"| `{label}` | " + " | ".join(cell(getattr(d, label)) for d in DIALECTS.values()) + " |" for label in labels
    ]
    table = "\n".join(rows)
    assert table in PAGE.read_text(encoding="utf-8"), f"put this table into {PAGE.name}:\n{table}"
