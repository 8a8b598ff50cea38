from typing import Any

import pytest

from project_operator.api.names import FINALIZER
from project_operator.runtime import store as module
from project_operator.runtime.keys import Key, Place
from project_operator.runtime.store import References, Store


def raw(name: str = "web", uid: str = "u1", version: int = 1, **more: Any) -> dict[str, Any]:
    metadata = {"namespace": "ns", "name": name, "uid": uid, "resourceVersion": str(version)}
    return {"metadata": metadata | more.pop("metadata", {}), **more}


def key(name: str = "web", uid: str = "u1") -> Key:
    return Key("projects", "ns", name, uid)


def place(name: str) -> Place:
    return Place("identitybackends", "ns", name)


def test_the_newest_state_stays_whatever_comes_later() -> None:
    store = Store("projects")
    assert store.put(raw(version=9, spec={"a": 1}))
    assert not store.put(raw(version=9))
    assert not store.put(raw(version=5))
    assert store.put(raw(version=10, spec={"a": 2}))
    state = store.get("ns", "web")
    assert state is not None
    assert state["spec"] == {"a": 2}


def test_what_was_listed_and_not_shown_is_behind() -> None:
    store = Store("projects")
    store.put(raw(uid="u1", version=5))
    store.put(raw("gone", uid="u2", version=6))
    store.drop(key("gone", uid="u2"), raw("gone", uid="u2", version=7))

    def behind(name: str, uid: str, version: int) -> bool:
        return bool(store.behind({("ns", name, uid): version}))

    assert [behind("web", "u1", version) for version in (4, 5, 6)] == [False, False, True]
    assert [behind("gone", "u2", version) for version in (6, 7)] == [False, False]
    assert behind("new", "u3", 8)
    assert not behind("web", "u0", 3), "the state of an older object of that name"


def test_another_object_of_the_name_is_not_the_same_object() -> None:
    store = Store("projects")
    store.put(raw(uid="u1", version=1))
    store.put(raw(uid="u2", version=2))
    assert store.of(key(uid="u1")) is None
    assert store.of(key(uid="u2")) is not None
    store.drop(key(uid="u1"))
    assert len(store) == 1


def test_what_is_gone_does_not_come_back_with_a_late_state() -> None:
    store = Store("projects")
    store.put(raw(version=1))
    store.drop(key())
    assert not store.put(raw(version=2))
    assert store.get("ns", "web") is None


def test_only_so_many_of_the_gone_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "GONE_KEPT", 2)
    store = Store("projects")
    for uid in ("u1", "u2", "u3"):
        store.drop(key(uid=uid))
    assert [store.put(raw(uid=uid, version=version)) for version, uid in enumerate(("u3", "u2", "u1"), 1)] == [
        False,
        False,
        True,
    ]


def test_managed_fields_are_not_kept() -> None:
    store = Store("projects")
    store.put(raw(metadata={"managedFields": [{}], "labels": {"a": "b"}}))
    state = store.of(key())
    assert state is not None
    assert "managedFields" not in state["metadata"]
    assert state["metadata"]["labels"] == {"a": "b"}


def test_what_a_listing_lacks_is_found() -> None:
    store = Store("projects")
    store.put(raw("web", "u1"))
    store.put(raw("shop", "u2"))
    assert list(store.keys()) == [key("web", "u1"), key("shop", "u2")]
    assert store.absent_from({("ns", "web", "u1"), ("ns", "shop", "u9")}, 1) == [key("shop", "u2")]


def test_what_is_newer_than_a_listing_is_not_found_to_lack_in_it() -> None:
    store = Store("projects")
    store.put(raw("web", "u1", version=5))
    assert store.absent_from(set(), 4) == []
    assert store.absent_from(set(), 5) == [key("web", "u1")]


def project(name: str, uid: str, project_id: str = "", *, backend: str = "", **metadata: Any) -> tuple[Key, Any]:
    spec = {"backendRef": {"name": backend}} if backend else {}
    status = {"endpointID": "e1", "id": project_id} if project_id else {}
    return key(name, uid), raw(name, uid, metadata=metadata, spec=spec, status=status)


