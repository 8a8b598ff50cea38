"""What the watch layer tells the runtime. Here, below both, so that the runtime implements it without knowing Kopf."""

from collections.abc import Mapping
from typing import Any, Protocol

from project_operator.kube.resources import Resource

Identity = tuple[str, str, str]
"""Namespace ("" where there is none), name, uid."""


def identity_of(raw: Mapping[str, Any]) -> Identity:
    """Which object this is."""
    metadata = raw["metadata"]
    return metadata.get("namespace", ""), metadata["name"], metadata["uid"]


class Sink(Protocol):
    """Takes in what the API server says.

    Every method returns at once, never raises, and is called from the event loop's thread.
    """

    def observe(self, resource: Resource, event_type: str | None, raw: Mapping[str, Any]) -> None:
        """One object as the API server showed it.

        ``event_type`` is None while listing, else ``ADDED``, ``MODIFIED`` or ``DELETED``. The same object comes again
        whenever the API server or the watch layer likes, never an older state after a newer one of the same stream;
        compare ``metadata.resourceVersion`` all the same. ``raw`` belongs to the receiver, who must not change it.
        """

    def sweep(self, resource: Resource, live: set[Identity], version: int) -> None:
        """All objects of the kind in the watched namespaces, listed as of ``version``.

        Who is known in a state that is no newer, and is not in it, is gone; of newer ones it says nothing. Deletions
        that the watch missed (by a 410 and a new listing, or while the API server was away) are found by this alone.
        """

    def behind(self, resource: Resource, versions: Mapping[Identity, int]) -> set[Identity]:
        """Those of the listed objects, with their resourceVersions, whose state was not observed, nor any later one.

        Objects that were observed to be gone are not among them.
        """

    def definition_gone(self, resource: Resource) -> None:
        """The kind is no longer served: its CRD was deleted.

        All its objects are gone, or cannot be seen. Nothing remote follows from it.
        """
