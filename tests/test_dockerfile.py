"""The image, as far as it can be judged without a container engine: its recipe, and what it would import."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

import project_operator

ROOT = Path(__file__).resolve().parent.parent
DOCKERFILE = ROOT / "deploy" / "image" / "Dockerfile"
CHART = ROOT / "deploy" / "charts" / "project-operator"
LOCK = ROOT / "requirements" / "image.txt"


@dataclass(frozen=True)
class Instruction:
    """One instruction, its lines joined."""

    name: str
    rest: str

    @property
    def words(self) -> list[str]:
        """The arguments of the exec form."""
        words: list[str] = json.loads(self.rest)
        return words


def instructions(text: str) -> list[Instruction]:
    """What a Dockerfile says to do, without its comments."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    joined = re.sub(r"\\\n\s*", " ", lines)
    return [Instruction(*line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]


def stages(all_instructions: list[Instruction]) -> list[list[Instruction]]:
    """The instructions from each FROM to the next; what comes before the first is left out."""
    found: list[list[Instruction]] = []
    for instruction in all_instructions:
        if instruction.name == "FROM":
            found.append([])
        if found:
            found[-1].append(instruction)
    return found


def dockerignored(pattern_text: str, path: str) -> bool:
    """Whether the builder does not get a path. Knows the two forms that our file has: names, and `**/` names."""
    ignored = False
    for line in pattern_text.splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        again, pattern = pattern.startswith("!"), pattern.removeprefix("!")
        if pattern == "*" or f"{path}/".startswith(f"{pattern}/") or pattern.removeprefix("**/") in path.split("/"):
            ignored = not again
    return ignored


def pinned(lock: Path) -> dict[str, str]:
    """The version of each package in a lock file."""
    return dict(re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", lock.read_text(encoding="utf-8"), flags=re.MULTILINE))


RECIPE = instructions(DOCKERFILE.read_text(encoding="utf-8"))
FINAL = stages(RECIPE)[-1]


def last(name: str) -> Instruction:
    """The instruction of that name that is in force in the finished image."""
    return [instruction for instruction in FINAL if instruction.name == name][-1]


def environment() -> Iterator[tuple[str, str]]:
    for instruction in FINAL:
        if instruction.name == "ENV":
            for word in re.findall(r'(\w+)=("[^"]*"|\S+)', instruction.rest):
                yield word[0], word[1].strip('"')


def test_both_stages_start_from_one_slim_base_pinned_by_digest() -> None:
    (default,) = [one.rest for one in RECIPE if one.name == "ARG" and one.rest.startswith("PYTHON_IMAGE=")]
    assert re.fullmatch(r"PYTHON_IMAGE=python:3\.\d+\.\d+-slim-[a-z]+@sha256:[0-9a-f]{64}", default)
    assert [stage[0].rest.split()[0] for stage in stages(RECIPE)] == ["${PYTHON_IMAGE}", "${PYTHON_IMAGE}"]


def test_the_python_of_the_image_is_one_that_the_tests_were_run_on() -> None:
    minor = re.search(r"python:(3\.\d+)\.\d+-", DOCKERFILE.read_text(encoding="utf-8"))
    assert minor is not None
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert f'"Programming Language :: Python :: {minor[1]}"' in project


def test_everything_that_is_installed_is_locked_by_hash() -> None:
    installs = [one for one in RECIPE if one.name == "RUN" and "install" in one.rest]
    assert len(installs) == 1
    assert {"--require-hashes", "--only-binary", "--requirement"} <= set(installs[0].words)
    entries = re.split(r"\n(?=\S)", LOCK.read_text(encoding="utf-8").strip())
    assert len(entries) == len(pinned(LOCK))
    assert [entry.splitlines()[0] for entry in entries if "--hash=sha256:" not in entry] == []


def test_nothing_is_fetched_past_the_lock() -> None:
    assert [one for one in RECIPE if one.name == "ADD"] == []
    assert re.search(r"\b(curl|wget|git|apt-get|apk)\b", " ".join(one.rest for one in RECIPE)) is None


def test_the_lock_of_the_image_agrees_with_the_others_and_leaves_the_sandbox_out() -> None:
    image, run = pinned(LOCK), pinned(ROOT / "requirements" / "run.txt")
    assert image.items() <= run.items()
    assert {"kopf", "aiohttp", "httpx", "pydantic"} <= image.keys()
    assert image.keys() & {"starlette", "uvicorn", "trustme", "cryptography"} == set()


def test_the_operator_runs_as_a_user_that_is_seen_not_to_be_root() -> None:
    user = last("USER").rest
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))["podSecurityContext"]
    assert user == f"{values['runAsUser']}:{values['runAsGroup']}"
    assert int(user.split(":")[0]) > 0
    assert FINAL.index(last("USER")) > max(FINAL.index(one) for one in FINAL if one.name in {"COPY", "RUN"})


