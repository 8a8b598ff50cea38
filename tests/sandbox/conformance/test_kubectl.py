"""kubectl, as people and their scripts use it."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from waiting import WITHIN

if TYPE_CHECKING:
    from tests.sandbox.conformance.conftest import Client, Endpoint

Make = Callable[..., dict[str, Any]]


class Running:
    """A command whose output is read line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def until(self, text: str) -> list[str]:
        """The fields of the next line that holds the text."""
        assert self._process.stdout
        async with asyncio.timeout(WITHIN):
            while line := (await self._process.stdout.readline()).decode():
                if text in line:
                    return line.split()
        raise AssertionError(f"the output ended before {text!r}")

    async def returncode(self) -> int:
        async with asyncio.timeout(WITHIN):
            return await self._process.wait()


@asynccontextmanager
async def running(command: list[str]) -> AsyncIterator[Running]:
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        yield Running(process)
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@pytest.mark.usefixtures("client")
def test_version_tells_what_serves(endpoint: "Endpoint") -> None:
    version = json.loads(endpoint.kubectl("version", "-o", "json").stdout)["serverVersion"]["gitVersion"]
    assert version.endswith("-emulated") == endpoint.emulated


def test_apply_creates_leaves_alone_and_configures(endpoint: "Endpoint", namespace: str, widget: Make) -> None:
    apply = ("apply", "-n", namespace, "-f", "-")
    said = [
        endpoint.kubectl(*apply, stdin=widget(spec=spec)).stdout.strip()
        for spec in ({"size": 2, "color": "red"}, {"size": 2, "color": "red"}, {"size": 3})
    ]
    assert said == [f"widget.conformance.example.com/blue {what}" for what in ("created", "unchanged", "configured")]
    stored = json.loads(endpoint.kubectl("get", "widget", "blue", "-n", namespace, "-o", "json").stdout)
    assert stored["spec"] == {"size": 3}


def test_apply_handles_builtin_kinds(endpoint: "Endpoint", namespace: str) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "labels": {"a": "b"}},
        "stringData": {"a": "b"},
    }
    apply = ("apply", "-n", namespace, "-f", "-")
    assert endpoint.kubectl(*apply, stdin=secret).stdout.strip() == "secret/s created"
    changed = endpoint.kubectl(*apply, stdin=secret | {"metadata": {"name": "s"}, "stringData": {"a": "c"}})
    assert changed.stdout.strip() == "secret/s configured"
    stored = json.loads(endpoint.kubectl("get", "secret", "s", "-n", namespace, "-o", "json").stdout)
    assert (stored["data"], "labels" in stored["metadata"]) == ({"a": "Yw=="}, False)
    extra = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"{namespace}-2"}}
    assert endpoint.kubectl("apply", "-f", "-", stdin=extra).stdout.strip() == f"namespace/{namespace}-2 created"


@pytest.mark.parametrize("there", [False, True], ids=["on creation", "on change"])
def test_apply_of_a_misspelt_field_fails_loudly(
    endpoint: "Endpoint", namespace: str, widget: Make, *, there: bool
) -> None:
    if there:
        endpoint.kubectl("apply", "-n", namespace, "-f", "-", stdin=widget())
    refused = endpoint.kubectl("apply", "-n", namespace, "-f", "-", stdin=widget(spec={"szie": 3}))
    assert refused.returncode == 1
    assert 'strict decoding error: unknown field "spec.szie"' in refused.stderr


def test_apply_of_a_wrong_value_says_what_is_right(endpoint: "Endpoint", namespace: str, widget: Make) -> None:
    refused = endpoint.kubectl("apply", "-n", namespace, "-f", "-", stdin=widget(spec={"color": "blue"}))
    assert refused.returncode == 1
    assert refused.stderr.strip() == (
        'The Widget "blue" is invalid: spec.color: Unsupported value: "blue": supported values: "red", "green"'
    )


def test_get_knows_short_names_and_categories(endpoint: "Endpoint", namespace: str, widget: Make) -> None:
    endpoint.kubectl("apply", "-n", namespace, "-f", "-", stdin=widget())
    for named in ("widgets", "widget", "shortwidgets", "widgets.v1.conformance.example.com", "conformance"):
        got = endpoint.kubectl("get", named, "-n", namespace, "-o", "name")
        assert (got.stdout.strip(), got.stderr) == ("widget.conformance.example.com/blue", ""), named


