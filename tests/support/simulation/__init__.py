"""The real engine in a simulated world: virtual time, an API server and an identity backend in memory, faults on
demand.

Nothing here sleeps or listens: hours pass in milliseconds, and the same seed gives the same run.
"""
