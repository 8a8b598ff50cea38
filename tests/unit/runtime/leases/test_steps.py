"""What a replica does next about the Leases, situation by situation."""

from typing import Any

import pytest

from project_operator.runtime.leases import objects
from project_operator.runtime.leases.objects import Lease
from project_operator.runtime.leases.sight import Sight, look
from project_operator.runtime.leases.steps import (
    COURTESY,
    KEPT,
    STEADY,
    Discard,
    Fence,
    Give,
    Me,
    Step,
    Take,
    next_steps,
)
from project_operator.runtime.leases.tenure import Asked, Pace

PACE = Pace(12)
T = PACE.duration
ME = Me("me", "all", frozenset({"me-before"}))
KNOWN = {"b1": 0.0}


def replica(name: str, version: int = 1, *, holder: str | None = "same", **labels: str) -> Lease:
    body: dict[str, Any] = objects.replica(name, labels.pop("scope", "all"), T, 0.0)
    body["metadata"] |= {"uid": name, "resourceVersion": str(version)}
    body["spec"]["holderIdentity"] = name if holder == "same" else holder
    return parsed(body)


def unit(holder: str | None, version: int = 1, uid: str = "b1") -> Lease:
    body = objects.backend(f"lease-{uid}", uid, "x", T, 0.0, scope="all")
    body["metadata"] |= {"uid": uid, "resourceVersion": str(version)}
    body["spec"]["holderIdentity"] = holder
    return parsed(body)


def parsed(body: dict[str, Any]) -> Lease:
    lease = Lease.parse(body)
    assert lease is not None
    return lease


def seen(*listings: tuple[float, list[Lease]]) -> Sight:
    """After these listings, each with the moment it was answered."""
    sight: Sight | None = None
    for at, leases in listings:
        sight = look(sight, leases, asked=Asked(at, at), now=at, pace=PACE)
    assert sight is not None
    return sight


def steps(sight: Sight, now: float, units: dict[str, float] | None = None, me: Me = ME) -> tuple[Step, ...]:
    return next_steps(me, sight, KNOWN if units is None else units, now=now, pace=PACE)


def test_who_is_alone_takes_what_nobody_ever_had_at_once() -> None:
    assert steps(seen((0.0, [replica("me")])), 0.0) == (Take("b1", None),)


def test_where_there_are_others_it_is_waited_for_one_who_may_hold_what_was_deleted() -> None:
    sight = seen((0.0, [replica("me"), replica("other")]))
    assert steps(sight, T - 0.1) == ()
    fresh = seen((0.0, [replica("me"), replica("other")]), (T, [replica("me", 2), replica("other", 2)]))
    assert steps(fresh, T + COURTESY * T) == (Take("b1", None),)


def test_what_a_living_replica_has_is_left_to_it() -> None:
    listings = [(at, [replica("me"), replica("other", int(at)), unit("other")]) for at in (0.0, 10.0, 20.0, 30.0)]
    assert steps(seen(*listings), 31.0) == ()


def test_one_that_does_not_renew_is_fenced_and_nothing_taken_before() -> None:
    leases = [replica("me"), replica("other"), unit("other")]
    assert steps(seen((0.0, leases)), T - 0.1) == ()
    assert steps(seen((0.0, leases)), T) == (Fence(leases[1]),)


def test_what_one_that_was_fenced_had_is_taken_whoever_fenced_it() -> None:
    before = [replica("me"), replica("other"), unit("other")]
    after = [replica("me", 2), replica("other", 2, holder=None), unit("other")]
    assert steps(seen((0.0, before), (T, after)), T) == (Take("b1", after[2]),)


def test_one_whose_lease_is_gone_counts_as_one_that_does_not_renew_from_then_on() -> None:
    before, after = [replica("me"), replica("other"), unit("other")], [replica("me", 2), unit("other")]
    assert steps(seen((0.0, before), (5.0, after)), 5.0 + T - 0.1) == ()
    assert steps(seen((0.0, before), (5.0, after)), 5.0 + T) == (Take("b1", after[1]),)


def test_a_holder_that_was_never_seen_is_given_its_time_from_the_first_sight_of_what_it_has() -> None:
    leases = [replica("me"), unit("unknown")]
    assert steps(seen((0.0, leases)), T - 0.1) == ()
    assert steps(seen((0.0, leases)), T) == (Take("b1", leases[1]),)


