"""SIGKILL in the middle of many creations, and a successor that has nothing but what the API server tells it."""

from collections import Counter
from dataclasses import dataclass
from random import Random
from time import monotonic
from typing import ClassVar, Final, Self

from crowd import SETTLED_WITHIN, Account, Bounds, Crowd, hasty
from operator_process import OURS, Program
from waiting import wait_until

from project_operator.api.names import FINALIZER
from project_operator.sandbox.identity.faults import Fault, FaultAction, FaultPhase

CREATE: Final = "createProject"
WINDOW: Final = 40
"""Faults strike among so many creations in a row: few enough to be under way together."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What befalls which creation, counted in the order in which they arrive, and how slow the server is. Seconds."""

    seed: int
    unanswered: tuple[int, ...]
    """Take effect and are never answered."""
    late: tuple[tuple[int, float], ...]
    """Take effect so long after their arrival, whether anybody waits for it or not."""
    dropped: tuple[int, ...]
    """Are cut off before they take effect."""
    read_lag: float
    """Reads are so old."""
    provisioning: float
    """Provisioning takes so long, where it takes any time."""

    @classmethod
    def of(cls, seed: int, count: int, bounds: Bounds) -> Self:
        """The plan of a seed, for ``count`` Projects: always the same one, and always within ``bounds``."""
        random = Random(seed)  # noqa: S311 - repeatable is what it must be
        numbers = (random.randint(6, 8), random.randint(6, 8), random.randint(1, 3))
        window = min(WINDOW, count)
        first = random.randint(1, max(1, int(count * 0.7) - window))
        places = random.sample(range(first, first + window), sum(numbers))
        unanswered, late = places[: numbers[0]], places[numbers[0] : numbers[0] + numbers[1]]
        return cls(
            seed,
            tuple(sorted(unanswered)),
            tuple((place, bounds.in_flight * random.uniform(0.8, 0.95)) for place in sorted(late)),
            tuple(sorted(places[numbers[0] + numbers[1] :])),
            read_lag=bounds.read_lag * random.uniform(0.1, 0.7),
            provisioning=random.uniform(0.1, 0.8),
        )

    def faults(self) -> list[Fault]:
        """The same for the identity server."""
        before = FaultPhase.BEFORE_COMMIT
        return [
            *(Fault(action=FaultAction.HANG, operation=CREATE, nth=nth) for nth in self.unanswered),
            *(
                Fault(action=FaultAction.DELAY, operation=CREATE, nth=nth, phase=before, seconds=seconds)
                for nth, seconds in self.late
            ),
            *(Fault(action=FaultAction.DROP, operation=CREATE, nth=nth, phase=before) for nth in self.dropped),
        ]


@dataclass(frozen=True, slots=True)
class AtTheKill:
    """What was left, read right after it from the identity server's log and from the API server."""

    committed_unanswered: int
    """Creations that have taken effect and whose answer never arrived."""
    under_way: int
    """Creations that have arrived and not taken effect yet."""
    finalizer_without_id: int
    """Projects of Kubernetes that record an intent and no result."""
    untouched: int
    """Projects of Kubernetes that nobody had begun with."""
    named: int
    """Projects of Kubernetes that name their project."""


