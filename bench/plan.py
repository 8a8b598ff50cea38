"""What a run of the bench is made of."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Plan:
    """Numbers of Projects, of repetitions, and seconds."""

    rounds: tuple[tuple[int, int], ...]
    """Numbers of Projects that bare client and operator create, and how often, in turns. With those that the
    first of the last operators creates, which are the most, everything else is done.
    """
    probes: int
    """New Projects for each thing that may go on meanwhile."""
    restarts: int
    """Likewise, where the operator restarts for each."""
    hung: int
    """Projects that wait for a backend that hangs."""
    idle: float
    """Seconds of rest that are watched."""
    keystone: int
    """Projects in the real Keystone."""
    csp: int
    """Projects in the embedded Cloud Services Platform, where calls are counted and nothing is timed."""
    shared: int
    """Projects for each of the backends that processes share."""
    provisioning: float = 1.0
    """Seconds that the fast identity server takes to provision."""
    latency: float = 0.0
    """Seconds that each of its answers takes at least."""
    warm_up: int = 20
    """Seconds after which a control plane counts as warm, whatever it still does of its own."""
    lease_seconds: int = 12
    """How long a Lease holds that is not renewed."""
    side_by_side: bool = False
    """Whether the parts run at the same time, which spoils every figure and saves half of the time."""


WHOLE: Final = Plan(
    rounds=((100, 3), (1_000, 3), (5_000, 1), (10_000, 5)),
    probes=20,
    restarts=20,
    hung=1_000,
    idle=600.0,
    keystone=1_000,
    csp=200,
    shared=1_000,
)
QUICK: Final = Plan(
    rounds=((100, 1),),
    probes=2,
    restarts=1,
    hung=20,
    idle=2.0,
    keystone=20,
    csp=20,
    shared=10,
    warm_up=0,
    lease_seconds=3,
    side_by_side=True,
)
PARTS: Final = ("keystone", "csp", "sharing", "scale")
"""What can be run apart: the real Keystone, the platform where a creation takes most calls, several processes, and
everything on one fast identity server.
"""
