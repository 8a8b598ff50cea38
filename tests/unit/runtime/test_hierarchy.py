"""Who is whose parent, and who is woken."""

from typing import Any

from project_operator.api.names import FINALIZER
from project_operator.kube.resources import PROJECTS
from project_operator.reconcile.view import Relative
from project_operator.runtime.hierarchy import Hierarchy
from project_operator.runtime.keys import Key
from project_operator.runtime.store import References, Store


class Stage:
    """A namespace; `woken` is who was woken since it was last asked."""

    def __init__(self) -> None:
        self.store = Store(PROJECTS.plural)
        self._woken: list[str] = []
        self._version = 0
        self.hierarchy = Hierarchy(self.store, References("default").place_of, self._wake)

    def put(self, name: str, parent: str = "", *, backend: str = "", uid: str = "", **more: Any) -> Key:
        """A Project as the watch shows it."""
        self._version += 1
        spec = ({"parentRef": {"name": parent}} if parent else {}) | (
            {"backendRef": {"name": backend}} if backend else {}
        )
        metadata = {"name": name, "namespace": "ns", "uid": uid or name, "resourceVersion": str(self._version)}
        raw = {"metadata": metadata | {"generation": 1} | more.pop("metadata", {}), "spec": spec} | more
        key = Key.of(PROJECTS.plural, raw)
        self.store.put(raw)
        self.hierarchy.note(key, self.store.of(key))
        return key

    def drop(self, key: Key) -> None:
        """It is gone."""
        self.store.drop(key)
        self.hierarchy.note(key, None)

    def woken(self) -> list[str]:
        """Names, in order."""
        names, self._woken = sorted(self._woken), []
        return names

    def _wake(self, keys: Any) -> None:
        self._woken += [key.name for key in keys]


HELD: dict[str, Any] = {"finalizers": [FINALIZER]}


def ready(status: str = "True", *, generation: int = 1, project_id: str = "p1") -> dict[str, Any]:
    condition = {"type": "Ready", "status": status, "observedGeneration": generation}
    return {"id": project_id, "conditions": [condition]}


