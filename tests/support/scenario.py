"""One namespace, one identity server and the operator between them: what a scenario acts on and looks at.

`Scene` is what is the same for every identity server, `Scenario` the one with the embedded nscale server.
"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import pytest
import yaml
from audit import AuditLog, Write
from hosting import KEPT
from objects import KINDS, Object, Objects
from operator_process import OperatorProcess
from waiting import WITHIN, wait_until

from project_operator.api import names
from project_operator.api.crd import crd_name
from project_operator.api.kinds import KINDS as DEFINED
from project_operator.kube.resources import CLUSTER_IDENTITY_BACKENDS, EVENTS, IDENTITY_BACKENDS, PROJECTS, SECRETS
from project_operator.sandbox.controlplane.plane import ControlPlane
from project_operator.sandbox.identity.nscale.admin_models import ProjectSnapshot
from project_operator.sandbox.identity.nscale.embedded import EmbeddedIdentityServer
from project_operator.sandbox.identity.nscale.settings import NscaleSettings
from project_operator.sandbox.identity.request_log import RequestRecord

IDENTITY_WRITES: Final = frozenset({"createProject", "updateProject", "deleteProject"})
PROMPT: Final = NscaleSettings(
    read_lag=0.05, pickup_delay=0.02, provision_delay=0.15, deprovision_delay=0.15, controller_retry=0.3
)
"""The identity server of a scenario, unless it says otherwise."""
BACKEND: Final = "default"
SECRET: Final = "credentials"
_COUNTER: Final = itertools.count(1)


def manifest(kind: str, name: str, spec: Mapping[str, Any], **metadata: Any) -> Object:
    """An object of ours."""
    return {
        "apiVersion": names.API_VERSION,
        "kind": kind,
        "metadata": {"name": name, **metadata},
        "spec": dict(spec),
    }


def condition(obj: Mapping[str, Any], type_: str) -> Object:
    """A condition of an object; empty where it has none of that type."""
    found = (one for one in (obj.get("status") or {}).get("conditions") or [] if one["type"] == type_)
    return next(found, {})


@dataclass
class Scene:
    """Everything that happens here happens in ``namespace``, which the operator watches."""

    control_plane: ControlPlane
    operator: OperatorProcess
    audit: AuditLog | None
    """None on a cluster that writes no audit log."""
    title: str
    namespace: str = ""

    def __post_init__(self) -> None:
        self.namespace = self.namespace or f"{self.title}-{next(_COUNTER)}"
        self.objects = Objects(self.control_plane.kubeconfig, self.namespace)

    def open(self) -> None:
        """Make the namespace."""
        self.objects.make_namespace()

    def close(self) -> None:
        """Leave the operator nothing to do here: what a scenario leaves behind goes without its finalizers."""
        for resource in (PROJECTS, IDENTITY_BACKENDS, SECRETS):
            self.objects.remove_all(resource)
        self.objects.remove(CLUSTER_IDENTITY_BACKENDS, self.namespace)
        self.objects.close()

    # What a user does.

    def install_definitions(self) -> None:
        """`kubectl apply` of our definitions, as the README says; returns once they are served."""
        self.control_plane.kubectl("apply", "--server-side", "-k", "crds/")
        self.control_plane.wait_established(*(crd_name(kind) for kind in DEFINED))

    def kubectl(self, *arguments: str, stdin: str | None = None, check: bool = True) -> str:
        """Run kubectl in the namespace as the administrator; what it said on stdout. Raises SandboxError."""
        return self.control_plane.kubectl(f"--namespace={self.namespace}", *arguments, stdin=stdin, check=check).stdout

    def refused(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl, which must fail; what it said on stderr."""
        done = self.control_plane.kubectl(f"--namespace={self.namespace}", *arguments, stdin=stdin, check=False)
        assert done.returncode != 0, f"kubectl {' '.join(arguments)} was to be refused, but said: {done.stdout}"
        return done.stderr

    def apply(self, *documents: Object) -> str:
        """`kubectl apply` of documents, all at once; what it said of those that were there already.

        Others are created without it, as it would: to start it for each takes longer than what most scenarios wait for.
        """
        left = [one for one in documents if not self.objects.create_applied(one)]
        return self.kubectl("apply", "-f", "-", stdin=yaml.safe_dump_all(left)) if left else ""

    def apply_project(self, name: str = "team", /, *, annotations: Mapping[str, str] | None = None, **spec: Any) -> str:
        """`kubectl apply` of a Project, written as in `project`."""
        return self.apply(self.project(name, annotations=annotations, **spec))

    def project(self, name: str = "team", /, *, annotations: Mapping[str, str] | None = None, **spec: Any) -> Object:
        """A Project; the fields of its spec are named as on the wire (`import_` for `import`)."""
        metadata = {"annotations": dict(annotations)} if annotations else {}
        return manifest("Project", name, {key.rstrip("_"): value for key, value in spec.items()}, **metadata)

    def for_tenants(self, backend: Object) -> Object:
        """An IdentityBackend as a ClusterIdentityBackend, called as the namespace is, where its Secret is too; it
        selects nothing but this namespace, unless its spec says otherwise.
        """
        selector = {"matchLabels": {"kubernetes.io/metadata.name": self.namespace}}
        own = {"secretNamespace": self.namespace, "namespaceSelector": selector}
        return manifest("ClusterIdentityBackend", self.namespace, own | backend["spec"])

    def tenant(self, name: str = "team", /, **spec: Any) -> Object:
        """A Project with that backend."""
        return self.project(name, backendRef={"kind": "ClusterIdentityBackend", "name": self.namespace}, **spec)

    def edit(self, changes: Mapping[str, Any], name: str = "team", kind: str = "Project") -> Object:
        """What `kubectl patch --type=merge` does to the spec; the object after it."""
        return self.objects.patch(KINDS[kind], name, {"spec": dict(changes)})

    def delete(self, name: str = "team", kind: str = "Project") -> None:
        """What `kubectl delete --wait=false` does."""
        self.objects.delete(KINDS[kind], name)

    # What a user sees.

    def find(self, name: str = "team", kind: str = "Project") -> Object | None:
        """An object, or None; its conditions always fit together."""
        obj = self.objects.find(KINDS[kind], name)
        if obj is None:
            return None
        assert not (condition(obj, "Reconciling") and condition(obj, "Stalled")), obj["status"]["conditions"]
        return obj

    def get(self, name: str = "team", kind: str = "Project") -> Object:
        """An object that is there."""
        obj = self.find(name, kind)
        assert obj is not None, f"{kind} {name} is gone"
        return obj

    def wait_for(
        self, ready: str, reason: str, name: str = "team", *, kind: str = "Project", within: float = WITHIN
    ) -> Object:
        """The object once Ready has this status and this reason for the present generation."""

        def look() -> Object | None:
            obj = self.get(name, kind)
            found = condition(obj, "Ready")
            current = found.get("observedGeneration") == obj["metadata"]["generation"]
            return obj if current and (found["status"], found["reason"]) == (ready, reason) else None

        return wait_until(look, f"{kind} {name} to be Ready={ready} ({reason})", within=within)

    def wait_ready(self, name: str = "team", *, kind: str = "Project", within: float = WITHIN) -> Object:
        """The object once it is Ready for the present generation."""
        return self.wait_for("True", "Succeeded", name, kind=kind, within=within)

    def wait_for_other_id(self, name: str, former: str) -> Object:
        """The object once it is Ready with another id than ``former``."""
        wait_until(lambda: self.get(name)["status"].get("id") not in (None, former), f"another id of {name}")
        return self.wait_ready(name)

    def wait_gone(self, name: str = "team", kind: str = "Project", *, within: float = WITHIN) -> None:
        """Return once the object is gone."""
        wait_until(lambda: self.find(name, kind) is None, f"{kind} {name} to be gone", within=within)

    def events(self, name: str = "team") -> list[tuple[str, str, str]]:
        """Events about an object, oldest first: type, reason, note."""
        found = self.objects.list(EVENTS, fieldSelector=f"regarding.name={name}")
        return [(one["type"], one["reason"], one["note"]) for one in sorted(found, key=lambda one: one["eventTime"])]

    def wait_for_event(self, reason: str, name: str = "team") -> tuple[str, str, str]:
        """The first Event with this reason; they are written behind the work."""
        return wait_until(
            lambda: next((one for one in self.events(name) if one[1] == reason), None), f"an Event {reason}"
        )

    # What the operator wrote.

    def writes(self, resource: str | None = "projects") -> list[Write]:
        """What the operator wrote in the namespace, failed writes too; None: whatever it wrote about."""
        audit = self.audit
        if audit is None:
            pytest.skip("this cluster writes no audit log to count in")
        # A write is recorded when it has been answered, a moment after its effect could be seen.
        counts = [-1]

        def stands_still() -> bool:
            counts.append(len(audit.writes(namespace=self.namespace)))
            return counts[-1] == counts[-2]

        wait_until(stands_still, "the audit log to stand still")
        return audit.writes(namespace=self.namespace, resource=resource)

    # For whoever looks at a failure.

    def requests(self) -> list[str]:
        """The requests to the identity server, a line each."""
        raise NotImplementedError

    def report(self) -> str:
        """Objects, Events, requests and the operator's last words."""
        kinds = ",".join([*(one.plural for one in KINDS.values()), "events"])
        return "\n".join(
            [
                self.kubectl("get", kinds, "--output=yaml", check=False),
                "--- requests to the identity server",
                *self.requests(),
                "--- writes of the operator",
                *(str(write) for write in (self.audit.writes(namespace=self.namespace) if self.audit else [])),
                "--- the operator's last words",
                self.operator.last_lines(),
            ]
        )