@dataclass(frozen=True, slots=True)
class Run:
    """One seed, from the first Project to the account."""

    vendor: str
    seed: int
    at_the_kill: AtTheKill
    late_commits: int
    """Creations of the dead that took effect after the successor's first listing was begun: a look without a
    quarantine would have missed each of them."""
    held: Account
    """What is wrong when every Project is Ready, or waits for a person to say what became of its creation."""
    asked: tuple[str, ...]
    """The latter, by their uid."""
    hasty: tuple[str, ...]
    """Names of projects for which a creation was sent by then that should not have been."""
    repeated: tuple[str, ...]
    """Names of projects for which more than one creation was sent: again after proof that the first had not taken
    effect, or after a person's word."""
    repeated_on_word: tuple[str, ...]
    """Those of the latter that a person gave it for."""
    account: Account
    """What is wrong when every Project is Ready."""
    seconds: float

    HEADER: ClassVar = (
        "| backend | seed | committed, unanswered | under way | finalizer, no id | untouched | named "
        "| late | asked | repeated | doubled | lost | ownerless | seconds |\n"
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    )

    def row(self) -> str:
        """The run as a line of a Markdown table under `HEADER`."""
        left, account = self.at_the_kill, self.account
        figures = (
            *(
                self.vendor,
                self.seed,
                left.committed_unanswered,
                left.under_way,
                left.finalizer_without_id,
                left.untouched,
            ),
            *(left.named, self.late_commits, len(self.asked), len(self.repeated)),
            *(len(account.doubled), len(account.lost), len(account.ownerless), f"{self.seconds:.1f}"),
        )
        return f"| {' | '.join(map(str, figures))} |"


def run(crowd: Crowd, plan: Plan) -> Run:
    """Apply, kill in the middle, start again, answer what is asked, wait until all is Ready, account."""
    begun = monotonic()
    at_the_kill, killed_after = kill_in_the_middle(crowd, plan)
    crowd.start_operator()
    waiting = crowd.wait_all_settled()
    crowd.wait_answered()
    held, unasked = crowd.account(), hasty(crowd.creations(), repeats=crowd.identity.repeats_creation)
    crowd.give_word(waiting)
    crowd.wait_all_ready()
    crowd.wait_answered()
    calls = crowd.identity.admin.requests(after=killed_after)
    first_look = next(call.begun for call in calls if call.operation == "listProjects")
    of_the_dead = {call.project_id for call in crowd.identity.admin.requests() if call.sequence <= killed_after}
    projects = crowd.identity.living()
    asked = [one["metadata"]["name"] for one in waiting]
    sent = Counter(call.name for call in crowd.creations())
    repeated = tuple(name for name, times in sent.items() if times > 1)
    return Run(
        vendor=crowd.vendor,
        seed=plan.seed,
        at_the_kill=at_the_kill,
        late_commits=sum(one.id in of_the_dead and one.creation_time > first_look for one in projects),
        held=held,
        asked=tuple(one["metadata"]["uid"] for one in waiting),
        hasty=unasked,
        repeated=repeated,
        repeated_on_word=tuple(name for name in repeated if name.endswith(tuple(asked))),
        account=crowd.account(),
        seconds=monotonic() - begun,
    )


def kill_in_the_middle(crowd: Crowd, plan: Plan, program: Program = OURS) -> tuple[AtTheKill, int]:
    """Apply everything, kill the operator when the plan's faults have all struck; what was left, and the sequence
    number of the last request of the dead."""
    crowd.identity.slow_down(read_lag=plan.read_lag, provisioning=plan.provisioning)
    for fault in plan.faults():
        crowd.identity.admin.add_fault(fault)
    crowd.apply_projects()
    crowd.apply_backend()
    operator = crowd.start_operator(program)
    wait_until(
        lambda: all(fault.hit for fault in crowd.identity.admin.faults()),
        "the faults of the plan to strike",
        within=SETTLED_WITHIN,
    )
    operator.kill()
    objects, calls = crowd.projects(), crowd.identity.admin.requests()
    states = [
        (FINALIZER in one["metadata"].get("finalizers", ()), bool((one.get("status") or {}).get("id")))
        for one in objects
    ]
    creations = [call for call in calls if call.operation == CREATE]
    left = AtTheKill(
        committed_unanswered=sum(call.committed and not call.delivered for call in creations),
        under_way=sum(not call.committed and call.ended is None for call in creations),
        finalizer_without_id=states.count((True, False)),
        untouched=states.count((False, False)),
        named=states.count((True, True)),
    )
    return left, calls[-1].sequence
