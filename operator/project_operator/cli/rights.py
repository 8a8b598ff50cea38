"""The rights that the operator needs with the settings that it has. Pure."""

from dataclasses import dataclass

from project_operator.api.names import CLUSTER_IDENTITY_BACKEND_PLURAL, GROUP


@dataclass(frozen=True, slots=True)
class Right:
    """A verb on a resource, as RBAC grants it."""

    group: str
    resource: str
    """With ``/subresource``, where it is one."""
    verb: str
    namespace: str | None = None
    """None: in all namespaces, or of none."""
    name: str = ""
    """Of one object alone."""
    needed: bool = True
    """False: something is lost without it, which the operator says, and the rest works."""

    def __str__(self) -> str:
        resource = f"{self.resource}.{self.group}" if self.group else self.resource
        where = f" in namespace {self.namespace}" if self.namespace else ""
        return f"{self.verb} {resource}{f' {self.name}' if self.name else ''}{where}"


@dataclass(frozen=True, slots=True)
class Place:
    """Where rights are needed, by the operator's settings."""

    namespaces: tuple[str, ...] = ()
    secret_namespaces: tuple[str, ...] = ()
    cluster_backends: bool = True
    lease_namespace: str = ""
    names_cluster: bool = False
    """Whether a setting says what the cluster is called."""
    reads_ranges: bool = True
    reads_nodes: bool = False


def rights_needed(place: Place) -> tuple[Right, ...]:
    """What the operator asks of the API server with these settings, and so has to be granted."""
    everywhere: tuple[str | None, ...] = (None,)
    watched = place.namespaces or everywhere
    needed = [
        Right(GROUP, resource, verb, namespace)
        for namespace in watched
        for resource in ("projects", "identitybackends")
        for verb in ("get", "list", "watch", "patch")
    ]
    needed += [
        Right(GROUP, f"{resource}/status", "patch", namespace)
        for namespace in watched
        for resource in ("projects", "identitybackends")
    ]
    needed += [
        Right("", "secrets", verb, namespace)
        for namespace in place.secret_namespaces or watched
        for verb in ("get", "list", "watch", "patch")
    ]
    needed += [
        Right("events.k8s.io", "events", verb, namespace, needed=False)
        for namespace in watched
        for verb in ("create", "patch")
    ]
    needed.append(Right("apiextensions.k8s.io", "customresourcedefinitions", "get", name=f"projects.{GROUP}"))
    if not place.names_cluster:
        needed.append(Right("", "namespaces", "get", name="kube-system"))
    needed += [Right("", "namespaces", "get", name=namespace) for namespace in place.namespaces]
    if not place.namespaces:
        needed.append(Right("", "namespaces", "get"))
    if place.cluster_backends:
        plural = CLUSTER_IDENTITY_BACKEND_PLURAL
        needed += [Right(GROUP, plural, verb) for verb in ("get", "list", "watch", "patch")]
        needed += [Right(GROUP, f"{plural}/status", "patch")]
        needed += [Right("", "namespaces", verb) for verb in ("list", "watch")]
    needed += [
        Right("", "services", "get", "default", "kubernetes", needed=False),
        Right("discovery.k8s.io", "endpointslices", "get", "default", "kubernetes", needed=False),
    ]
    if place.reads_ranges:
        needed.append(Right("networking.k8s.io", "servicecidrs", "list", needed=False))
    if place.reads_nodes:
        needed.append(Right("", "nodes", "list", needed=False))
    if place.lease_namespace:
        verbs = ("list", "create", "patch", "delete")
        needed += [Right("coordination.k8s.io", "leases", verb, place.lease_namespace) for verb in verbs]
    return tuple(dict.fromkeys(needed))
