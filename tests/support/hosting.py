"""How the embedded servers of the tests serve."""

from typing import Final

KEPT: Final = 60.0
"""Seconds that an idle connection is kept, as an ingress does. A server that closes it after one, as Go's does (N6-15),
crosses with a request now and then on a machine that stands still for longer; that is for the tests about it.
"""
