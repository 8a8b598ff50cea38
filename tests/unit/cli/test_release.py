"""`project-operator release` against an API server of a few lines, with and without an operator beside it."""

import asyncio
import json
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, cast

import click
import pytest

from project_operator.api.names import FINALIZER, LEASE_LABEL
from project_operator.cli import main, replicas
from project_operator.cli import release as module
from project_operator.cli.session import Session
from project_operator.errors import KubeForbidden, KubeNotFound, KubeUnavailable
from project_operator.kube.api import KubeApi
from project_operator.kube.resources import IDENTITY_BACKENDS, LEASES, PROJECTS, SECRETS, Resource
from project_operator.settings import Settings

Raw = dict[str, Any]


def obj(name: str, *finalizers: str, **rest: Any) -> Raw:
    return {"metadata": {"name": name, "namespace": "ns", "uid": name, "finalizers": list(finalizers)}, **rest}


def lease(version: str, holder: str | None = "r") -> Raw:
    metadata = {"name": "r", "namespace": "op", "uid": "r", "resourceVersion": version}
    spec = {"holderIdentity": holder, "leaseDurationSeconds": 12}
    return {"metadata": {**metadata, "labels": {LEASE_LABEL: "replica"}}, "spec": spec}


class Api:
    """Holds objects; calls `meanwhile` with each patch that was applied, and `looked` before each look at all."""

    def __init__(self) -> None:
        self.objects: dict[Resource, list[Raw]] = {
            PROJECTS: [obj("a", FINALIZER, status={"id": "1"}), obj("b", FINALIZER, status={"id": "2"})],
            IDENTITY_BACKENDS: [obj("default", FINALIZER)],
            # Its label is gone, our finalizer is not.
            SECRETS: [obj("credentials", FINALIZER), obj("foreign")],
        }
        self.leases: list[list[Raw] | Exception] = [[]]
        self.patched: list[str] = []
        self.whole_secrets = False
        self.meanwhile: Callable[[str], None] = lambda _name: None
        self.looked: Callable[[], None] = lambda: None

    async def list(
        self, resource: Resource, namespace: str | None = None, *, label_selector: str = "", metadata_only: bool = False
    ) -> list[Raw]:
        if resource == LEASES:
            assert label_selector == LEASE_LABEL
            said = self.leases.pop(0) if len(self.leases) > 1 else self.leases[0]
            if isinstance(said, Exception):
                raise said
            return said
        assert namespace is None
        if resource == PROJECTS:
            self.looked()
        self.whole_secrets |= resource == SECRETS and not metadata_only
        if resource not in self.objects:
            raise KubeNotFound("this kind is not served")
        return json.loads(json.dumps(self.objects[resource]))  # type: ignore[no-any-return]  # what was put in

    async def patch(self, resource: Resource, raw: Raw, changes: Raw) -> Raw:
        name = raw["metadata"]["name"]
        (there,) = [one for one in self.objects[resource] if one["metadata"]["name"] == name]
        there["metadata"]["finalizers"] = changes["metadata"]["finalizers"]
        self.patched.append(name)
        self.meanwhile(name)
        await asyncio.sleep(0)
        return there

    def put_on(self, name: str) -> None:
        """What an operator does."""
        for there in (one for listed in self.objects.values() for one in listed):
            if there["metadata"]["name"] == name:
                there["metadata"]["finalizers"] = [FINALIZER]


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    made = Api()

    @asynccontextmanager
    async def visit(**_: Any) -> AsyncIterator[Session]:
        yield Session(cast("KubeApi", made), Settings(), "a test")

    monkeypatch.setattr(module, "visit", visit)
    monkeypatch.setattr(module, "SETTLE", 0.0)
    return made


def run(capsys: pytest.CaptureFixture[str], *options: str) -> tuple[int, dict[str, tuple[str, str]], str]:
    status = main(["release", "--output=json", *options])
    out, err = capsys.readouterr()
    told = {one["name"]: (one["outcome"], one["note"]) for one in json.loads(out)["released"]} if out else {}
    return status, told, err


