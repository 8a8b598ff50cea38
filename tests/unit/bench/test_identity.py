"""The fast identity server answers as the embedded one does, as far as the operator asks."""

import json
from typing import Any

from bench.identity import PROJECTS, Nscale, Store


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def _server() -> tuple[Nscale, Clock]:
    clock = Clock()
    return Nscale(Store(latency=0.0, provisioning=1.0, now=clock)), clock


def _asked(server: Nscale, method: str, path: str, document: Any = None) -> tuple[int, Any]:
    status, body = server.answer(method, path, json.dumps(document).encode() if document is not None else b"")
    return status, json.loads(body) if body else None


def _created(server: Nscale, name: str = "a") -> str:
    status, project = _asked(server, "POST", PROJECTS, {"metadata": {"name": name}, "spec": {"groupIDs": []}})
    assert (status, project["metadata"]["provisioningStatus"]) == (202, "provisioning")
    return str(project["metadata"]["id"])


def test_a_project_is_provisioned_after_its_delay_and_not_before() -> None:
    server, clock = _server()
    path = f"{PROJECTS}/{_created(server)}"

    clock.now += 0.9
    assert _asked(server, "GET", path)[1]["metadata"]["provisioningStatus"] == "provisioning"
    clock.now += 0.2
    assert _asked(server, "GET", path)[1]["metadata"]["provisioningStatus"] == "provisioned"


def test_a_project_that_is_updated_keeps_its_id_and_is_provisioned_anew() -> None:
    server, clock = _server()
    project_id = _created(server)
    clock.now += 2

    assert _asked(server, "PUT", f"{PROJECTS}/{project_id}", {"metadata": {"name": "b"}, "spec": {}}) == (202, None)

    (shown,) = _asked(server, "GET", PROJECTS)[1]
    assert (shown["metadata"]["id"], shown["metadata"]["name"]) == (project_id, "b")
    assert shown["metadata"]["provisioningStatus"] == "provisioning"


def test_a_project_that_is_deleted_is_gone_after_the_delay() -> None:
    server, clock = _server()
    kept, path = _created(server), f"{PROJECTS}/{_created(server, 'b')}"

    assert _asked(server, "DELETE", path) == (202, None)
    assert _asked(server, "GET", path)[1]["metadata"]["provisioningStatus"] == "deprovisioning"
    clock.now += 1.1

    assert _asked(server, "GET", path)[0] == 404
    assert [one["metadata"]["id"] for one in _asked(server, "GET", PROJECTS)[1]] == [kept]


def test_what_is_asked_is_counted_and_the_first_creation_of_a_name_is_timed() -> None:
    server, clock = _server()
    _created(server)
    clock.now += 5
    _created(server)
    _asked(server, "GET", PROJECTS)

    assert server.store.calls == {"createProject": 2, "listProjects": 1}
    assert server.store.asked_at == {"a": 100.0}
