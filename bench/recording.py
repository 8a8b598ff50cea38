"""What the operator sends for one Project, word for word: the bare client sends the same.

A Project is created by the real operator, through proxies that note what passes.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from chaos.journal import API_SERVER, Entry, Journal
from chaos.proxy import Proxy
from operator_process import OperatorProcess

from bench import manifests
from bench.kube import Kube
from bench.patience import until
from bench.sight import Sight
from project_operator.errors import SandboxError
from project_operator.kube.access import load_access
from project_operator.sandbox.controlplane import kubeconfig as kubeconfigs

NAME: Final = "recorded-project"
BACKEND: Final = "recorded-backend"
VERSION: Final = "@@VERSION@@"
"""Stands for the resourceVersion that a write is guarded by."""


@dataclass(frozen=True, slots=True)
class Templates:
    """The bodies of the five requests, with the words of the recorded Project in them."""

    name: str
    uid: str
    id: str
    version: str
    finalizer: str
    creation: str
    accepted: str
    ready: str
    event: str


async def record(kube: Kube, sight: Sight, kubeconfig: Path, identity: str, settings: dict[str, str]) -> Templates:
    """Let the operator create a Project, and note what it sends; ``identity`` is the URL of the identity server, the
    namespace with the Secret is there. Raises SandboxError where it sends other requests than are expected.
    """
    access, journal = load_access(kubeconfig), Journal()
    await kube.ask("POST", manifests.PROJECTS, manifests.project(NAME, backendRef=manifests.of_backend(BACKEND)))
    with (
        Proxy(API_SERVER, access.server, journal, upstream_tls=access.ssl_context) as api_server,
        Proxy("backend", identity, journal) as backend,
    ):
        await kube.ask("POST", manifests.BACKENDS, manifests.backend(BACKEND, manifests.nscale(backend.url)))
        document = kubeconfigs.read(kubeconfig)
        document["clusters"][0]["cluster"] = {"server": api_server.url}
        through = kubeconfigs.write(document, kubeconfig.with_name("kubeconfig-recorded"))
        with OperatorProcess(through, kubeconfig.with_name("operator-recorded.log"), settings):
            await sight.until(lambda: NAME in sight.ready, "the recorded Project to be Ready")
            await until(lambda: any(_is_event(entry) for entry in journal.entries()), "its Event", every=0.1)
    raw = await kube.ask("GET", f"{manifests.PROJECTS}/{NAME}")
    return _templates(raw["metadata"]["uid"], raw["status"]["id"], journal.entries())


def _templates(uid: str, project_id: str, entries: list[Entry]) -> Templates:
    found = [entry for entry in entries if entry.took_effect and entry.writes and _concerns(entry)]
    said = [f"{entry.request.method} {entry.request.path}" for entry in found]
    if [one.split()[0] for one in said[:4]] != ["PATCH", "POST", "PATCH", "PATCH"] or len(said) != 5:  # noqa: PLR2004 - the fifth is the Event
        raise SandboxError(f"the bare client knows another happy path than the operator: {said}")
    finalizer, creation, accepted, ready, event = (entry.request.body.decode() for entry in found)
    return Templates(
        name=NAME,
        uid=uid,
        id=project_id,
        version=VERSION,
        finalizer=_without_version(found[0], finalizer),
        creation=creation,
        accepted=_without_version(found[2], accepted),
        ready=_without_version(found[3], ready),
        event=event,
    )


def _without_version(entry: Entry, body: str) -> str:
    version = entry.request.document["metadata"]["resourceVersion"]
    return body.replace(f'"resourceVersion":"{version}"', f'"resourceVersion":"{VERSION}"')


def _is_event(entry: Entry) -> bool:
    return entry.request.path.endswith("/events") and NAME in entry.request.body.decode()


def _concerns(entry: Entry) -> bool:
    path = entry.request.path
    return f"/projects/{NAME}" in path or (entry.place == "backend" and path.endswith("/projects")) or _is_event(entry)