def test_children_are_woken_when_a_parent_comes_is_ready_leaves_and_not_otherwise() -> None:
    stage = Stage()
    stage.put("team", "department")
    assert stage.woken() == []
    stage.put("department")
    assert stage.woken() == ["team"]
    stage.put("department", status={"id": "p1"})
    assert stage.woken() == ["team"]
    stage.put("department", status=ready("False"))
    assert stage.woken() == []
    stage.put("department", status=ready())
    assert stage.woken() == ["team"]
    stage.put("department", status=ready() | {"name": "anything"})
    assert stage.woken() == []
    stage.put("department", status=ready(), metadata={"generation": 2})
    assert stage.woken() == ["team"]
    gone = stage.put("department", status=ready(), metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"})
    stage.woken()
    stage.drop(gone)
    assert stage.woken() == ["team"]


def test_a_parent_is_woken_when_a_child_that_held_something_is_gone() -> None:
    stage = Stage()
    stage.put("department")
    child, idle = stage.put("team", "department", metadata=HELD), stage.put("idea", "department")
    assert stage.hierarchy.children(Key(PROJECTS.plural, "ns", "department", "department")) == ("team",)
    stage.woken()
    stage.drop(idle)
    assert stage.woken() == []
    stage.drop(child)
    assert stage.woken() == ["department"]
    assert stage.hierarchy.children(Key(PROJECTS.plural, "ns", "department", "department")) == ()


def test_a_child_that_lets_go_frees_its_parent_before_it_is_gone() -> None:
    stage = Stage()
    parent = stage.put("department")
    stage.put("team", "department", metadata=HELD)
    stage.woken()
    stage.put("team", "department")
    assert stage.woken() == ["department"]
    assert stage.hierarchy.children(parent) == ()


def test_a_child_whose_parent_is_gone_wakes_nobody() -> None:
    stage = Stage()
    child = stage.put("team", "department", metadata=HELD)
    stage.drop(child)
    assert stage.woken() == []


def test_a_child_made_anew_is_one_child() -> None:
    stage = Stage()
    parent = stage.put("department")
    old = stage.put("team", "department", uid="u1", metadata=HELD)
    stage.put("team", "department", uid="u2", metadata=HELD)
    assert stage.hierarchy.children(parent) == ("team",)
    stage.drop(old)
    assert stage.hierarchy.children(parent) == ("team",)


def test_the_lineage_goes_up_to_the_root() -> None:
    stage = Stage()
    stage.put("department", status=ready())
    stage.put("team", "department", metadata={"deletionTimestamp": "2026-01-01T00:00:00Z"})
    shop = stage.put("shop", "team")
    assert stage.hierarchy.lineage(shop) == (
        Relative("team", "", ready=False, deleting=True, same_backend=True),
        Relative("department", "p1", ready=True, deleting=False, same_backend=True),
    )


def test_the_lineage_ends_where_a_parent_is_missing() -> None:
    stage = Stage()
    assert stage.hierarchy.lineage(stage.put("shop", "team")) == ()
    assert stage.hierarchy.lineage(Key(PROJECTS.plural, "ns", "gone", "gone")) == ()


def test_round_a_circle_the_lineage_goes_once() -> None:
    stage = Stage()
    stage.put("a", "b")
    stage.put("b", "c")
    stage.put("c", "b")
    names = [relative.name for relative in stage.hierarchy.lineage(Key(PROJECTS.plural, "ns", "a", "a"))]
    assert names == ["b", "c"]


def test_a_parent_with_another_backend_is_told_apart() -> None:
    stage = Stage()
    stage.put("department", backend="other")
    stage.put("division", backend="default")
    (one,) = stage.hierarchy.lineage(stage.put("team", "department"))
    (other,) = stage.hierarchy.lineage(stage.put("shop", "division"))
    assert (one.same_backend, other.same_backend) == (False, True)


class TestWhatIsInADomain:
    """A project that is a domain is its own organization, and that of what is in it."""

    DOMAIN = ready(project_id="d1") | {"organizationID": "d1", "endpointID": "here"}

    def test_it_holds_the_projects_of_every_namespace_there(self) -> None:
        stage = Stage()
        domain = stage.put("domain", status=self.DOMAIN)
        inside = {"organizationID": "d1", "endpointID": "here"}
        stage.put("near", status={"id": "p1"} | inside)
        stage.put("far", status={"id": "p2"} | inside, metadata={"namespace": "other"})
        stage.put("elsewhere", status={"id": "p3"} | inside | {"endpointID": "there"})
        stage.put("next-door", status={"id": "p4"} | inside | {"organizationID": "d2"})
        assert stage.hierarchy.children(domain) == ("near", "other/far")

    def test_and_what_is_on_its_way_there(self) -> None:
        stage = Stage()
        domain = stage.put("domain", status=self.DOMAIN)
        chosen: dict[str, Any] = {"spec": {"keystone": {"domainID": "d1"}}}
        stage.put("not-begun", **chosen)
        assert stage.hierarchy.children(domain) == ()
        stage.put("under-way", metadata=HELD, **chosen)
        assert stage.hierarchy.children(domain) == ("under-way",)

    def test_it_is_woken_when_one_of_them_is_gone(self) -> None:
        stage = Stage()
        stage.put("domain", status=self.DOMAIN)
        team = stage.put("team", status={"id": "p1", "organizationID": "d1", "endpointID": "here"}, metadata=HELD)
        stage.woken()
        stage.drop(team)
        assert stage.woken() == ["domain"]

    def test_nothing_is_kept_of_what_is_gone(self) -> None:
        stage = Stage()
        domain = stage.put("domain", status=self.DOMAIN)
        team = stage.put("team", status={"id": "p1", "organizationID": "d1", "endpointID": "here"})
        stage.drop(team)
        stage.drop(domain)
        assert not stage.hierarchy._contents
        assert not stage.hierarchy._holders
