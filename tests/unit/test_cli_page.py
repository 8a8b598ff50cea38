import cli_page
from project_operator.cli.asked import PROGRAM
from project_operator.cli.entry import COMMANDS, root


def test_every_command_has_a_section_and_every_option_a_meaning() -> None:
    page = cli_page.page()
    headings = {line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")}
    wanted = {one.name for one in COMMANDS} - cli_page.OURS_ALONE - {"sandbox"}
    assert wanted | {"sandbox identity", "sandbox controlplane", "sandbox demo", "Exit statuses", "Rights"} == headings
    rows = [line for line in page.splitlines() if line.startswith("| `-")]
    assert rows
    assert all(len(line.replace("\\|", "").split(" | ")[1].strip(" |")) > 10 for line in rows)


def test_every_command_that_asks_an_api_server_says_which_rights_it_needs() -> None:
    asking = {
        path.removeprefix(f"{PROGRAM} ")
        for path, command in cli_page.commands(root, PROGRAM)
        if {"kubeconfig", "output"} <= {one.name for one in command.params}
    }
    assert cli_page.RIGHTS.keys() == asking