def test_the_operator_is_started_without_a_shell() -> None:
    assert last("ENTRYPOINT").words[1:] == ["-m", "project_operator"]
    assert last("CMD").words == ["run"]
    deployment = (CHART / "templates" / "deployment.yaml").read_text(encoding="utf-8")
    assert f"args: [{', '.join(last('CMD').words)}]" in deployment


def test_the_environment_fits_a_read_only_root() -> None:
    found = dict(environment())
    assert {name: found.get(name) for name in ("PYTHONSAFEPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")} == {
        "PYTHONSAFEPATH": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }
    assert any("compileall" in one.rest for one in RECIPE)


def test_the_image_says_what_it_is() -> None:
    labels = last("LABEL").rest
    for name in ("title", "description", "licenses", "base.name", "version", "revision", "created", "source"):
        assert f"org.opencontainers.image.{name}=" in labels
    assert Instruction("ARG", f"VERSION={project_operator.__version__}") in FINAL
    arguments = {one.rest.partition("=")[0] for one in FINAL if one.name == "ARG"}
    assert set(re.findall(r"\$\{(\w+)\}", labels)) == arguments


def test_hadolint_has_nothing_to_say() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([str(hadolint), str(DOCKERFILE)], check=False, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")
    worse = DOCKERFILE.read_text(encoding="utf-8").replace("WORKDIR /\n", "RUN cd /tmp && apt-get install curl\n")
    done = subprocess.run([str(hadolint), "-"], check=False, capture_output=True, text=True, input=worse)
    assert done.returncode != 0
    assert "DL3008" in done.stdout


def test_the_builder_gets_what_is_copied_and_nothing_else_of_the_repository() -> None:
    ignore = (ROOT / ".dockerignore").read_text(encoding="utf-8")
    copied = [one.rest.split()[0] for one in RECIPE if one.name == "COPY" and "--from=" not in one.rest]
    assert copied
    for path in copied:
        assert (ROOT / path).exists(), f"COPY {path}: it does not exist"
        assert not dockerignored(ignore, path), f"COPY {path}: .dockerignore keeps it from the builder"
    for path in (".git", ".cache", ".venv", "tests", "requirements/dev.txt", "operator/project_operator/__pycache__"):
        assert dockerignored(ignore, path)


@pytest.mark.parametrize(
    ("path", "ignored"),
    [("a", True), ("b", False), ("b/c", False), ("bc", True), ("b/__pycache__", True), ("b/d/__pycache__", True)],
)
def test_the_last_pattern_that_fits_decides(path: str, ignored: bool) -> None:  # noqa: FBT001 - a column of a table
    assert dockerignored("# why\n*\n!b\n**/__pycache__\n", path) == ignored


ONLY_LOCKED = """
import importlib.metadata, importlib.util, pkgutil, re, sys
locked = {re.sub(r"[-_.]+", "-", name).lower() for name in sys.argv[2].split()} | {"project-operator"}

class Blocker:
    def __init__(self):
        self.known = importlib.metadata.packages_distributions()
    def find_spec(self, name, path=None, target=None):
        owners = {re.sub(r"[-_.]+", "-", owner).lower() for owner in self.known.get(name.split(".")[0], ())}
        if owners and not owners & locked:
            raise ModuleNotFoundError(f"{name} is not in the image", name=name)

sys.meta_path.insert(0, Blocker())
import project_operator
for module in pkgutil.walk_packages(project_operator.__path__, "project_operator."):
    if not module.name.startswith(("project_operator.sandbox", "project_operator.__main__")):
        importlib.import_module(module.name)
from project_operator.cli import main
sys.exit(main([sys.argv[1]]))
"""


def start(argument: str, *, without: str = "") -> subprocess.CompletedProcess[str]:
    """The command line with what the image has, less one package."""
    names = " ".join(pinned(LOCK).keys() - {without})
    command = [sys.executable, "-c", ONLY_LOCKED, argument, names]
    return subprocess.run(command, check=False, capture_output=True, text=True, cwd="/")


def test_the_operator_needs_nothing_that_the_image_does_not_have() -> None:
    done = start("crds")
    assert done.returncode == 0, done.stderr
    assert "kind: CustomResourceDefinition" in done.stdout


def test_a_package_that_is_missing_from_the_image_is_seen() -> None:
    assert "prometheus_client is not in the image" in start("crds", without="prometheus-client").stderr
