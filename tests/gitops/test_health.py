"""`health.lua` under Argo CD's limits, over every recorded snapshot."""

from typing import Any

import argo_cd
import pytest
import yaml
from argo_cd import CUSTOMIZATIONS, Health
from lifecycle import ROWS, Row
from lupa import luajit21

from project_operator.api.kinds import KINDS

BY_ROW = pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.kind}-{row.name}")
KINDS_OF_OURS = [kind.kind for kind in KINDS]


def load(kind: str, path: str) -> Any:
    return yaml.load((CUSTOMIZATIONS / kind / path).read_text(encoding="utf-8"), yaml.CSafeLoader)


def changed(row: Row, **status: Any) -> dict[str, Any]:
    obj = row.snapshot()
    return obj | {"status": obj["status"] | status}


@BY_ROW
def test_the_table_holds(row: Row) -> None:
    assert argo_cd.health(row.snapshot()).status == row.expected.health


@pytest.mark.parametrize("kind", KINDS_OF_OURS)
def test_upstreams_test_file_says_the_same(kind: str) -> None:
    tests = load(kind, "health_test.yaml")["tests"]
    for test in tests:
        obj = load(kind, test["inputPath"])
        assert argo_cd.health(obj) == Health(**test["healthStatus"]), test["inputPath"]
    paths = {path.name for path in (CUSTOMIZATIONS / kind / "testdata").iterdir()}
    assert {f"testdata/{name}" for name in paths} == {test["inputPath"] for test in tests}
    assert paths == {row.path.name for row in ROWS if row.kind == kind}


@pytest.mark.parametrize("row", [row for row in ROWS if row.name == "ready"], ids=lambda row: row.kind)
def test_ready_of_an_older_generation_is_not_healthy(row: Row) -> None:
    obj = row.snapshot()
    generation = obj["metadata"]["generation"]
    old = [one | {"observedGeneration": generation - 1} for one in obj["status"]["conditions"]]
    assert argo_cd.health(obj).status == "Healthy"
    assert argo_cd.health(changed(row, conditions=old)).status == "Progressing"
    assert argo_cd.health(changed(row, observedGeneration=generation - 1)).status == "Progressing"


@pytest.mark.parametrize("kind", KINDS_OF_OURS)
@pytest.mark.parametrize("rest", [{}, {"status": {}}, {"status": {"conditions": []}}], ids=str)
def test_an_object_without_a_status_is_progressing(kind: str, rest: dict[str, Any]) -> None:
    obj = {"kind": kind, "metadata": {"name": "bare", "generation": 1}, **rest}
    assert argo_cd.health(obj).status == "Progressing"


@pytest.mark.parametrize(
    "script", ['return string.format("x")', 'return ("x"):upper()', "return math.max(1)", "return os.getenv('HOME')"]
)
def test_the_bench_lacks_what_argo_cd_lacks(script: str) -> None:
    with pytest.raises(luajit21.LuaError, match=r"nil value|index a string value"):
        argo_cd.run(script, {})


def test_the_bench_ends_a_script_that_takes_too_long() -> None:
    with pytest.raises(luajit21.LuaError, match=r"longer than 0\.01 s"):
        argo_cd.run("while true do end", {}, seconds=0.01)
