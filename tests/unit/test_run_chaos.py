import json

import run_chaos

POINT = {"tried": 1, "survived": True, "duplicates": 0, "leaks": 0, "stuck": 0, "needs_a_person": 0, "broken": 0}


def test_the_last_line_sums_every_point() -> None:
    bad = POINT | {"survived": False, "duplicates": True, "stuck": True, "needs_a_person": 1}
    assert run_chaos.totals([POINT, POINT, bad], 61.7) == (
        "chaos: 3 points tried, 2 survived, 1 duplicates, 0 leaks, 1 stuck, 1 needs a person, 0 broken otherwise; 62 s"
    )


def test_figures_are_recorded_by_what_was_broken_and_where() -> None:
    first = POINT | {"matrix": "fault", "what": "hang", "where": "backend", "operation": "create"}
    other = first | {"operation": "delete", "needs_a_person": 1}
    elsewhere = first | {"where": "api-server"}
    found = run_chaos.grouped([first, elsewhere, other])
    assert [(row["what"], row["where"], row["tried"], row["needs_a_person"]) for row in found] == [
        ("hang", "api-server", 1, 0),
        ("hang", "backend", 2, 1),
    ]


def test_everything_is_run_and_arguments_go_to_pytest() -> None:
    command = run_chaos.command(["-k", "kill"])
    assert {"tests/chaos", "--whole"} <= set(command)
    assert command[-2:] == ["-k", "kill"]


def test_the_page_gets_its_figures_and_keeps_what_is_around_them() -> None:
    point = POINT | {"matrix": "fault", "what": "hang", "where": "backend", "operation": "create", "place": "k5"}
    page = f"before\n{run_chaos.BEGIN}\nold\n{run_chaos.END}\nafter\n"
    told = run_chaos.recorded(page, run_chaos.figures([point, point], "a day"))
    assert told.startswith(f"before\n{run_chaos.BEGIN}\na day\n\n| matrix | what | where | tried |")
    assert (
        "\n| fault | hang | backend | 2 | 2 | 0 | 0 | 0 | 0 | 0 |\n| all |  |  | 2 | 2 | 0 | 0 | 0 | 0 | 0 |\n" in told
    )
    assert told.endswith(f"| backend | create |\n| --- | --- |\n| k5 | 2 |\n{run_chaos.END}\nafter\n")
    assert run_chaos.recorded(told, "new") == f"before\n{run_chaos.BEGIN}\nnew\n{run_chaos.END}\nafter\n"


def test_there_is_a_page_that_can_be_written() -> None:
    page = run_chaos.PAGE.read_text(encoding="utf-8")
    assert page.count(run_chaos.BEGIN) == page.count(run_chaos.END) == 1
    total = next(line for line in page.splitlines() if line.startswith("| all |"))
    recorded = json.loads(run_chaos.RECORD.read_text(encoding="utf-8"))
    assert total.split(" | ")[3] == str(sum(row["tried"] for row in recorded))
