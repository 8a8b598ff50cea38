"""What the request log keeps and counts."""

from project_operator.sandbox.identity.request_log import OperationCounts, RequestLog


def test_totals_tell_committed_from_delivered() -> None:
    log = RequestLog()
    answered, lost, refused, waiting = (log.begin(float(n), "POST", "/projects", "createProject") for n in range(4))
    log.commit(answered)
    log.commit(lost)
    log.end(answered, 5.0, 202, delivered=True)
    log.end(lost, 6.0, "dropped", delivered=False)
    log.end(refused, 7.0, 409, delivered=True)
    assert log.counts() == {
        "createProject": OperationCounts(
            requests=4, committed=2, delivered=2, statuses={"202": 1, "409": 1, "dropped": 1}
        )
    }
    assert waiting.status is None
    assert waiting.ended is None


def test_records_can_be_asked_for_by_sequence_and_operation() -> None:
    log = RequestLog()
    for operation in ("listProjects", "createProject", "listProjects"):
        log.begin(0.0, "GET", "/", operation)
    assert [record.sequence for record in log.records(after=1)] == [2, 3]
    assert [record.sequence for record in log.records(operation="listProjects")] == [1, 3]


def test_old_records_are_forgotten_but_stay_counted() -> None:
    log = RequestLog(capacity=2)
    for _ in range(5):
        log.begin(0.0, "GET", "/", "listProjects")
    assert [record.sequence for record in log.records()] == [4, 5]
    assert log.counts()["listProjects"].requests == 5


def test_clearing_forgets_all_but_the_sequence() -> None:
    log = RequestLog()
    log.begin(0.0, "GET", "/", "listProjects")
    log.clear()
    assert not list(log.records())
    assert log.counts() == {}
    assert log.begin(0.0, "GET", "/", "listProjects").sequence == 2
