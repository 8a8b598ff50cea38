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
        ("hang", "backend", 2, 1),
        ("hang", "api-server", 1, 0),
    ]


def test_everything_is_run_and_arguments_go_to_pytest() -> None:
    command = run_chaos.command(["-k", "kill"])
    assert {"tests/chaos", "--whole"} <= set(command)
    assert command[-2:] == ["-k", "kill"]
