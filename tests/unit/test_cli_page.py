"""The reference of the command line: it is up to date, and has every command."""

import pytest

import cli_page
from project_operator.cli.entry import COMMANDS


@pytest.fixture(scope="module")
def page() -> str:
    return cli_page.render()


def test_the_page_is_up_to_date(page: str) -> None:
    assert cli_page.PAGE.read_text(encoding="utf-8") == page, f"run: {cli_page.MEND}"


def test_every_command_has_a_section_and_every_option_a_meaning(page: str) -> None:
    headings = {line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")}
    wanted = {one.name for one in COMMANDS} - cli_page.OURS_ALONE - {"sandbox"}
    assert wanted | {"sandbox identity", "sandbox controlplane", "sandbox demo", "Exit statuses"} == headings
    rows = [line for line in page.splitlines() if line.startswith("| `-")]
    assert rows
    assert all(len(line.replace("\\|", "").split(" | ")[1].strip(" |")) > 10 for line in rows)
