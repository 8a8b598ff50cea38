import cli_page
from project_operator.cli.entry import COMMANDS


def test_every_command_has_a_section_and_every_option_a_meaning() -> None:
    page = cli_page.page()
    headings = {line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")}
    wanted = {one.name for one in COMMANDS} - cli_page.OURS_ALONE - {"sandbox"}
    assert wanted | {"sandbox identity", "sandbox controlplane", "sandbox demo", "Exit statuses"} == headings
    rows = [line for line in page.splitlines() if line.startswith("| `-")]
    assert rows
    assert all(len(line.replace("\\|", "").split(" | ")[1].strip(" |")) > 10 for line in rows)
