"""Which Secret keeps the successors of a credential, and whether one that is there is that Secret."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from project_operator.kube.resources import Resource
from project_operator.runtime.backend_kinds import BACKEND_RESOURCES

SUFFIX: Final = "-rotated"
_OWNERS: Final = frozenset(resource.kind for resource in BACKEND_RESOURCES.values())


def rotated_name(backend_name: str) -> str:
    """Name of the Secret that keeps the successors for a backend object."""
    return f"{backend_name}{SUFFIX}"


@dataclass(frozen=True, slots=True)
class RotatedPlace:
    """Where the successors are kept, and for whom."""

    namespace: str
    name: str
    owner: Mapping[str, Any]
    """The backend object, as an owner reference."""
    key: str
    """The key of the user's Secret, and of ours."""

    @classmethod
    def of(cls, namespace: str, resource: Resource, name: str, uid: str, key: str) -> Self:
        """That of the backend object with this name and uid; its kind is ``resource``."""
        owner = {
            "apiVersion": resource.api_version,
            "kind": resource.kind,
            "name": name,
            "uid": uid,
            "controller": True,
        }
        return cls(namespace, rotated_name(name), owner, key)

    def is_of(self, raw: Mapping[str, Any]) -> bool:
        """Whether the Secret ``raw`` belongs to the backend object: by the owner's uid alone, for names repeat, and
        labels are anybody's to set. A ClusterIdentityBackend and an IdentityBackend of one name may want the same one.
        """
        owners = raw["metadata"].get("ownerReferences") or []
        return any(owner.get("uid") == self.owner["uid"] for owner in owners)

    def not_of(self, raw: Mapping[str, Any]) -> str:
        """What to tell people of the Secret ``raw`` that belongs to somebody else."""
        mine = f"{self.owner['kind']} '{self.owner['name']}'"
        secret = f"the Secret '{self.name}' in namespace '{self.namespace}'"
        for owner in raw["metadata"].get("ownerReferences") or []:
            if owner.get("kind") in _OWNERS:
                theirs = f"{owner['kind']} '{owner.get('name')}' (uid {owner.get('uid')})"
                return (
                    f"{secret} is that of {theirs}, not of this {mine}; give one of the two another name, or delete "
                    "the Secret if its owner is gone"
                )
        return f"{secret} is not of this {mine}, which would keep its new credential there; rename or delete it"
