"""SIGKILL at every write of the replacement of a credential: many backend objects, each with a token of its own.

What was asked for and not kept is lost: nobody is ever shown it again. Then a person makes a new token, which is all
that may be asked of one.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from objects import Object
from scenario import condition, manifest
from waiting import wait_until

from chaos.evidence import CREATE, Wish
from chaos.journal import API_SERVER, Entry
from chaos.kills import LATE, STANDINGS, Hold, Standing, wait_held
from chaos.rules import Match, Rule
from chaos.sites import NscaleSite
from chaos.stage import Stage
from chaos.tally import Row, Tried
from project_operator.api import names
from project_operator.kube.resources import IDENTITY_BACKENDS, SECRETS

ROTATION: Final = "rotate"
WRITES: Final = ("the intent", "POST to the backend", "the successor")
"""Of one replacement, in order: the Secret is made, the token asked for, the Secret filled."""
WITHIN: Final = 120.0
"""Seconds in which a backend object is Ready again, or says that a person is needed."""


@dataclass(slots=True)
class Replaced:
    """A backend object whose token is due, and where its replacement is cut."""

    name: str
    nth: int
    standing: Standing
    hold: Hold
    token: str
    """Of the user."""
    account: str
    wish: Wish
    helped: int = 0
    """How often a person made a new token."""

    @property
    def loses(self) -> bool:
        """Whether the backend replaces the token and nobody keeps what it was replaced by."""
        asked, kept = 2, 3
        return (self.nth == asked and self.standing is not Standing.UNSENT) or (
            self.nth == kept and self.standing is Standing.UNSENT
        )

    def tried(self, run: str) -> Tried:
        """The point, as it is counted."""
        what = f"killed, the write {self.standing}"
        return Tried(run, "kill", what, WRITES[self.nth - 1], ROTATION, "nscale", self.nth, self.wish.name)


def cut(stage: Stage) -> list[Replaced]:
    """Begin all replacements at once, kill the operator at every point of them, and start the next one. Those that came
    about.
    """
    objects = [_due(stage, nth, standing) for nth in range(1, len(WRITES) + 1) for standing in STANDINGS]
    stage.apply_documents([document for one in objects for document in _manifests(stage, one)])
    stage.apply([one.wish for one in objects])
    wait_held([one.hold for one in objects], 0.8 * stage.bounds.timeout)
    for one in objects:
        one.hold.killed = True
    struck = [one for one in objects if one.hold.held]
    stage.kill_operator()
    stage.start_operator()
    for place in (API_SERVER, "nscale"):
        stage.proxies[place].rules.clear()
    return struck


def help_out(stage: Stage, objects: Sequence[Replaced]) -> None:
    """Wait until every one has a token that works, or says that it is lost: then be the person who makes a new one."""

    def settled(one: Replaced) -> bool:
        ready = condition(stage.objects.find(IDENTITY_BACKENDS, one.name) or {}, "Ready")
        if ready.get("status") == "True" and (token := kept(stage, one)):
            stage.expect_secret(token)
            return True
        if ready.get("reason") == "CredentialsRejected" and "make a new one" in ready["message"] and not one.helped:
            one.helped += 1
            token = _server(stage).make_service_account(f"{one.name}-anew").token
            stage.expect_secret(token)
            data = {"token": base64.b64encode(token.encode()).decode()}
            stage.objects.patch(SECRETS, one.name, {"data": data})
        return False

    try:
        wait_until(lambda: all(map(settled, objects)), "every token to be kept", within=WITHIN, every=1.0)
    except AssertionError as error:
        for one in objects:
            ready = condition(stage.objects.find(IDENTITY_BACKENDS, one.name) or {}, "Ready")
            error.add_note(f"{one.name}, helped {one.helped} times: {ready.get('reason')}: {ready.get('message')}")
        raise


def kept(stage: Stage, one: Replaced) -> str:
    """The token in the Secret of the operator's own; "" where there is none."""
    found = stage.objects.find(SECRETS, f"{one.name}-rotated") or {}
    return base64.b64decode((found.get("data") or {}).get("token", "")).decode()


def rows(stage: Stage, objects: Sequence[Replaced], broken: Sequence[str]) -> dict[Tried, Row]:
    """The points; ``broken`` are the Projects with something amiss."""
    return {
        one.tried(stage.namespace): Row(
            tried=1,
            survived=one.wish.name not in broken,
            broken=one.wish.name in broken,
            needs_a_person=bool(one.helped),
        )
        for one in objects
    }


def _due(stage: Stage, nth: int, standing: Standing) -> Replaced:
    """One more, with its rule in force."""
    name = f"due-{nth}-{standing.name.lower()}"
    account = _server(stage).make_service_account(name)
    stage.expect_secret(account.token)
    stage.subjects["nscale"].expect(name, account.service_account_id)
    hold = Hold(standing, late=LATE * stage.bounds.in_flight)
    rule = Rule(f"held: {standing}", _of_the_replacement(name), hold, nth)
    for place in (API_SERVER, "nscale"):
        stage.proxies[place].rules.add(rule)
    wish = stage.wish("nscale", CREATE, 100 * nth + STANDINGS.index(standing), backend=name)
    return Replaced(name, nth, standing, hold, account.token, account.service_account_id, wish)


def _of_the_replacement(name: str) -> Match:
    def match(entry: Entry) -> bool:
        if entry.place == API_SERVER:
            return entry.writes and entry.subject == f"secrets/{name}-rotated"
        return entry.writes and entry.subject == name

    return match


def _manifests(stage: Stage, one: Replaced) -> tuple[Object, Object]:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": one.name, "labels": {names.CREDENTIALS_LABEL: "true"}},
        "stringData": {"token": one.token},
    }
    auth = {"serviceAccountToken": {"secretRef": {"name": one.name}, "rotation": {"before": "8760h"}}}
    spec = {"nscale": {"url": stage.proxies["nscale"].url, "auth": auth}} | stage.common()
    return secret, manifest("IdentityBackend", one.name, spec)


def _server(stage: Stage) -> Any:
    site = stage.servers["nscale"]
    assert isinstance(site, NscaleSite)
    return site.server.admin