def test_projects_are_found_by_uid_by_what_they_name_and_by_their_backend() -> None:
    references = References("default")
    web, shop = project("web", "u1", "p1"), project("shop", "u2", "p1", backend="other", finalizers=[FINALIZER])
    references.note(*web)
    references.note(*shop)
    assert references.of_uid("u2") == shop[0]
    assert references.of_uid("u9") is None
    assert references.holders("e1", "p1") == {web[0], shop[0]}
    assert references.holders("e2", "p1") == frozenset()
    assert references.referring(place("default")) == {web[0]}
    assert references.backends_of(shop[0]) == {place("other")}
    assert references.backends_of(key("new", "u3")) == frozenset()
    assert (references.using(place("default")), references.using(place("other"))) == (0, 1)


def test_a_backend_for_many_namespaces_is_told_from_a_namesake() -> None:
    references = References("default")
    mine, others = project("web", "u1", backend="cloud"), project("shop", "u2", backend="cloud")
    others[1]["spec"]["backendRef"]["kind"] = "ClusterIdentityBackend"
    references.note(*mine)
    references.note(*others)
    cluster_wide = Place("clusteridentitybackends", "", "cloud")
    assert references.referring(place("cloud")) == {mine[0]}
    assert references.referring(cluster_wide) == {others[0]}
    assert references.tenants("ns") == {others[0]}
    assert references.tenants("elsewhere") == frozenset()


def test_the_default_backend_may_be_one_for_many_namespaces() -> None:
    references = References("cloud", "ClusterIdentityBackend")
    references.note(*project("web", "u1"))
    assert references.tenants("ns") == {key("web", "u1")}
    assert references.place_of("ns", {"name": "own"}) == place("own")


def test_what_a_project_was_made_with_is_still_needed_when_it_refers_to_another() -> None:
    references = References("new")
    web = project("web", "u1", "p1", finalizers=[FINALIZER])
    web[1]["status"]["backendRef"] = {"kind": "IdentityBackend", "name": "old", "uid": "b1"}
    references.note(*web)
    assert (references.using(place("old")), references.using(place("new"))) == (1, 1)


def test_what_left_the_selector_may_come_back_and_no_older_state_does() -> None:
    store = Store("secrets", by_label=True)
    store.put(raw(version=3))
    store.drop(key(), raw(version=5))
    assert not store.put(raw(version=4))
    assert not store.put(raw(version=5))
    assert store.put(raw(version=6))
    assert store.put(raw(version=7))


def test_an_id_is_expected_to_go_when_all_who_name_it_are() -> None:
    references = References("default")
    going = {"deletionTimestamp": "2026-01-01T00:00:00Z"}
    references.note(*project("web", "u1", "p1", **going))
    references.note(*project("shop", "u2", "p1"))
    assert references.named("e1") == (frozenset({"p1"}), frozenset())
    references.note(*project("shop", "u2", "p1", **going))
    assert references.named("e1") == (frozenset({"p1"}), frozenset({"p1"}))


def test_what_its_project_reports_missing_is_no_surprise() -> None:
    references = References("default")
    web = project("web", "u1", "p1")
    references.note(*web)
    assert references.named("e1") == (frozenset({"p1"}), frozenset())
    missing = [{"type": "Ready", "status": "False", "reason": "Missing"}]
    told = {**web[1], "status": {**web[1]["status"], "conditions": missing}}
    references.note(web[0], told)
    assert references.named("e1") == (frozenset({"p1"}), frozenset({"p1"}))


def test_what_changed_or_went_leaves_nothing_behind() -> None:
    references = References("default")
    references.note(*project("web", "u1", "p1"))
    references.note(*project("web", "u1", "p1"))
    references.note(*project("web", "u1", "p2", backend="other"))
    assert references.named("e1") == (frozenset({"p2"}), frozenset())
    assert references.referring(place("default")) == frozenset()
    references.note(key(), None)
    references.note(key(), None)
    assert references.named("e1") == (frozenset(), frozenset())
    assert references.of_uid("u1") is None