def test_another_duration_than_ours_is_respected() -> None:
    body = objects.replica("other", "all", 30, 0.0)
    body["metadata"] |= {"uid": "other", "resourceVersion": "1"}
    slow = parsed(body)
    assert steps(seen((0.0, [replica("me"), slow, unit("other")])), 29.9) == ()
    assert steps(seen((0.0, [replica("me"), slow, unit("other")])), 30.0) == (Fence(slow),)


def test_what_was_released_is_taken_at_once_by_whom_it_should_go_to_and_later_by_anybody() -> None:
    units = {f"b{one}": 0.0 for one in range(8)}
    leases = [replica("me"), replica("other"), *(unit(None, uid=one) for one in units)]
    mine = {step.unit for step in steps(seen((0.0, leases)), 0.0, units) if isinstance(step, Take)}
    others = {
        step.unit for step in steps(seen((0.0, leases)), 0.0, units, Me("other", "all")) if isinstance(step, Take)
    }
    assert len(mine) == len(others) == 4
    assert mine | others == set(units)
    assert len(steps(seen((0.0, leases)), COURTESY * T, units)) == 8


def test_what_we_had_under_a_former_name_is_free() -> None:
    leases = [replica("me"), unit("me-before")]
    assert steps(seen((0.0, leases)), 0.0) == (Take("b1", leases[1]),)


def test_a_lease_of_ours_that_somebody_deleted_is_made_anew() -> None:
    sight = seen((0.0, [replica("me"), unit("me")]), (1.0, [replica("me", 2)]))
    assert steps(sight, 1.0) == (Take("b1", None),)


def test_a_lease_of_anothers_that_somebody_deleted_is_not_ours_before_it_has_looked() -> None:
    others = replica("other")
    sight = seen((0.0, [replica("me"), others, unit("other")]), (1.0, [replica("me", 2), others]))
    alive = look(sight, [replica("me", 3), replica("other", 2)], asked=Asked(9.0, 9.0), now=9.0, pace=PACE)
    assert steps(alive, 1.0 + T - 0.1) == ()


def test_replicas_that_look_after_something_else_get_nothing_and_are_fenced_all_the_same() -> None:
    stranger = replica("stranger", scope="else")
    assert steps(seen((0.0, [replica("me"), stranger, unit("me")])), T) == (Fence(stranger),)


def handed_over(now: float, **options: Any) -> list[str]:
    units = {f"b{one}": 0.0 for one in range(4)}
    leases = [replica("me"), *(unit("me", uid=one) for one in units)]
    joined = options.get("joined", 0.0)
    both = [*leases, replica("other", 1, **options.get("labels", {}))]
    sight = seen((0.0, leases), (joined, both), (now, [*leases, replica("other", 2, **options.get("labels", {}))]))
    return [step.unit for step in steps(sight, now, units) if isinstance(step, Give)]


def test_half_goes_to_one_who_has_been_there_for_a_while() -> None:
    assert len(handed_over(STEADY * T)) == 2
    assert handed_over(STEADY * T - 0.1) == []
    assert handed_over(STEADY * T, joined=STEADY * T - T + 0.1) == []
    assert len(handed_over(STEADY * T, joined=STEADY * T - T)) == 2


@pytest.mark.parametrize("labels", [{"scope": "else"}, {"holder": None}])
def test_nothing_goes_to_one_who_does_not_share_the_work(labels: dict[str, Any]) -> None:
    assert handed_over(STEADY * T, labels=labels) == []


def test_leases_of_what_is_gone_go() -> None:
    leases = [replica("me"), unit("me")]
    assert steps(seen((0.0, leases)), 0.0, {}) == (Discard(leases[1]),)
    free = [replica("me"), unit(None), replica("over", holder=None)]
    assert steps(seen((0.0, free)), KEPT * T - 0.1, {}) == ()
    assert steps(seen((0.0, free)), KEPT * T, {}) == (Discard(free[1]), Discard(free[2]))


def test_the_lease_of_one_that_is_over_stays_while_something_names_it() -> None:
    leases = [replica("me"), unit("over"), replica("over", holder=None)]
    found = steps(seen((0.0, leases)), KEPT * T)
    assert found == (Take("b1", leases[1]),)
