"""The bill of materials: what is made of the tool's document, and that it says what the lock says."""

from typing import Any

import sbom

LOCK = """\
aiohttp==3.14.5 \\
    --hash=sha256:{a} \\
    --hash=sha256:{b}
tomli==2.2.1 ; python_version < '3.12' \\
    --hash=sha256:{c}
""".format(a="a" * 64, b="b" * 64, c="c" * 64)


def component(name: str, version: str, *hashes: str) -> dict[str, Any]:
    """As cyclonedx-py lists a line of a lock."""
    digests = [{"alg": "SHA-256", "content": one * 64} for one in hashes]
    return {
        "bom-ref": f"line-{name}",
        "name": name,
        "version": version,
        "description": "requirements line 1: …",
        "externalReferences": [{"type": "distribution", "hashes": [digest]} for digest in digests],
    }


def document(*components: dict[str, Any]) -> dict[str, Any]:
    return {
        "metadata": {"component": {"bom-ref": "root", "name": "project-operator"}},
        "components": list(components),
        "dependencies": [{"ref": "line-aiohttp"}, {"ref": "root"}],
    }


def test_it_says_what_the_lock_says() -> None:
    whole = document(component("aiohttp", "3.14.5", "a", "b"), component("tomli", "2.2.1", "c"))
    assert sbom.listed(whole) == sbom.pinned(LOCK)
    for less in (
        document(component("aiohttp", "3.14.5", "a", "b")),
        document(component("aiohttp", "3.14.5", "a"), component("tomli", "2.2.1", "c")),
        document(component("aiohttp", "3.14.4", "a", "b"), component("tomli", "2.2.1", "c")),
    ):
        assert sbom.listed(less) != sbom.pinned(LOCK)


def test_it_is_about_our_version_and_depends_on_every_package() -> None:
    done = sbom.finished(document(component("aiohttp", "3.14.5", "a"), component("tomli", "2.2.1", "c")), "1.2.3")
    assert done["metadata"]["component"]["version"] == "1.2.3"
    assert done["metadata"]["component"]["purl"] == "pkg:pypi/project-operator@1.2.3"
    assert done["dependencies"] == [
        {"ref": "root", "dependsOn": ["line-aiohttp", "line-tomli"]},
        {"ref": "line-aiohttp"},
    ]
    assert all("description" not in one for one in done["components"])


def test_the_version_is_the_packages() -> None:
    assert sbom.released_version('"""Doc."""\n\n__version__ = "1.2.3"\n') == "1.2.3"
    assert sbom.released_version(sbom.VERSION_FILE.read_text(encoding="utf-8"))


def test_the_real_lock_is_read_whole() -> None:
    text = sbom.LOCK.read_text(encoding="utf-8")
    found = sbom.pinned(text)
    assert len(found) == sum("==" in line and not line.startswith(" ") for line in text.splitlines())
    assert all(hashes for _, hashes in found.values())
