"""What tenants may import, and what becomes of what they imported while they were allowed to."""

from dataclasses import replace
from typing import Any

import pytest
from simulation.tenants import FINALIZED, MADE, rules, said, tenant_view
from simulation.views import NOW, UID, a_listing, a_remote, mark_of
from sound_decisions import decide

from project_operator.api.conditions import Reason
from project_operator.backends.base import ProjectContent, RemoteProject
from project_operator.reconcile import actions as act
from project_operator.reconcile.evidence import Observation
from project_operator.reconcile.memory import Announced, Intent
from project_operator.reconcile.record import Record
from project_operator.reconcile.view import Relative


def existing(organization: str = "org", *, domain: bool = False, parent: str | None = None) -> RemoteProject:
    particulars = {"keystone.isDomain": "true" if domain else "false"}
    content = ProjectContent("web", parent_id=parent, particulars=particulars)
    return a_remote("p9", content=content, organization_id="p9" if domain else organization)


IMPORTED = MADE | {"id": "p9", "origin": "Imported"}
TIGHTENED = [
    ({}, "`tenancy.import` is 'Forbidden'"),
    ({"import": "Allowed", "allowedDomains": ["d1"]}, "its domain 'd2' is not among `tenancy.allowedDomains`"),
]


@pytest.mark.parametrize("spec", [{"import": {"id": "p9"}}, {}], ids=["still in the spec", "taken out of the spec"])
@pytest.mark.parametrize("policy", ["Manage", "ReportDrift", "Plan", "Observe"])
@pytest.mark.parametrize(("tenancy", "words"), TIGHTENED)
def test_what_may_be_imported_no_more_is_neither_written_nor_shown(
    tenancy: Any, words: str, policy: str, spec: Any
) -> None:
    remote = replace(existing("d2"), content=ProjectContent("theirs", description="private"))
    view = tenant_view(
        rules(**tenancy),
        spec | {"managementPolicy": policy, "description": "mine"},
        status=IMPORTED | {"name": "as it was"},
        backend={"listing": a_listing(remote)},
        metadata=FINALIZED,
    )
    action = decide(view)
    assert said(action)[0] == Reason.NOT_PERMITTED
    assert words in said(action)[1]
    assert isinstance(action, act.Rest)
    assert action.status is not None
    assert (action.status.name, action.status.observed) == ("as it was", None)


def test_that_check_notices_a_rule_that_looks_only_when_it_is_taken() -> None:
    """The broken twin: of a project that was made here nobody asks where it came from."""
    view = tenant_view(
        rules(),
        {"description": "mine"},
        status=IMPORTED | {"origin": "Created"},
        backend={"listing": a_listing(replace(existing("d2"), content=ProjectContent("web", mark=mark_of())))},
        metadata=FINALIZED,
    )
    assert isinstance(decide(view), act.WriteStatus)


@pytest.mark.parametrize(("mark", "next_"), [(mark_of(), act.Delete), ("", act.Rest)], ids=["ours", "never marked"])
def test_what_may_be_imported_no_more_is_deleted_only_where_it_was_marked(mark: str, next_: type) -> None:
    remote = a_remote("p9", mark=mark)
    announced = Announced(Intent.DELETE, Record(UID, finalizer=True, attempt="", id="p9"), 1, at=NOW - 3)
    view = tenant_view(
        rules(),
        {"import": {"id": "p9"}},
        status=IMPORTED,
        memory={"reads": {"p9": Observation(NOW - 1, remote)}, "announced": announced},
        metadata=FINALIZED | {"deletionTimestamp": "2026-01-01T00:00:00Z"},
        definition_checked_at=NOW - 2,
    )
    action = decide(view)
    assert isinstance(action, next_)
    if isinstance(action, act.Rest):
        assert said(action)[0] == Reason.CONFLICT
        assert "Set `deletionPolicy: Orphan` to let it go" in said(action)[1]


def test_a_parent_that_is_a_project_of_the_same_namespace_is_a_parent_to_import_under() -> None:
    lineage = (Relative("top", "p2", ready=True, deleting=False, same_backend=True),)
    memory = {"reads": {"p9": Observation(NOW - 1, existing(parent="p2"))}}
    spec = {"import": {"id": "p9"}, "parentRef": {"name": "top"}}
    given: dict[str, Any] = {"import": "Allowed"}
    allowed = rules(**given)
    assert isinstance(decide(tenant_view(allowed, spec, memory=memory, lineage=lineage)), act.AddFinalizer)
    elsewhere = (replace(lineage[0], same_backend=False),)
    refused = decide(tenant_view(allowed, spec, memory=memory, lineage=elsewhere))
    assert "its parent 'p2' is not among" in said(refused)[1]


def taken(project: RemoteProject, *, spec: Any = None, **tenancy: Any) -> act.Action:
    """What an import of ``project`` by id leads to."""
    tenancy["import"] = "Allowed"
    memory = {"reads": {"p9": Observation(NOW - 1, project)}}
    return decide(tenant_view(rules(**tenancy), {"import": {"id": "p9"}} | (spec or {}), memory=memory))


@pytest.mark.parametrize(
    ("project", "spec", "words"),
    [
        (existing(domain=True), {"keystone": {}}, "it is a domain; `tenancy.isDomain` is 'Forbidden'"),
        (existing("d2"), {}, "its domain 'd2' is not among `tenancy.allowedDomains`"),
        (existing(parent="p2"), {}, "its parent 'p2' is not among `tenancy.allowedParents`"),
    ],
)
def test_what_may_not_be_asked_for_may_not_be_imported_either(project: RemoteProject, spec: Any, words: str) -> None:
    action = taken(project, spec=spec)
    assert isinstance(action, act.Rest)
    assert action.status is not None
    ready = action.status.conditions[0]
    assert (ready.reason, words in ready.message) == (Reason.NOT_PERMITTED, True), ready.message


@pytest.mark.parametrize(
    ("project", "tenancy"),
    [
        (existing(parent="org"), {}),
        (existing("d1", parent="d1"), {"allowedDomains": ["d1"]}),
        (existing(parent="p1"), {"allowedParents": ["p1"]}),
    ],
)
def test_the_rest_may(project: RemoteProject, tenancy: Any) -> None:
    assert isinstance(taken(project, **tenancy), act.AddFinalizer)


@pytest.mark.parametrize(("spec", "next_"), [({}, act.Rest), ({"keystone": {"isDomain": True}}, act.AddFinalizer)])
def test_a_domain_is_taken_over_only_where_the_spec_says_that_it_is_one(spec: Any, next_: type) -> None:
    assert isinstance(taken(existing(domain=True), spec=spec, isDomain="Allowed"), next_)
