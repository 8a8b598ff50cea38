"""``project-operator sandbox identity``, as a process."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from identity_command import running, tried
from waiting import WITHIN

from project_operator.errors import ConfigurationError
from project_operator.sandbox.identity import command
from project_operator.sandbox.identity.tls import TLSFiles


def parse(*options: str) -> SimpleNamespace:
    return SimpleNamespace(**command.command.make_context("x", list(options)).params)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_prints_what_a_client_needs_and_ends_on_a_signal(number: signal.Signals) -> None:
    with running("--output", "json", "--dialect", "1.18", "--seed", "7") as (process, out):
        about = json.loads(out.readline())
        headers = {"authorization": f"Bearer {about['token']}"}
        path = f"{about['url']}/api/v1/organizations/{about['organizationID']}/projects"
        assert httpx.get(path, headers=headers, trust_env=False).json() == []
        assert httpx.get(f"{about['url']}/api/version", headers=headers, trust_env=False).json()["version"] == "1.18.0"
        process.send_signal(number)
        assert process.wait(WITHIN) == 0


def test_it_ends_when_its_owner_is_gone() -> None:
    reading, writing = os.pipe()
    with running("--output", "json", "--die-with-parent-fd", str(reading), pass_fds=(reading,)) as (process, out):
        os.close(reading)
        out.readline()
        os.close(writing)
        assert process.wait(WITHIN) == 0


def test_it_serves_https_with_given_files(tmp_path: Path) -> None:
    files = TLSFiles.make(tmp_path)
    options = ("--tls-cert", str(files.certificate), "--tls-key", str(files.key), "--output", "json")
    with running(*options) as (_, out):
        assert json.loads(out.readline())["url"].startswith("https://")


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl, which the printed examples call")
def test_the_text_shows_calls_that_work() -> None:
    with running("--read-lag", "0") as (process, out):
        answered = tried(out)
        assert answered.count('"name":"first"') == 3  # created, listed, logged
        assert '"createProject"' in answered
        process.terminate()


@pytest.mark.whole
@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl, which the printed examples call")
def test_the_text_of_k5_shows_calls_that_work() -> None:
    with running("--backend", "k5") as (process, out):
        answered = tried(out)
        assert '"name": "first"' in answered
        assert '"links"' in answered
        assert '"createProject"' in answered
        process.terminate()


@pytest.mark.whole
@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl, which the printed examples call")
def test_the_text_of_the_cloud_services_platform_shows_calls_that_work() -> None:
    with running("--backend", "csp", "--list-lag", "0") as (process, out):
        answered = tried(out)
        assert '"refLink"' in answered
        assert '"displayName":"first"' in answered
        assert '"createProject"' in answered
        process.terminate()


@pytest.mark.whole
@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl, which the printed examples call")
def test_the_text_of_open_telekom_cloud_shows_calls_that_work() -> None:
    with running("--backend", "otc", "--creation-lag", "0") as (process, out):
        answered = tried(out)
        assert '"parent_id"' in answered
        assert '"name":"eu-de_first"' in answered
        assert '"createProject"' in answered
        process.terminate()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (("--read-lag", "-1"), "--read-lag: input should be greater than or equal to 0"),
        (("--build-only",), "--backend nscale has no --build-only: leave that out"),
        (
            ("--backend", "keystone", "--read-lag", "0", "--seed", "1"),
            "--backend keystone has no --read-lag, --seed: leave that out",
        ),
        (("--backend", "keystone", "--token-expiration", "0"), "--token-expiration: input should be greater than 0"),
        (("--backend", "otc", "--list-lag", "0"), "--backend otc has no --list-lag: leave that out"),
        (("--backend", "otc", "--creation-lag", "-1"), "--creation-lag: input should be greater than or equal to 0"),
        (("--backend", "otc", "--deletion-delay", "-1"), "--deletion-delay: input should be greater than or equal to"),
        (("--backend", "k5", "--deletes"), "--backend k5 has no --deletes: leave that out"),
        (("--backend", "csp", "--unique-names"), "--backend csp has no --unique-names: leave that out"),
        (("--backend", "csp", "--list-lag", "-1"), "--list-lag: input should be greater than or equal to 0"),
        (("--tls-cert", "x"), "--tls-cert and --tls-key belong together"),
        (("--tls-cert", "/nowhere", "--tls-key", "/nowhere"), "--tls-cert: there is no file /nowhere"),
    ],
)
def test_options_that_make_no_sense_are_named(options: tuple[str, ...], complaint: str) -> None:
    arguments = parse(*options)
    with pytest.raises(ConfigurationError, match=complaint):
        command.run(arguments)


def test_ids_are_the_same_for_the_same_seed() -> None:
    first: list[dict[str, str]] = []
    second: list[dict[str, str]] = []
    for found in (first, second):
        with running("--seed", "7", "--output", "json") as (_, out):
            about = json.loads(out.readline())
            found.append({key: value for key, value in about.items() if key != "url"})
    assert first == second
