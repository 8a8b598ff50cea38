"""The workflows: what they may do, what they run, and that GitHub would take them.

They were never run from here: what can be judged without GitHub is judged by their text, by some steps with programs
that only say what they would do, and by actionlint where Go is there.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from project_operator.sandbox.controlplane.plane import default_cache
from run_tests import CORE, TESTS

ROOT = Path(__file__).resolve().parent.parent
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yaml"))
RELEASE = ROOT / ".github" / "workflows" / "release.yaml"
SOAK = ROOT / ".github" / "workflows" / "soak.yaml"
ACTIONLINT = ROOT / "tests" / "support" / "actionlint"
RIGHTS = {
    "verify": {},
    "image": {"packages": "write", "id-token": "write", "attestations": "write"},
    "chart": {"packages": "write", "id-token": "write", "attestations": "write"},
    "release": {"contents": "write"},
}
"""What each job may do beyond reading the repository."""


def jobs(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]
    return found


def steps(path: Path) -> Iterator[dict[str, Any]]:
    for job in jobs(path).values():
        yield from job["steps"]


def unpinned(text: str) -> list[str]:
    """The actions in a workflow that are not named by a commit with its version beside it."""
    pinned = re.compile(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    return [used for used in re.findall(r"uses: (.+)", text) if not pinned.fullmatch(used.strip())]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_action_is_pinned_by_commit(path: Path) -> None:
    assert unpinned(path.read_text(encoding="utf-8")) == []


def test_an_action_that_is_not_pinned_is_seen() -> None:
    text = "uses: a/b@v1\nuses: a/b@" + "0" * 40 + "\nuses: a/b@" + "0" * 40 + " # v1.2.3\n"
    assert unpinned(text) == ["a/b@v1", "a/b@" + "0" * 40]


def test_every_job_may_do_what_it_needs_and_nothing_more() -> None:
    workflow = yaml.safe_load(RELEASE.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    asked = {name: job.get("permissions", {}) for name, job in workflow["jobs"].items()}
    more = {
        name: {right: how for right, how in rights.items() if (right, how) != ("contents", "read")}
        for name, rights in asked.items()
    }
    assert more == RIGHTS


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_no_outside_word_becomes_part_of_a_script(path: Path) -> None:
    assert [step["run"] for step in steps(path) if "${{" in step.get("run", "")] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_checkout_leaves_no_credential_behind_and_every_job_ends(path: Path) -> None:
    for step in steps(path):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False
    assert all(job["timeout-minutes"] for job in jobs(path).values())


def test_nothing_is_pushed_before_everything_that_must_hold_does() -> None:
    needs = {name: job.get("needs", []) for name, job in jobs(RELEASE).items()}
    assert needs == {"verify": [], "image": "verify", "chart": "image", "release": ["image", "chart"]}
    ran = [step.get("run", "") for step in jobs(RELEASE)["verify"]["steps"]]
    assert "bash .ci/run" in ran
    assert any("scripts/release.py check" in run for run in ran)
    assert "python3 scripts/release.py actions" in ran


def test_what_is_left_out_of_make_test_is_run_each_night() -> None:
    (job,) = jobs(SOAK).values()
    verbs = set(job["strategy"]["matrix"]["verb"])
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    said = re.search(r'^soak:.*\n.* WHOLE=1 PARTS="(.+)"', makefile, re.MULTILINE)
    assert said is not None
    left_out = {
        "core" if path.is_relative_to(CORE) else path.relative_to(TESTS).parts[0]
        for path in TESTS.rglob("*.py")
        if "mark.whole" in path.read_text(encoding="utf-8") and path != Path(__file__)
    }
    assert {"core", "scenarios", "kill", "chaos"} <= left_out
    assert left_out <= {*said[1].split(), *verbs}
    assert verbs == {"soak", "kill", "chaos"}
    assert [step["run"] for step in steps(SOAK) if "run" in step] == ['make "$VERB"']
    assert yaml.safe_load(SOAK.read_text(encoding="utf-8"))["permissions"] == {"contents": "read"}


def test_the_image_is_built_for_both_platforms_from_the_dockerfile() -> None:
    (build,) = [step for step in steps(RELEASE) if step.get("uses", "").startswith("docker/build-push-action@")]
    assert build["with"]["platforms"] == "linux/amd64,linux/arm64"
    assert (ROOT / build["with"]["file"]).exists()
    dockerfile = (ROOT / build["with"]["file"]).read_text(encoding="utf-8")
    given = {line.partition("=")[0] for line in build["with"]["build-args"].splitlines()}
    assert given == set(re.findall(r"^ARG (\w+)=", dockerfile, flags=re.MULTILINE)) - {"PYTHON_IMAGE"}
    assert "SOURCE_DATE_EPOCH" in build["env"]


def test_the_image_has_no_tag_before_it_is_signed() -> None:
    (build,) = [step for step in steps(RELEASE) if step.get("uses", "").startswith("docker/build-push-action@")]
    assert {"push-by-digest=true", "push=true"} <= set(build["with"]["outputs"].split(","))
    assert "tags" not in build["with"]
    order = [step.get("run", step.get("uses", "")) for step in jobs(RELEASE)["image"]["steps"]]
    signed, attested, tagged = (
        next(place for place, what in enumerate(order) if words in what)
        for words in ("cosign sign", "actions/attest-build", "imagetools create --tag")
    )
    assert signed < attested < tagged == len(order) - 1


@pytest.mark.parametrize("job", ["image", "chart"])
def test_what_is_pushed_is_signed_by_digest_and_has_provenance(job: str) -> None:
    (sign,) = [step for step in jobs(RELEASE)[job]["steps"] if "cosign sign" in step.get("run", "")]
    assert sign["env"]["SUBJECT"].endswith("outputs.digest }}")
    assert "--key" not in sign["run"]
    (provenance,) = [
        step for step in jobs(RELEASE)[job]["steps"] if step.get("uses", "").startswith("actions/attest-build")
    ]
    assert provenance["with"]["subject-digest"].endswith("outputs.digest }}")
    assert provenance["with"]["push-to-registry"] is True


def test_the_bill_of_materials_is_attested_and_released() -> None:
    written = "dist/sbom.cdx.json"
    assert written in (ROOT / "scripts" / "sbom.py").read_text(encoding="utf-8")
    ran = {name: " ".join(step.get("run", "") for step in job["steps"]) for name, job in jobs(RELEASE).items()}
    assert "make sbom" in ran["image"]
    assert f"cosign attest --yes --type cyclonedx --predicate {written}" in ran["image"]
    assert "gh release create" in ran["release"]
    assert written in ran["release"]


DIGEST = "sha256:" + "0f" * 32
GITHUBS_OWN = ("bash", "-e")
"""The shell of a step where the workflow names none; `shell: bash` is another."""


def shell() -> tuple[str, ...]:
    """What GitHub starts for `shell: bash`, which is the workflow's for every step."""
    found = yaml.safe_load(RELEASE.read_text(encoding="utf-8"))
    assert found["defaults"] == {"run": {"shell": "bash"}}
    assert [step for step in steps(RELEASE) if "shell" in step] == []
    return ("bash", "--noprofile", "--norc", "-eo", "pipefail")