@dataclass
class Scenario(Scene):
    """The same with the embedded nscale server."""

    identity: EmbeddedIdentityServer = field(default_factory=lambda: EmbeddedIdentityServer(PROMPT, keep_alive=KEPT))

    def open(self) -> None:
        """Start the identity server and make the namespace."""
        self.identity.start()
        super().open()

    def close(self) -> None:
        """Leave the operator nothing to do here, and stop the identity server."""
        super().close()
        self.identity.stop()

    # What a user does.

    def apply_backend(self, name: str = BACKEND, /, **spec: Any) -> str:
        """`kubectl apply` of an IdentityBackend for the identity server."""
        return self.apply(self.backend(name, **spec))

    def apply_secret(self, name: str = SECRET, /, *, token: str | None = None, labelled: bool = True) -> str:
        """`kubectl apply` of a Secret with the identity server's token, or another."""
        return self.apply(self.secret(name, token=token, labelled=labelled))

    def backend(self, name: str = BACKEND, /, **spec: Any) -> Object:
        """An IdentityBackend for the identity server, with bounds that the server keeps with room to spare."""
        defaults = {
            "nscale": {
                "url": self.identity.url,
                "auth": {"serviceAccountToken": {"secretRef": {"name": SECRET}}},
            },
            "consistency": {"readLag": "300ms", "inFlightBound": "1s"},
            "timeout": "1s",
            "interval": "1s",
        }
        return manifest("IdentityBackend", name, defaults | spec)

    def cluster_backend(self, /, **spec: Any) -> Object:
        """The same for tenants."""
        return self.for_tenants(self.backend(**spec))

    def secret(self, name: str = SECRET, /, *, token: str | None = None, labelled: bool = True) -> Object:
        """A Secret with the identity server's token, or another."""
        labels = {names.CREDENTIALS_LABEL: "true"} if labelled else {}
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "labels": labels},
            "stringData": {"token": self.identity.token if token is None else token},
        }

    # What the identity server was asked, and holds.

    def calls(self, *operations: str, after: int = 0) -> list[RequestRecord]:
        """Requests of these operations (none named: those that change projects), in the order of arrival."""
        wanted = operations or tuple(IDENTITY_WRITES)
        return [record for record in self.identity.admin.requests(after=after) if record.operation in wanted]

    def last_call(self) -> int:
        """Sequence number of the latest request: what comes later can be asked for with ``after``."""
        return max((record.sequence for record in self.identity.admin.requests()), default=0)

    def remote(self) -> ProjectSnapshot:
        """The one project that the identity server holds."""
        (project,) = self.identity.admin.projects()
        return project

    def wait_for_listings(self, count: int = 2) -> None:
        """Return once the observer has taken so many more listings: whatever it could see, it has seen."""
        start = self.last_call()

        def look() -> bool:
            return sum(record.ended is not None for record in self.calls("listProjects", after=start)) >= count

        wait_until(look, f"{count} more listings")

    def assert_quiet(self, listings: int = 2, *, resource: str | None = "projects") -> None:
        """Nothing is written, neither to the API server nor to the identity server, for so many more listings."""
        start, before = self.last_call(), len(self.writes(resource))
        self.wait_for_listings(listings)
        assert self.writes(resource)[before:] == []
        assert self.calls(after=start) == []

    # For whoever looks at a failure.

    def requests(self) -> list[str]:
        """The latest requests to the identity server, a line each."""
        return [
            f"{one.sequence:4} {one.begun:.3f} {one.operation} {one.status} {one.project_id or one.name}"
            for one in self.identity.admin.requests()[-80:]
        ]
