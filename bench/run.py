"""One run of the bench, from beginning to end, saying how it comes along."""

import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from bench.measures import appearing, creating, csp, identity_alone, keystone, living, sharing
from bench.plan import Plan
from bench.record import Latencies, Phase, Record, percentile
from bench.stage import Stage


class Run:
    """Adds what it finds to ``record``."""

    def __init__(self, plan: Plan, folder: Path, record: Record, keep: Callable[[], object]) -> None:
        """``folder`` is for logs. ``keep`` is called whenever there is more in ``record``: a run takes an hour, and may
        not reach its end.
        """
        self._plan = plan
        self._folder = folder
        self._record = record
        self._keep = keep
        self._begun = time.monotonic()
        self.parts: Mapping[str, Callable[[], Awaitable[None]]] = {
            "scale": self._scale,
            "keystone": self._keystone,
            "csp": self._csp,
            "sharing": self._sharing,
        }
        """What can be run apart."""

    def say(self, words: str) -> None:
        """A line for people."""
        print(f"bench {time.monotonic() - self._begun:5.0f} s: {words}", file=sys.stderr, flush=True)

    async def _scale(self) -> None:
        """Everything on the fast identity server."""
        plan, record = self._plan, self._record
        self.say("recording what the operator sends for one Project")
        templates = await creating.recorded(self._folder)
        record.identity_rate = await identity_alone.rate(templates)
        self.say(f"the identity server alone answers {record.identity_rate:.0f} creations/s")
        for count, times in plan.rounds:
            for number in range(times):
                async with self._stage() as stage:
                    bare = await creating.bare(stage, count, templates)
                async with self._stage() as stage:
                    operator = await creating.operator(stage, count)
                    record.creations += [bare, operator]
                    self._keep()
                    self.say(
                        f"{count:,} Projects, {number + 1} of {times}: bare client {bare.rate:.0f}/s, operator "
                        f"{operator.rate:.0f}/s, ratio {operator.rate / bare.rate:.2f}, "
                        f"{operator.resident_bytes / 1e6:.0f} MB"
                    )
                    if (count, number) == (plan.rounds[-1][0], 0):
                        record.bytes_per_project = await living.sizes(stage, count)
                        await self._live(stage, count)

    def _stage(self) -> Stage:
        plan = self._plan
        return Stage(
            self._folder, servers=2, latency=plan.latency, provisioning=plan.provisioning, warm_up=plan.warm_up
        )

    async def _live(self, stage: Stage, count: int) -> None:
        """What comes after the creation of the most."""
        plan = self._plan
        self.say(f"watching {count:,} rest for {plan.idle:.0f} s")
        self._found_phase(await living.resting(stage, count, plan.idle))
        self._found_phase(await living.restarted(stage, count))
        self._found_latencies(await appearing.settled(stage, count, plan.probes))
        self._found_latencies(await appearing.restarting(stage, count, plan.restarts))
        self._found_latencies(await appearing.resyncing(stage, count, plan.probes))
        await living.begin_anew(stage, count)
        self._found_phase(await living.updated(stage))
        self._found_latencies(await appearing.hanging(stage, count, plan.probes, plan.hung))
        await appearing.recovered(stage, plan.hung)
        self._found_phase(await living.deleted(stage))

    async def _keystone(self) -> None:
        """The real one."""
        self._found_phase(await keystone.created(self._folder, self._plan.keystone, self._plan.warm_up))

    async def _csp(self) -> None:
        """Where a creation takes most calls."""
        self._found_phase(await csp.created(self._folder, self._plan.csp, self._plan.warm_up))

    async def _sharing(self) -> None:
        """Several processes."""
        for processes in (1, 2):
            found = await sharing.shared(self._folder, processes, self._plan)
            self._record.sharing.append(found)
            self._keep()
            self.say(
                f"{found.backends} backends on {processes} processes: {found.projects / found.seconds:.0f} Projects/s"
            )

    def _found_phase(self, phase: Phase) -> None:
        self._record.phases.append(phase)
        self._keep()
        self.say(f"{phase.what}: {phase.projects:,} Projects, {phase.seconds:.1f} s")

    def _found_latencies(self, found: Latencies) -> None:
        self._record.latencies.append(found)
        self._keep()
        self.say(
            f"{found.meanwhile}: first call for a new Project after {percentile(found.first_call, 0.95):.2f} s (p95)"
        )