def ran(
    words: str, programs: dict[str, str], folder: Path, with_shell: tuple[str, ...], **variables: str
) -> tuple[int, str, dict[str, str]]:
    """The step that has these words, with programs that do as they are told here: how it ended, what it said, and its
    outputs.
    """
    (script,) = [step["run"] for step in steps(RELEASE) if words in step.get("run", "")]
    for name, text in programs.items():
        program = folder / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        program.chmod(0o755)
    (folder / "script").write_text(script, encoding="utf-8")
    (folder / "output").touch()
    path = f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
    environment = variables | {"PATH": path, "GITHUB_OUTPUT": str(folder / "output")}
    done = subprocess.run(
        [*with_shell, str(folder / "script")],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env=environment,
        timeout=60,
    )
    outputs = (folder / "output").read_text(encoding="utf-8").splitlines()
    return done.returncode, done.stdout + done.stderr, dict(line.split("=", 1) for line in outputs)


def pushed(helm: str, folder: Path, with_shell: tuple[str, ...]) -> tuple[int, str, dict[str, str]]:
    """The step that pushes the chart, with a `helm push` that does this."""
    helm = f'case "$1" in push) {helm} ;; esac'
    given = {"GITHUB_REPOSITORY_OWNER": "Acme", "GITHUB_REF_NAME": "v1.2.3", "IMAGE": "i", "DIGEST": "d"}
    return ran("helm push", {"helm": helm, "python3": ":"}, folder, with_shell, **given)


