"""The commands of every other page, typed in order, with the operator at work and a Project that is Ready.

What comes of each is looked at elsewhere; here a command fails that is misspelt, that kubectl or a definition has
outgrown, or that waits in vain.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from chart_installation import Installation
from scenario import BACKEND, SECRET, Scenario
from typist import ROOT, Typist, shown

import check_docs
from project_operator.kube.resources import IDENTITY_BACKENDS, PROJECTS, SECRETS

NAMESPACE: Final = "payments"
TEAMS_SECRET: Final = "nscale-credentials"
PROJECT: Final = "payments-staging"
AS_FOUND: Final = {"deletionProtection": False, "deletionPolicy": None, "suspend": False}
BY_ITSELF: Final = "docs/getting-started.md"
"""Has a test of its own, as it takes everything away in the end."""
PAGES: Final = [
    page for path in check_docs.pages(ROOT) if shown(page := path.relative_to(ROOT).as_posix()) and page != BY_ITSELF
]
WORDS: Final = {"NAMESPACE": NAMESPACE, "NAME": PROJECT}
"""What a reader puts in for what runbooks write in capitals."""
OF_BACKENDS: Final = WORDS | {"NAME": BACKEND}
"""The same where the page is about a backend object."""
ABOUT_BACKENDS: Final = ("ProjectOperatorBackendNotReady", "ProjectOperatorCredentialExpires")

pytestmark = [pytest.mark.whole, pytest.mark.xdist_group("pages")]


class Pages(Scenario):
    """What the pages take for granted: a backend object with its Secret, and a Project, both Ready."""

    def set(self) -> None:
        """Put there what is not there, and as it was what is."""
        if self.objects.find(SECRETS, TEAMS_SECRET) is None:
            self.objects.create(SECRETS, self.secret(TEAMS_SECRET))
        if self.find(BACKEND, "IdentityBackend") is None:
            auth = {"serviceAccountToken": {"secretRef": {"name": TEAMS_SECRET}}}
            backend = self.backend(BACKEND, nscale={"url": self.identity.url, "auth": auth})
            self.objects.create(IDENTITY_BACKENDS, backend)
        if self.find(PROJECT) is None:
            self.objects.create(PROJECTS, self.project(PROJECT))
        else:
            self.edit(AS_FOUND, PROJECT)
        self.wait_ready(BACKEND, kind="IdentityBackend")
        self.wait_ready(PROJECT)

    def stock(self) -> None:
        """Projects that were there before, for whoever imports them."""
        self.identity.admin.make_projects(count=2, name_prefix="team", tags={"owner": "payments"})
        self.identity.admin.catch_up()

    def set_in(self, namespace: str) -> None:
        """The default backend of another namespace."""
        for document in (self.secret(SECRET), self.backend(BACKEND)):
            self.control_plane.kubectl("apply", f"--namespace={namespace}", "-f", "-", stdin=json.dumps(document))


@pytest.fixture(scope="module")
def pages(request: pytest.FixtureRequest) -> Iterator[Pages]:
    installation: Installation = request.getfixturevalue("installation")
    control_plane, operator, audit = map(request.getfixturevalue, ("control_plane", "operator", "audit"))
    made = Pages(control_plane, operator, audit, NAMESPACE, NAMESPACE)
    made.open()
    control_plane.kubectl("create", "namespace", "argocd")
    control_plane.kubectl("create", "configmap", "argocd-cm", "--namespace=argocd")
    try:
        made.set_in(installation.namespace)
        made.stock()
        yield made
        kinds = f"{PROJECTS.plural}.{PROJECTS.group},{IDENTITY_BACKENDS.plural}.{IDENTITY_BACKENDS.group}"
        control_plane.kubectl("delete", kinds, "--all", f"--namespace={installation.namespace}")
    finally:
        made.close()


@pytest.mark.parametrize("page", PAGES)
def test_what_it_shows_can_be_typed(page: str, pages: Pages, tmp_path: Path) -> None:
    plane = pages.control_plane
    typist = Typist(tmp_path, plane.kubeconfig, plane.kubectl_program, NAMESPACE, token=pages.identity.token)
    words = OF_BACKENDS if Path(page).stem in ABOUT_BACKENDS else WORDS
    for block in shown(page):
        pages.set()
        typist.type_all([block], words)


def test_every_page_with_a_command_is_among_them() -> None:
    assert len(PAGES) > 30
