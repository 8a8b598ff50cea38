"""One operator process, its API server and identity servers of every kind, with a proxy in front of each; and many
Projects at different points of their lives.

What is left in the namespace in the end stays: the control plane has to be the test's own.
"""

import base64
import json
import ssl
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from audit import AuditLog, Write
from chart_installation import Installation
from crowd import WORD
from objects import Object, Objects
from operator_process import OURS, QUICK, OperatorProcess, Program
from scenario import condition, manifest
from waiting import wait_until

from chaos.evidence import CREATE, DELETE, IMPORT, UPDATE, Evidence, Wish
from chaos.history import History
from chaos.journal import API_SERVER, Entry, Journal
from chaos.proxy import Proxy
from chaos.sites import SITES, Remote, Site
from chaos.subjects import ApiSubjects, BackendSubjects
from project_operator.api import names
from project_operator.kube.access import load_access
from project_operator.kube.resources import EVENTS, IDENTITY_BACKENDS, PROJECTS, SECRETS
from project_operator.sandbox.controlplane import kubeconfig as kubeconfigs
from project_operator.sandbox.controlplane.plane import ControlPlane
from project_operator.sandbox.identity.tls import TLSFiles

RIGHTS: Final[Mapping[str, Any]] = {"secrets": {"clusterWide": True, "rotation": True}}
"""Values for the chart: what the operator needs for the backend objects here."""
LABELS: Final = {"team": "blue"}
ANNOTATIONS: Final = {"example.com/owner": "somebody"}


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the operator is told about every backend, in seconds; the servers and the proxies keep to it."""

    send_validity: float = 2.0
    in_flight: float = 8.0
    read_lag: float = 0.4
    timeout: float = 5.0
    interval: float = 2.0

    @property
    def quarantine(self) -> float:
        """How long the operator waits before it believes an absence."""
        return (self.send_validity + self.in_flight + self.read_lag) * 1.01 + 1.0


@dataclass
class Stage:
    """A context manager."""

    control_plane: ControlPlane
    installation: Installation
    namespace: str
    folder: Path
    sites: Sequence[str] = tuple(SITES)
    bounds: Bounds = Bounds()
    program: Program = OURS
    wishes: dict[str, Wish] = field(default_factory=dict)
    journal: Journal = field(default_factory=Journal)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.servers: dict[str, Site] = {name: SITES[name]() for name in self.sites}
        self.proxies: dict[str, Proxy] = {}
        self.subjects: dict[str, BackendSubjects] = {}
        self.operator: OperatorProcess | None = None
        self._logs: list[Path] = []
        self._secrets: set[str] = set()
        self.objects = Objects(self.control_plane.kubeconfig, self.namespace)
        self.objects.make_namespace()
        self.kubeconfig = self._stand_before_the_api_server()
        for name, server in self.servers.items():
            server.start()
            self.subjects[name] = BackendSubjects()
            self.proxies[name] = Proxy(name, server.url, self.journal, subjects=self.subjects[name]).start()
        self.audit = AuditLog(self.control_plane.audit_log, self.installation.user, from_now=True)
        self.history = History(self.control_plane.kubeconfig, self.namespace)
        self.planted = {name: self._strangers(server) for name, server in self.servers.items()}
        self._apply_backends()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None and self.operator is not None:
            error.add_note(f"--- the operator's last words\n{self.operator.last_lines(40)}")
        if self.operator is not None and self.operator.running:
            self.operator.stop()
        self.history.close()
        for proxy in self.proxies.values():
            proxy.stop()
        for server in self.servers.values():
            server.stop()
        self.objects.close()
        defects = [failure for proxy in self.proxies.values() for failure in proxy.failures]
        assert not defects or error is not None, defects

    # The operator.

    def start_operator(self, **settings: str) -> OperatorProcess:
        """Start one, which reaches nothing but through the proxies."""
        chosen = (
            self.installation.settings
            | QUICK
            | {
                "NAMESPACES": self.namespace,
                "SEND_VALIDITY": str(self.bounds.send_validity),
                "POLL_FASTEST": "0.3",
                "POLL_SLOWEST": "2",
                "WORKERS": "400",
                "SWEEP_INTERVAL": "5",
                **settings,
            }
        )
        log = self.folder / f"{self.namespace}-operator-{len(self._logs)}.log"
        self._logs.append(log)
        self.operator = OperatorProcess(self.kubeconfig, log, chosen, self.program)
        return self.operator

    def kill_operator(self) -> None:
        """SIGKILL."""
        assert self.operator is not None
        self.operator.kill()

    # What users do.

    def wish(self, site: str, operation: str, number: int, *, backend: str = "") -> Wish:
        """A Project of that server and operation; the number makes its name, ``backend`` is another backend object than
        that called as the server is.
        """
        server = self.servers[site]
        name = f"{site}-{operation}-{number:04}"
        first = {"backendRef": {"name": backend or site}, "description": f"one of {name}", **server.content}
        if operation == DELETE:
            first["deletionPolicy"] = server.deletion_policy
        if operation == IMPORT:
            first["import"] = {"byName": "Required"}
        specs = (first, {**first, "description": f"two of {name}"}) if operation == UPDATE else (first,)
        wish = Wish(name, site, operation, specs, LABELS, ANNOTATIONS, server.deletion_policy)
        self.wishes[name] = wish
        self.subjects[site].expect(name)
        return wish

    def apply(self, wishes: Iterable[Wish]) -> None:
        """`kubectl apply` of Projects in their first generation; what is to be imported is made before."""
        documents = []
        for wish in wishes:
            if wish.operation == IMPORT:
                self.subjects[wish.place].expect(wish.name, self.servers[wish.place].plant(wish.name))
            documents.append(
                manifest(
                    "Project", wish.name, wish.specs[0], labels=dict(wish.labels), annotations=dict(wish.annotations)
                )
            )
        self.apply_documents(documents)

    def begin(self, wishes: Sequence[Wish]) -> None:
        """Let users do what the wishes are about, all of them at once: what exists already is changed or deleted."""
        self.apply([wish for wish in wishes if wish.operation in {CREATE, IMPORT}])
        self.apply_documents(
            [
                manifest(
                    "Project", wish.name, wish.specs[1], labels=dict(wish.labels), annotations=dict(wish.annotations)
                )
                for wish in wishes
                if wish.operation == UPDATE
            ]
        )
        leaving = [wish.name for wish in wishes if wish.operation == DELETE]
        if leaving:
            self.control_plane.kubectl(
                "delete", f"--namespace={self.namespace}", "--wait=false", "projects.identity.project-operator.dev",
                *leaving,
            )  # fmt: skip

    # What becomes of it.

    def wait_ready(self, wishes: Iterable[Wish], within: float = 120.0) -> None:
        """Return once all are Ready."""
        wanted = {wish.name for wish in wishes}

        def look() -> bool:
            left.clear()
            left.update({one["metadata"]["name"]: _why_not_ready(one) for one in self.history.present()})
            return all(left.get(name) == "" for name in wanted)

        left: dict[str, str] = {}
        try:
            wait_until(look, "all Projects to be Ready", within=within, every=0.5)
        except AssertionError as error:
            error.add_note(str({name: left.get(name) for name in wanted if left.get(name) != ""}))
            raise

    def wait_settled(
        self, wishes: Sequence[Wish], within: float, *, unless: Callable[[], bool] = lambda: False
    ) -> dict[str, str]:
        """Return once all are where their users want them, or time is up, or ``unless`` says that enough was seen:
        those that are not, and what they say.

        Where the operator asks a person for leave to repeat a creation, the person looks into the server first.
        """
        deadline = time.monotonic() + within
        while True:
            left = self._not_there(wishes)
            if not left or time.monotonic() > deadline or unless():
                return left
            self._give_words(left)
            time.sleep(0.5)

    def quiet_writes(self, intervals: int = 3, *, patience: float = 60.0) -> tuple[list[Entry], list[Write]]:
        """What is written while every backend is listed so many times more, once nothing was written for an interval,
        or ``patience`` is at its end: what passed the proxies, and what the API server's audit log has.
        """
        self._wait_standing(patience)
        start, audited = self.journal.now, len(self.audited())

        def look() -> bool:
            seen = Counter(
                entry.place
                for entry in self.journal.entries(after=start)
                if entry.place != API_SERVER and not entry.writes and not entry.subject
            )
            return all(seen[name] >= intervals for name in self.sites)

        wait_until(look, f"{intervals} more listings of every backend", within=20 * self.bounds.interval)
        passed = [entry for entry in self.journal.entries(after=start) if self.counts(entry)]
        return passed, self.audited()[audited:]

    def audited(self) -> list[Write]:
        """What the operator has written, by the API server's own log."""
        return self.audit.writes(namespace=self.namespace)

    def counts(self, entry: Entry) -> bool:
        """Whether it is a write that counts: leases and sign-ins do not."""
        if not entry.writes:
            return False
        if entry.place == API_SERVER:
            return "/leases" not in entry.request.path
        return bool(entry.subject)

    def evidence(
        self,
        *,
        quiet: tuple[Sequence[Entry], Sequence[Write]] = ((), ()),
        unsettled: Mapping[str, str] | None = None,
    ) -> Evidence:
        """Everything that the oracles want to see; ``quiet`` is what `quiet_writes` has found."""
        said = {str(path.name): path.read_text(encoding="utf-8", errors="replace") for path in self._logs}
        said["events"] = json.dumps(self.objects.list(EVENTS))
        said["backends"] = json.dumps(self.objects.list(IDENTITY_BACKENDS))
        return Evidence(
            wishes=dict(self.wishes),
            entries=self.journal.entries(),
            history=self.history.states(),
            gone=self.history.gone(),
            remotes={name: server.truth() for name, server in self.servers.items()},
            planted=self.planted,
            made={name: server.made() for name, server in self.servers.items()},
            audited=self.audited(),
            said=said,
            secrets=frozenset(self._secrets),
            quiet=quiet[0],
            quiet_audited=quiet[1],
            unsettled=dict(unsettled or {}),
        )

    def replace_credential(self, site: str, values: Mapping[str, str]) -> None:
        """A user writes another credential into the Secret of a backend object; what it held may be told as little."""
        self._secrets |= set(values.values())
        data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
        self.objects.patch(SECRETS, site, {"data": data})

    def expect_secret(self, value: str) -> None:
        """Nothing that is told may hold it."""
        self._secrets.add(value)

    # How the stage is set.

    def _stand_before_the_api_server(self) -> Path:
        """Start the proxy; the kubeconfig that leads to it and trusts it."""
        files = TLSFiles.make(self.folder / "tls")
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(files.certificate, files.key)
        behind = load_access(self.installation.kubeconfig)
        self.proxies[API_SERVER] = Proxy(
            API_SERVER, behind.server, self.journal, subjects=ApiSubjects(), tls=tls, upstream_tls=behind.ssl_context
        ).start()
        document = kubeconfigs.read(self.installation.kubeconfig)
        cluster = document["clusters"][0]["cluster"]
        cluster["server"] = self.proxies[API_SERVER].url
        cluster["certificate-authority-data"] = base64.b64encode(files.ca_bundle.encode()).decode()
        return kubeconfigs.write(document, self.folder / "kubeconfig")

    def _strangers(self, server: Site) -> list[Remote]:
        """Projects that are nobody's here."""
        ids = {server.plant("stranger-one"), server.plant("stranger-two")}
        return [remote for remote in server.truth() if remote.id in ids]

    def _apply_backends(self) -> None:
        documents: list[Object] = []
        for name, server in self.servers.items():
            secret = server.secret()
            self._secrets |= {value for key, value in secret.items() if key not in {"username", "client-id"}}
            documents += [
                {
                    "apiVersion": "v1",
                    "kind": "Secret",
                    "metadata": {"name": name, "labels": {names.CREDENTIALS_LABEL: "true"}},
                    "stringData": dict(secret),
                },
                manifest("IdentityBackend", name, self._through_the_proxy(server) | self.common()),
            ]
        self.apply_documents(documents)

    def _through_the_proxy(self, server: Site) -> dict[str, Any]:
        text = json.dumps(dict(server.member())).replace(server.url, self.proxies[server.name].url)
        found: dict[str, Any] = json.loads(text)
        return found

    def common(self) -> dict[str, Any]:
        """What is the same in the specs of all backend objects."""

        def milliseconds(seconds: float) -> str:
            return f"{seconds * 1000:.0f}ms"

        return {
            "consistency": {
                "readLag": milliseconds(self.bounds.read_lag),
                "inFlightBound": milliseconds(self.bounds.in_flight),
            },
            "timeout": milliseconds(self.bounds.timeout),
            "interval": milliseconds(self.bounds.interval),
            "rateLimit": {"requestsPerSecond": 1000, "burst": 1000, "maxInFlight": 64},
        }

    def apply_documents(self, documents: Sequence[Object]) -> None:
        """`kubectl apply` of all of them at once."""
        if documents:
            self.control_plane.kubectl(
                "apply", "--server-side", f"--namespace={self.namespace}", "--filename=-",
                stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(documents)}),
            )  # fmt: skip

    # Looks.

    def _not_there(self, wishes: Iterable[Wish]) -> dict[str, str]:
        found = {one["metadata"]["name"]: one for one in self.history.present()}
        left = {}
        for wish in wishes:
            obj = found.get(wish.name)
            if wish.operation == DELETE:
                words = "" if obj is None else f"is still there: {_words(obj)}"
            else:
                words = "there is no such Project" if obj is None else _why_not_ready(obj)
            if words:
                left[wish.name] = words
        return left

    def _give_words(self, left: Mapping[str, str]) -> None:
        for name, words in left.items():
            wish = self.wishes[name]
            found = WORD.findall(words)
            if not found or any(one.name == name for one in self.servers[wish.place].truth()):
                continue
            obj = self.objects.find(PROJECTS, name)
            if obj is None or (obj["metadata"].get("annotations") or {}).get(names.REPEAT_CREATION_ANNOTATION) in found:
                continue
            changes = {"metadata": {"annotations": {names.REPEAT_CREATION_ANNOTATION: found[0]}}}
            self.objects.patch(PROJECTS, name, changes)
            self.wishes[name] = replace(wish, given_words=wish.given_words + 1)

    def _wait_standing(self, patience: float) -> None:
        """Events come behind the work, and once an interval a backend object says how many Projects it has."""
        deadline = time.monotonic() + patience
        written, since = -1, time.monotonic()
        while time.monotonic() < min(deadline, since + 1.5 * self.bounds.interval):
            now = sum(map(self.counts, self.journal.entries()))
            if now != written:
                written, since = now, time.monotonic()
            time.sleep(0.2)


def _why_not_ready(obj: Mapping[str, Any]) -> str:
    """Empty where it is Ready for its present generation."""
    ready = condition(obj, "Ready")
    current = ready.get("observedGeneration") == obj["metadata"]["generation"]
    return "" if current and ready["status"] == "True" else _words(obj)


def _words(obj: Mapping[str, Any]) -> str:
    ready = condition(obj, "Ready")
    return f"{ready.get('reason', 'nothing')}: {ready.get('message', '')}"
