"""Types what the documentation shows into a shell, block by block, as a reader does who has the page open."""

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import helm
from operator_process import QUICK

import doc_blocks
from doc_blocks import Block
from project_operator.sandbox.controlplane import kubeconfig as kubeconfigs
from project_operator.settings import ENV_PREFIX

ROOT: Final = helm.ROOT
WITHIN: Final = 180.0
"""Seconds for a block: longer than what it waits for itself."""
FILES: Final = ("token", "password", "id", "secret", "client-secret")
"""What readers have in a file of their own."""
MAKE: Final = """#!/bin/sh
exec "{program}" -n "$@"
"""
"""Says what would be done: what the verbs do has tests of its own."""
OURS: Final = """#!/bin/sh
exec {program} -m project_operator "$@"
"""
"""The command line of this clone, wherever the environment has been made."""
HELM: Final = """#!/bin/sh
# Renders what would be installed, as there are no nodes: the chart and its values are as they are typed.
case "$1" in
  install|upgrade|template) shift ;;
  *) echo "helm $*"; exit ;;
esac
for word; do
  shift
  case "$word" in --install|--wait|--create-namespace|--reuse-values) ;; *) set -- "$@" "$word" ;; esac
done
exec "{program}" template "$@"
"""


def shown(page: str) -> list[Block]:
    """The blocks of a page that are to be typed, in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [one for one in doc_blocks.blocks(page, text) if one.language == "sh" and one.how in ("", "refused")]


class Typist:
    """A shell in a folder that looks like the clone; ``kubectl`` is the administrator's, in ``namespace``."""

    def __init__(
        self,
        folder: Path,
        kubeconfig: Path,
        kubectl: Path,
        namespace: str,
        variables: Mapping[str, str] | None = None,
        *,
        token: str = "",
    ) -> None:
        """``variables`` are those that the reader was told to export, ``token`` is in the file of that name."""
        self._folder = folder / "clone"
        self._folder.mkdir()
        for name in ("crds", "deploy", "docs", "scripts", "tests", "Makefile"):
            (self._folder / name).symlink_to(ROOT / name)
        (self._folder / "values.yaml").write_text("image: {registry: registry.example.com}\n", encoding="ascii")
        for name in FILES:
            (self._folder / name).write_text(f"{token or 'eyJ-of-the-reader'}\n", encoding="ascii")
        document = kubeconfigs.read(kubeconfig)
        for entry in document["contexts"]:
            entry["context"]["namespace"] = namespace
        programs = folder / "bin"
        programs.mkdir()
        (programs / "kubectl").symlink_to(kubectl)
        _stand_in(programs / "make", MAKE, shutil.which("make") or "make")
        _stand_in(programs / "helm", HELM, helm.program())
        _stand_in(programs / "project-operator", OURS, shlex.quote(sys.executable))
        self._environ = os.environ | {
            **{f"{ENV_PREFIX}{name}": value for name, value in QUICK.items()},
            "PYTHONPATH": str(ROOT / "operator"),
            "KUBECONFIG": str(kubeconfigs.write(document, folder / "kubeconfig")),
            "KUBECACHEDIR": str(folder / "cache"),
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            **(variables or {}),
        }

    def type(self, text: str) -> "subprocess.CompletedProcess[str]":
        """What comes of it."""
        return subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", text],
            check=False,
            capture_output=True,
            text=True,
            cwd=self._folder,
            env=self._environ,
            timeout=WITHIN,
        )

    def type_all(self, blocks: Iterable[Block], words: Mapping[str, str] | None = None) -> dict[str, str]:
        """Types each, with ``words`` put in for what a reader puts in; what each said, by its place.

        Raises AssertionError where one fails, or where one that is to be refused is not.
        """
        said = {}
        for block in blocks:
            text = block.text
            for placeholder, word in (words or {}).items():
                text = text.replace(placeholder, word)
            done = self.type(text)
            what = f"{block.place}\n{text}\n{done.stdout}\n{done.stderr}"
            if block.how == "refused":
                assert done.returncode != 0, what
                assert block.what in done.stderr, what
            else:
                assert done.returncode == 0, what
            said[block.place] = done.stdout
        return said


def _stand_in(path: Path, text: str, program: str | Path) -> None:
    path.write_text(text.format(program=program), encoding="utf-8")
    path.chmod(0o755)
