"""The backend object that a Project refers to, as a decision about that Project sees it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from project_operator.api.conditions import Reason
from project_operator.api.v1alpha1.clusteridentitybackend import ClusterIdentityBackendSpec
from project_operator.api.v1alpha1.identitybackend import IdentityBackendSpec
from project_operator.api.v1alpha1.project import DeletionPolicy, Project
from project_operator.backends.base import UnsupportedField
from project_operator.backends.registry import Registry
from project_operator.backends.vendor import Vendor
from project_operator.reconcile.record import Timing
from project_operator.reconcile.tenancy import Tenancy
from project_operator.reconcile.view import Abilities, BackendView, Verbs, Verdict
from project_operator.runtime.backend_kinds import BACKEND_RESOURCES, parse_backend
from project_operator.runtime.backend_objects import timing_of
from project_operator.runtime.connecting import Entry
from project_operator.runtime.connections import Connection
from project_operator.runtime.keys import Key, Place
from project_operator.runtime.leadership import NOBODYS
from project_operator.runtime.missing_backends import MissingBackends
from project_operator.runtime.store import References, Store
from project_operator.runtime.stored import part


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a Project gets with the backend object that it refers to."""

    backend: BackendView | Verdict
    """The object, or why it cannot be used."""
    connection: Connection | None
    """What calls go through; None wherever ``backend`` is a verdict."""
    timing: Timing
    tenancy: Tenancy | None = None
    """The rules for the Project's namespace, whether there is a connection or not; None: there are none."""


class BackendViews:
    """Implements `gathering.Backends`."""

    def __init__(
        self,
        *,
        objects: Mapping[str, Store],
        namespaces: Store,
        references: References,
        registry: Registry,
        entry_of: Callable[[Key], Entry],
        missing: MissingBackends,
        send_validity: float,
    ) -> None:
        """``objects``: the backend objects, by the plural of their kind; ``entry_of``: what is known of one."""
        self._objects = objects
        self._namespaces = namespaces
        self._references = references
        self._registry = registry
        self._entry_of = entry_of
        self._missing = missing
        self._send_validity = send_validity

    def at(self, place: Place) -> Mapping[str, Any] | None:
        """The backend object there."""
        store = self._objects.get(place.plural)
        return store.get(place.namespace, place.name) if store is not None else None

    def unit_of(self, project: Mapping[str, Any]) -> str:
        """The unit of leadership that a raw Project belongs to: the backend object that it refers to."""
        raw = self.at(self._place_of(project))
        return str(raw["metadata"]["uid"]) if raw is not None else NOBODYS

    async def find_for(self, project: Mapping[str, Any]) -> bool:
        """Look for the backend object of a raw Project where no watch has shown it; whether it is there after all.

        Raises:
            KubeError: it cannot be told now.
        """
        place = self._place_of(project)
        if place.plural not in self._objects or self.at(place) is not None:
            return False
        await self._missing.look_for(place)
        return self.at(place) is not None

    def view_for(self, project: Project) -> Reach:
        """See `gathering.Backends.view_for`."""
        ref = project.spec.backend_ref
        namespace = project.metadata.namespace
        place = self._references.place_of(namespace, ref.model_dump(mode="json") if ref is not None else None)
        kind, name = BACKEND_RESOURCES[place.plural].kind, place.name
        raw = self.at(place)
        if raw is None:
            origin = "`spec.backendRef` names" if ref is not None else "the operator's default backend is"
            where = f"is not in namespace '{namespace}'" if place.namespace else "does not exist"
            verdict = Verdict(Reason.BACKEND_NOT_FOUND, f"{origin} {kind} '{name}', which {where}")
            return Reach(verdict, None, Timing(send_validity=self._send_validity))
        entry = self._entry_of(Key.of(place.plural, raw))
        # Its rules hold before it was worked on here.
        rules = entry.spec or _spec_of(place.plural, raw)
        tenancy = self._tenancy(rules, name, namespace) if rules is not None else None
        if entry.connection is None or entry.spec is None:
            cause = entry.verdict or Verdict(Reason.PROGRESSING, "connecting")
            message = f"{kind} '{name}' is not Ready ({cause.reason}): {cause.message}"
            verdict = Verdict(Reason.BACKEND_NOT_READY, message)
            return Reach(verdict, None, Timing(send_validity=self._send_validity), tenancy)
        vendor = self._registry.vendor_of(entry.spec)
        view = _view(kind, name, str(raw["metadata"]["uid"]), entry.spec, vendor, entry.connection)
        return Reach(view, entry.connection, timing_of(entry.spec, send_validity=self._send_validity), tenancy)

    def _place_of(self, project: Mapping[str, Any]) -> Place:
        return self._references.place_of(project["metadata"].get("namespace", ""), part(project, "spec", "backendRef"))

    def _tenancy(self, spec: IdentityBackendSpec, name: str, namespace: str) -> Tenancy | None:
        """What the Projects of ``namespace`` may ask of the backend object ``name`` with ``spec``; None: anything."""
        if not isinstance(spec, ClusterIdentityBackendSpec):
            return None
        known = self._namespaces.get("", namespace)
        labels = (known["metadata"].get("labels") or {}) if known is not None else None
        return Tenancy.of(spec, name=name, namespace=namespace, labels=labels)


def _spec_of(plural: str, raw: Mapping[str, Any]) -> IdentityBackendSpec | None:
    """None where it cannot be understood; then nothing is done with it."""
    try:
        return parse_backend(plural, raw).spec
    except ValidationError:
        return None


def _view(
    kind: str, name: str, uid: str, spec: IdentityBackendSpec, vendor: Vendor, connection: Connection
) -> BackendView:
    default, source = (
        (spec.deletion_policy, kind) if spec.deletion_policy else (vendor.default_deletion_policy, "default")
    )

    def unsupported(asked: Project) -> tuple[UnsupportedField, ...]:
        policy = asked.spec.deletion_policy or default
        return (
            *vendor.unsupported(asked.spec, name=asked.remote_name, deletion_policy=DeletionPolicy(policy)),
            *vendor.unsupported_here(asked.spec, spec, connection.facts.organization_id),
        )

    return BackendView(
        kind=kind,
        name=name,
        uid=uid,
        endpoint_id=connection.endpoint_id,
        organization_id=connection.facts.organization_id,
        revision=connection.revision,
        unsupported=unsupported,
        planner=connection.backend,
        default_deletion_policy=str(default),
        deletion_policy_source=source,
        verbs=Verbs(**dict(spec.capabilities)),
        abilities=Abilities(
            roles=vendor.capabilities.roles,
            disable=vendor.capabilities.disable,
            delete=vendor.capabilities.delete,
            repeats_creation=vendor.capabilities.repeats_creation,
            ignores_case=vendor.capabilities.ignores_case,
            destroys=vendor.capabilities.destroys,
            fixed=vendor.capabilities.fixed,
        ),
        remove_duplicates=spec.remove_duplicates,
        principal=connection.facts.principal,
        not_ready=connection.not_ready,
        connected_at=connection.opened_at,
        listing=connection.observer.listing,
        groups=connection.groups,
        roles=connection.roles,
        read_verified_at=connection.observer.read_verified_at,
    )