async def test_get_watches_in_the_columns_of_the_definition(endpoint: "Endpoint", namespace: str, widget: Make) -> None:
    endpoint.kubectl("apply", "-n", namespace, "-f", "-", stdin=widget())
    async with running(endpoint.command("get", "widgets", "-n", namespace, "--watch")) as command:
        assert await command.until("NAME") == ["NAME", "READY", "SIZE", "AGE"]
        assert (await command.until("blue"))[:2] == ["blue", "2"]
        endpoint.kubectl("apply", "-n", namespace, "-f", "-", stdin=widget(spec={"size": 3}))
        assert (await command.until("blue"))[:2] == ["blue", "3"]
        endpoint.kubectl("apply", "-n", namespace, "-f", "-", stdin=widget("red"))
        assert (await command.until("red"))[:2] == ["red", "2"]


async def test_wait_returns_with_the_condition_of_this_generation(
    client: "Client", endpoint: "Endpoint", namespace: str, widgets: str, widget: Make
) -> None:
    await client.create(widgets, widget())
    ready = {"type": "Ready", "status": "True", "observedGeneration": 0}
    await client.merge(f"{widgets}/blue/status", {"status": {"conditions": [ready]}})
    wait = ("wait", "--for=condition=Ready", "widget/blue", "-n", namespace)
    early = endpoint.kubectl(*wait, "--timeout=1s")
    assert (early.returncode, "timed out waiting" in early.stderr) == (1, True)
    async with running(endpoint.command(*wait, "--timeout=60s")) as command:
        await client.merge(f"{widgets}/blue/status", {"status": {"conditions": [ready | {"observedGeneration": 1}]}})
        assert await command.until("condition met") == ["widget.conformance.example.com/blue", "condition", "met"]


async def test_delete_waits_for_finalizers(
    client: "Client", endpoint: "Endpoint", namespace: str, widgets: str, widget: Make
) -> None:
    await client.create(widgets, widget(metadata={"finalizers": ["example.com/hold"]}))
    held = endpoint.kubectl("delete", "widget", "blue", "-n", namespace, "--timeout=1s")
    assert (held.returncode, "timed out waiting" in held.stderr) == (1, True)
    async with running(endpoint.command("delete", "widget", "blue", "-n", namespace, "--timeout=60s")) as command:
        assert "deleted" in await command.until("blue")
        await client.merge(f"{widgets}/blue", {"metadata": {"finalizers": None}})
        assert await command.returncode() == 0
    assert (await client.get(f"{widgets}/blue")).status == 404


def test_delete_of_a_namespace_waits_for_its_end(endpoint: "Endpoint", namespace: str, widget: Make) -> None:
    endpoint.kubectl("apply", "-n", namespace, "-f", "-", stdin=widget())
    deleted = endpoint.kubectl("delete", "namespace", namespace, "--timeout=60s")
    assert deleted.returncode == 0, deleted.stderr
    assert "NotFound" in endpoint.kubectl("get", "namespace", namespace).stderr


def test_patch_writes_status(endpoint: "Endpoint", namespace: str, widget: Make) -> None:
    endpoint.kubectl("apply", "-n", namespace, "-f", "-", stdin=widget())
    patch = ("--type=merge", "--subresource=status", "-p", '{"status":{"phase":"new"}}')
    assert endpoint.kubectl("patch", "widget", "blue", "-n", namespace, *patch).returncode == 0
    got = endpoint.kubectl("get", "widget", "blue", "-n", namespace, "-o", "jsonpath={.status.phase}")
    assert got.stdout == "new"


def test_explain_describes_custom_resources(endpoint: "Endpoint") -> None:
    explained = endpoint.kubectl("explain", "widgets.spec").stdout
    assert "What is wanted." in explained
    assert "size\t<integer>" in explained


def test_create_token_names_the_service_account(endpoint: "Endpoint", namespace: str) -> None:
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot"}}
    endpoint.kubectl("apply", "-n", namespace, "-f", "-", stdin=account)
    token = endpoint.kubectl("create", "token", "robot", "-n", namespace)
    assert (token.returncode, len(token.stdout) > 20) == (0, True)


def test_server_side_apply_works_or_says_that_it_is_emulated(
    endpoint: "Endpoint", namespace: str, widget: Make
) -> None:
    applied = endpoint.kubectl("apply", "--server-side", "-n", namespace, "-f", "-", stdin=widget())
    if endpoint.emulated:
        assert (applied.returncode, "EMULATED: no server-side apply" in applied.stderr) == (1, True)
    else:
        assert applied.stdout.strip() == "widget.conformance.example.com/blue serverside-applied"
