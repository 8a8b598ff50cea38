import sys
import time
from pathlib import Path
from threading import Barrier, Event, Lock

import jobs
from jobs import Ended, Job


def job(name: str, weight: int = 1, *needs: str) -> Job:
    return Job(name, ("true",), weight, needs)


def ended(one: Job, status: int = 0) -> Ended:
    return Ended(one, status, 0.0, 0.0)


def test_the_first_that_fits_and_has_what_it_needs_is_next() -> None:
    waiting = [job("big", 4), job("needy", 1, "build"), job("small", 2)]
    assert jobs.next_job(waiting, 4, ()) == waiting[0]
    assert jobs.next_job(waiting, 3, ()) == waiting[2]
    assert jobs.next_job(waiting, 3, {"build"}) == waiting[1]
    assert jobs.next_job(waiting, 0, {"build"}) is None


def test_they_run_side_by_side() -> None:
    met = Barrier(3, timeout=20)

    def start(one: Job) -> Ended:
        met.wait()
        return ended(one)

    assert {one.job.name for one in jobs.run_all([job(name) for name in "abc"], 3, start)} == set("abc")


def test_no_more_than_there_is_room_for() -> None:
    lock, running, most = Lock(), 0, 0

    def start(one: Job) -> Ended:
        nonlocal running, most
        with lock:
            running += one.weight
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= one.weight
        return ended(one)

    weights = (1, 2, 3, 5, 2, 2, 1)
    assert len(jobs.run_all([job(str(number), weight) for number, weight in enumerate(weights)], 5, start)) == 7
    assert most <= 5


def test_what_needs_a_job_begins_after_it_and_the_rest_meanwhile() -> None:
    begun, free = list[str](), Event()

    def start(one: Job) -> Ended:
        begun.append(one.name)
        if one.name == "build":
            assert free.wait(20)
        if one.name == "unit":
            free.set()
        return ended(one)

    jobs.run_all([job("build"), job("contract", 1, "build"), job("unit")], 9, start)
    assert begun == ["build", "unit", "contract"]


def test_what_needs_a_job_that_failed_never_begins() -> None:
    planned = [job("build"), job("contract", 1, "build"), job("unit")]
    results = jobs.run_all(planned, 1, lambda one: ended(one, status=int(one.name == "build")))
    assert [one.job.name for one in results] == ["build", "unit"]


def test_a_run_has_its_exit_status_and_the_cpu_time_of_all_its_processes(tmp_path: Path) -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass"
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}]); sys.exit(7)"
    result = jobs.run(Job("x", (sys.executable, "-c", parent), 1), tmp_path, {}, None)
    assert result.status == 7
    assert result.cpu_seconds >= 0.3


def test_a_report_of_an_earlier_run_is_not_taken_for_this_one(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text("old")
    jobs.run(Job("x", (sys.executable, "-c", ""), 1, report=report), tmp_path, {}, None)
    assert not report.exists()
