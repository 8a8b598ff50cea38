"""``project-operator sandbox identity --backend keystone``, as a process."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess

import pytest
from identity_command import COMMAND, running, tried
from waiting import WITHIN

from project_operator.sandbox.identity.keystone.admin_client import DEFAULT_DOMAIN, KeystoneAdminClient

KEYSTONE = ("--backend", "keystone")


def test_it_prints_what_a_client_needs_and_ends_when_it_is_interrupted() -> None:
    with running(*KEYSTONE, "--output", "json", "--max-db-limit", "2") as (process, out):
        about = json.loads(out.readline())
        assert about["username"] == "admin"
        with KeystoneAdminClient(about["url"], about["password"]) as admin:
            for name in ("a", "b", "c"):
                admin.make_project(name, DEFAULT_DOMAIN)
            page = admin.call("GET", "/projects", query={"domain_id": DEFAULT_DOMAIN, "limit": "1000"})
            assert len(page["projects"]) == 2
        process.send_signal(signal.SIGINT)
        assert process.wait(WITHIN) == 0


@pytest.mark.whole  # the command of nscale's server does so with each run
def test_it_ends_when_its_owner_is_gone() -> None:
    reading, writing = os.pipe()
    with running(*KEYSTONE, "--output", "json", "--die-with-parent-fd", str(reading), pass_fds=(reading,)) as (
        process,
        out,
    ):
        os.close(reading)
        assert out.readline()
        os.close(writing)
        assert process.wait(WITHIN) == 0


@pytest.mark.whole
@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl, which the printed examples call")
def test_the_text_shows_calls_that_work_until_it_is_terminated() -> None:
    with running(*KEYSTONE) as (process, out):
        assert tried(out).count('"name": "first"') == 2  # created, listed
        process.terminate()
        assert process.wait(WITHIN) == 0


def test_build_only_starts_nothing_and_is_quick_where_all_is_there() -> None:
    done = subprocess.run(
        [*COMMAND, *KEYSTONE, "--build-only"], check=True, capture_output=True, text=True, timeout=WITHIN
    )
    assert done.stdout == ""
    assert done.stderr.startswith("Keystone: ready to be started after ")