def test_without_an_operator_everything_is_released_and_nobody_else_s(
    api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    status, told, err = run(capsys, "--yes")
    assert (status, err) == (0, "")
    assert told == {f"ns/{name}": ("released", "") for name in ("a", "b", "default", "credentials")}
    assert set(api.patched[:2]) == {"a", "b"}
    assert api.patched[2:] == ["default", "credentials"]
    assert not api.whole_secrets, "nobody needs to see what is in them"


def test_beside_an_operator_without_leases_nothing_is_called_released_that_is_not(
    api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    api.meanwhile = lambda name: api.put_on("a") if name == "credentials" else None
    status, told, _ = run(capsys, "--yes")
    assert status == 1
    outcome, note = told["ns/a"]
    assert outcome == "failed"
    assert "an operator is running; end it" in note
    assert told["ns/b"] == ("released", "")


def test_it_waits_for_what_comes_late(
    api: Api, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SETTLE", 60.0)
    monkeypatch.setattr(module, "_BETWEEN", 0.0)
    looks = 0

    def look() -> None:
        nonlocal looks
        looks += 1
        if looks == 4:  # one before it began
            api.put_on("b")

    api.looked = look
    status, told, _ = run(capsys, "--yes")
    assert (status, looks, told["ns/b"][0]) == (1, 4, "failed")


def test_where_it_cannot_be_looked_again_nothing_is_called_released(
    api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    def down(name: str) -> None:
        if name == "credentials":
            api.__dict__["list"] = _no_answer

    api.meanwhile = down
    status, told, _ = run(capsys, "--yes")
    assert status == 1
    assert told["ns/a"] == ("failed", "released, but whether it stays so could not be looked at: no answer")


async def _no_answer(*_: Any, **__: Any) -> list[Raw]:
    raise KubeUnavailable("no answer")


def test_a_replica_that_renews_its_lease_is_refused_whatever_the_clocks_say(
    api: Api, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replicas, "_EVERY", 0.0)
    api.leases = [[lease("1")], [lease("1")], [lease("2")]]
    status, told, err = run(capsys, "--yes")
    assert (status, told, api.patched) == (2, {}, [])
    assert "an operator is running (op/r)" in err


def test_a_replica_that_comes_back_while_a_person_thinks_is_refused(
    api: Api, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def think(_found: Any) -> None:
        assert threading.current_thread() is threading.main_thread(), "Ctrl-C would not be heard"
        with pytest.raises(RuntimeError, match="no running event loop"):
            asyncio.get_running_loop()
        api.leases = [[lease("1")]]

    monkeypatch.setattr(module, "_ask", think)
    status, _, err = run(capsys)
    assert (status, api.patched) == (2, [])
    assert "an operator is running (op/r)" in err


def test_it_says_that_leases_may_not_be_read(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    api.leases = [KubeForbidden("leases is forbidden")]
    status, told, err = run(capsys, "--yes")
    assert status == 0
    assert len(told) == 4
    assert err == "whether an operator runs is seen only afterwards, for want of a right: leases is forbidden\n"


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A shell without job control has what it starts in the background ignore Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_interrupted_it_says_what_was_released(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(name: str) -> None:
        if name == "default":
            signal.raise_signal(signal.SIGINT)

    api.meanwhile = interrupted
    status, told, err = run(capsys, "--yes")
    assert status == 130
    assert told == {"ns/a": ("released", ""), "ns/b": ("released", "")}
    assert "interrupted: 2 of 4 are told above" in err


def test_a_kind_that_is_not_served_has_nothing_to_release(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    del api.objects[PROJECTS], api.objects[IDENTITY_BACKENDS]
    status, told, _ = run(capsys, "--dry-run")
    assert (status, told) == (0, {"ns/credentials": ("would be released", "")})
    assert api.patched == []


def test_nothing_is_done_without_a_word(
    api: Api, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False)
    status, _, err = run(capsys)
    assert (status, api.patched) == (2, [])
    assert "give --yes" in err
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr(click, "confirm", _aborts)
    assert run(capsys)[0] == 130
    assert api.patched == []


def _aborts(*_: Any, **__: Any) -> None:
    raise click.Abort
