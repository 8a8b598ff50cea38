"""Which source serves: every decision as a table."""

from pathlib import Path

import pytest

from project_operator.errors import SandboxError
from project_operator.sandbox.controlplane import decisions
from project_operator.sandbox.controlplane.decisions import BUILD_DISK, BUILD_MEMORY, GoFound, Skip, Use
from project_operator.sandbox.controlplane.platforms import Resources
from project_operator.sandbox.controlplane.versions import Version

HERE = Path("/here")
V = Version.parse


def kind_and_words(decision: Use | Skip | None) -> tuple[str, str]:
    return (type(decision).__name__, decision.why if decision else "")


def test_no_kubeconfig_is_the_usual_case() -> None:
    assert decisions.judge_kubeconfig(None, None, None) == Skip("--kubeconfig not given")


def test_a_kubeconfig_is_used_when_its_context_is_named_expendable() -> None:
    assert isinstance(decisions.judge_kubeconfig(HERE, "kind-x", "kind-x"), Use)


@pytest.mark.parametrize(
    ("expendable", "current", "words"),
    [
        (None, "prod", "add --expendable prod"),
        ("kind-x", "prod", "--expendable names kind-x"),
        ("kind-x", None, "no current-context"),
        ("", "prod", "--expendable was not given"),
    ],
)
def test_any_other_kubeconfig_is_refused_with_the_way_out(
    expendable: str | None, current: str | None, words: str
) -> None:
    with pytest.raises(SandboxError, match=words):
        decisions.judge_kubeconfig(HERE, expendable, current)


@pytest.mark.parametrize(
    ("directory", "present", "version", "kind", "words"),
    [
        (None, False, None, "Skip", "not set"),
        (HERE, False, None, "Skip", "/here has no etcd"),
        (HERE, True, None, "Skip", "does not run here"),
        (HERE, True, "3.6.1", "Use", "/here/etcd (3.6.1)"),
    ],
)
def test_assets(directory: Path | None, present: bool, version: str | None, kind: str, words: str) -> None:  # noqa: FBT001 - a column
    decision = decisions.judge_assets(directory, "etcd", present=present, version=V(version) if version else None)
    assert kind_and_words(decision)[0] == kind
    assert words in kind_and_words(decision)[1]


@pytest.mark.parametrize(
    ("present", "version", "kind"), [(False, None, "Skip"), (True, None, "Skip"), (True, "1.37.1", "Use")]
)
def test_cached(present: bool, version: str | None, kind: str) -> None:  # noqa: FBT001 - a column
    decision = decisions.judge_cached(HERE, present=present, version=V(version) if version else None)
    assert kind_and_words(decision)[0] == kind


def test_an_archive_without_a_committed_sum_is_not_fetched() -> None:
    assert decisions.judge_archive("1.37", "linux-arm64", None) == Skip(
        "no checksum is committed for Kubernetes 1.37 on linux-arm64"
    )
    assert isinstance(decisions.judge_archive("1.37", "linux-amd64", "ab" * 64), Use)


@pytest.mark.parametrize(
    ("disk", "memory", "words"),
    [
        (BUILD_DISK, BUILD_MEMORY, None),
        (BUILD_DISK, None, None),
        (BUILD_DISK - 1, BUILD_MEMORY, "6 GiB of disk"),
        (BUILD_DISK, BUILD_MEMORY - 1, "2.5 GiB of memory"),
    ],
)
def test_a_build_begins_only_where_it_can_end(disk: int, memory: int | None, words: str | None) -> None:
    decision = decisions.judge_resources(Resources(disk=disk, memory=memory))
    assert (decision is None) == (words is None)
    assert (words or "") in kind_and_words(decision)[1]


@pytest.mark.parametrize(
    ("found", "kind", "words"),
    [
        (None, "Skip", "no go on PATH"),
        ("1.25.9", "Skip", "1.26.0 is needed"),
        ("1.26.0", "Use", "1.26.0"),
        ("1.27.3", "Use", "1.27.3"),
    ],
)
def test_go_serves_when_it_is_no_older_than_the_module_asks(found: str | None, kind: str, words: str) -> None:
    go = GoFound(Path("/usr/bin/go"), V(found)) if found else None
    decision = decisions.judge_go(V("1.26.0"), go)
    assert kind_and_words(decision)[0] == kind
    assert words in kind_and_words(decision)[1]


@pytest.mark.parametrize(
    ("path", "version", "kind", "words"),
    [
        (None, None, "Skip", "no kubectl on PATH"),
        (HERE, None, "Skip", "does not tell its version"),
        (HERE, "1.35.9", "Skip", "more than one minor away"),
        (HERE, "1.36.0", "Use", "1.36.0"),
        (HERE, "1.38.0", "Use", "1.38.0"),
        (HERE, "1.39.0", "Skip", "more than one minor away"),
        (HERE, "2.37.0", "Skip", "more than one minor away"),
    ],
)
def test_kubectl_serves_within_one_minor(path: Path | None, version: str | None, kind: str, words: str) -> None:
    decision = decisions.judge_kubectl(path, V(version) if version else None, V("1.37.1"))
    assert kind_and_words(decision)[0] == kind
    assert words in kind_and_words(decision)[1]


@pytest.mark.parametrize(
    ("path", "version", "kind"),
    [
        (None, None, "Skip"),
        (HERE, None, "Skip"),
        (HERE, "3.3.25", "Skip"),
        (HERE, "3.4.23", "Use"),
        (HERE, "3.5.1", "Use"),
    ],
)
def test_etcd_serves_from_its_oldest_usable_version(path: Path | None, version: str | None, kind: str) -> None:
    assert kind_and_words(decisions.judge_etcd(path, V(version) if version else None))[0] == kind


@pytest.mark.parametrize(("only", "skipped"), [(None, False), ("cache", False), ("build", True), ("emulated", True)])
def test_a_source_is_passed_over_when_another_one_was_asked_for(only: str | None, skipped: bool) -> None:  # noqa: FBT001 - a column
    assert (decisions.judge_source("cache", only) is not None) == skipped


def test_an_outcome_reads_as_a_row() -> None:
    assert decisions.outcome(Use("/x")) == "used: /x"
    assert decisions.outcome(Skip("no /x")) == "skipped: no /x"
