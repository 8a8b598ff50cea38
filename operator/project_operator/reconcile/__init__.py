"""The brain: what to do next about one Project, decided from frozen data.

``decide(view) -> Action`` and ``absorb(memory, action, result) -> memory`` are the whole of it. Nothing here awaits,
reads a clock, draws a random number or talks to anybody: the runtime gathers a `View`, carries out the `Action` and
comes back with what happened. Rules R1 to R12 are those of ``docs/protocol.md``.
"""
