"""A run from its first breakage to the verdict."""

from collections.abc import Callable, Sequence
from typing import Final

from chaos import kills, matrix
from chaos import shared as sharing
from chaos.evidence import Wish
from chaos.kills import Point
from chaos.matrix import Trouble
from chaos.oracles import judge
from chaos.reference import Reference
from chaos.shared import SharedTrouble
from chaos.stage import Stage
from chaos.tally import Outcome, Tried, tally

Progress = Callable[[str], None]
SETTLED_WITHIN: Final = 180.0
"""Seconds after the last fault in which everything has arrived, on a machine that has other things to do too."""


def killed(
    stage: Stage, reference: Reference, chosen: Sequence[Point], *, first_number: int, most: int, progress: Progress
) -> tuple[Outcome, list[Point]]:
    """Kill the operator at all of these points, at most so many times; and the points that have not come about."""
    cuts = kills.cut_all(stage, chosen, first_number=first_number, most=most, progress=progress)
    struck = [one for one in cuts if one.hold.held]
    tried = [one.tried(stage.namespace) for one in struck]
    outcome = verdict(stage, reference, tried, [one.wish for one in cuts], progress)
    return outcome, [point for point in chosen if point not in {one.point for one in struck}]


def troubled(
    stage: Stage, reference: Reference, chosen: Sequence[Trouble], *, first_number: int, progress: Progress
) -> Outcome:
    """Let each trouble happen at every answer of every operation, side by side."""
    batch = matrix.trials(stage, chosen, reference, first_number=first_number)
    progress(f"{len(batch)} points: {', '.join(f'{one.name} ({one.where})' for one in chosen)}")
    matrix.meet(stage, batch)
    wishes = [trial.wish for trial in batch]
    left = stage.wait_settled(wishes, SETTLED_WITHIN)
    tried = [trial.tried(stage.namespace) for trial in batch if trial.rule.came_about()]
    matrix.clear(stage)
    return verdict(stage, reference, tried, [stage.wishes[name] for name in left], progress)


def shared(stage: Stage, reference: Reference, chosen: Sequence[SharedTrouble], *, progress: Progress) -> Outcome:
    """Let one after the other happen to what all Projects share, while every operation is under way everywhere."""
    points: list[Tried] = []
    left: dict[str, str] = {}
    for number, trouble in enumerate(chosen, 1):
        progress(f"{trouble.what} ({trouble.where})")
        happening = sharing.happen(stage, trouble, number=number)
        left |= stage.wait_settled(happening.wishes, SETTLED_WITHIN)
        points += happening.tried(stage.namespace)
        matrix.clear(stage)
    return verdict(stage, reference, points, [stage.wishes[name] for name in left], progress)


def verdict(
    stage: Stage, reference: Reference, tried: Sequence[Tried], wishes: Sequence[Wish], progress: Progress
) -> Outcome:
    """Wait until nothing moves any more, and judge."""
    left = stage.wait_settled(wishes, SETTLED_WITHIN)
    quiet = stage.quiet_writes()
    evidence = stage.evidence(quiet=quiet, unsettled=left)
    outcome = tally(tried, evidence, judge(evidence, reference.ends))
    for violation in outcome.violations:
        progress(f"! {violation}")
    progress(outcome.words)
    return outcome