def test_the_chart_is_told_on_by_its_digest(tmp_path: Path) -> None:
    code, said, outputs = pushed(f"echo 'Pushed: x'; echo 'Digest: {DIGEST}' >&2", tmp_path, shell())
    assert (code, outputs) == (0, {"name": "ghcr.io/acme/charts/project-operator", "digest": DIGEST}), said


@pytest.mark.parametrize(
    "helm", [f"echo 'Digest: {DIGEST}'; exit 1", "echo 'Pushed: x'", "echo 'Digest: sha256:'"], ids=["1", "none", "cut"]
)
def test_a_push_that_failed_ends_the_release(helm: str, tmp_path: Path) -> None:
    code, _, outputs = pushed(helm, tmp_path, shell())
    assert code != 0
    assert outputs == {}


def test_without_a_shell_that_sees_it_a_failed_push_would_pass(tmp_path: Path) -> None:
    assert pushed(f"echo 'Digest: {DIGEST}'; exit 1", tmp_path, GITHUBS_OWN)[0] == 0


@pytest.mark.parametrize(("there", "code"), [(DIGEST, 0), ("sha256:" + "a" * 64, 1)], ids=["same", "another"])
def test_the_tag_names_what_was_signed(there: str, code: int, tmp_path: Path) -> None:
    docker = f"""case "$*" in *inspect*"--format {{{{json "*) echo '"{there}"' ;; esac; echo "$@" >> said"""
    given = {"IMAGE": "ghcr.io/acme/it", "VERSION": "1.2.3", "DIGEST": DIGEST}
    assert ran("imagetools create", {"docker": docker}, tmp_path, shell(), **given)[0] == code
    first, _ = (tmp_path / "said").read_text(encoding="utf-8").splitlines()
    assert first == f"buildx imagetools create --tag ghcr.io/acme/it:1.2.3 ghcr.io/acme/it@{DIGEST}"


@pytest.mark.parametrize(("tag", "called"), [("v1.2.3", set()), ("v1.2.3-rc.1", {"--prerelease"})])
def test_a_prerelease_is_called_one(tag: str, called: set[str], tmp_path: Path) -> None:
    given = {"GITHUB_REF_NAME": tag, "IMAGE": "i", "CHART": "c"}
    code, said, _ = ran("gh release create", {"gh": 'echo "$@"'}, tmp_path, shell(), **given)
    assert code == 0, said
    assert {"--prerelease"} & set(said.split()) == called
    assert said.split()[:4] == ["release", "create", tag, "--verify-tag"]


@pytest.fixture(scope="module")
def actionlint() -> Path:
    """The linter, built from its released source."""
    go = shutil.which("go")
    if go is None:
        pytest.skip("needs Go on PATH to build actionlint")
    program = default_cache().root / "actionlint" / "actionlint"
    environment = os.environ | {"GOTOOLCHAIN": "local", "GOFLAGS": "-mod=readonly -buildvcs=false"}
    command = [go, "build", "-o", str(program), "github.com/rhysd/actionlint/cmd/actionlint"]
    built = subprocess.run(
        command, check=False, capture_output=True, text=True, cwd=ACTIONLINT, env=environment, timeout=240
    )
    if built.returncode != 0 and os.environ.get("CI") != "true":
        pytest.skip(f"actionlint cannot be built here: {built.stderr.strip()[-300:]}")
    assert built.returncode == 0, built.stderr
    return program


def test_actionlint_has_nothing_to_say(actionlint: Path, tmp_path: Path) -> None:
    def lint(*paths: Path) -> subprocess.CompletedProcess[str]:
        shellcheck = Path(sys.executable).with_name("shellcheck")
        command = [str(actionlint), f"-shellcheck={shellcheck}", "-pyflakes=", *map(str, paths)]
        return subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)

    done = lint(*WORKFLOWS)
    assert (done.returncode, done.stdout) == (0, "")
    worse = tmp_path / "worse.yaml"
    text = RELEASE.read_text(encoding="utf-8")
    worse.write_text(text.replace("needs.image.outputs.digest", "needs.image.outputs.diges"), encoding="utf-8")
    assert "diges" in lint(worse).stdout
