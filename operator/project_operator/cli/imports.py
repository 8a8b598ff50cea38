"""`project-operator import`: writes manifests that take over what a backend has already. It only ever reads."""

import asyncio
import sys
from pathlib import Path
from typing import Any, Final

import click

from project_operator.api.names import IDENTITY_BACKEND_KIND
from project_operator.api.v1alpha1.project import DeletionPolicy, ManagementPolicy
from project_operator.backends.base import RemoteProject
from project_operator.cli import options
from project_operator.cli.asked import say
from project_operator.cli.manifests import Choice, Manifest, Target
from project_operator.cli.offers import Offer, Taken, look, take
from project_operator.cli.opening import opener
from project_operator.cli.output import Format, Table, as_json, as_yaml, show
from project_operator.cli.session import visit
from project_operator.cli.statuses import ExitStatus
from project_operator.errors import ConfigurationError
from project_operator.printable import printable
from project_operator.runtime.backend_kinds import BACKEND_RESOURCES

_KINDS: Final = tuple(resource.kind for resource in BACKEND_RESOURCES.values())


@click.command("import")
@options.of_cluster
@click.option("--backend", "backend_name", metavar="NAME", required=True, help="The backend object to list.")
@click.option(
    "--backend-kind", type=click.Choice(_KINDS), default=IDENTITY_BACKEND_KIND, show_default=True, help="Its kind."
)
@click.option(
    "-n", "--namespace", metavar="NAME", required=True, help="Namespace of the Projects, and of an IdentityBackend."
)
@click.option("--id", "ids", metavar="ID", multiple=True, help="Import the project with this id; repeatable.")
@click.option(
    "--name", "patterns", metavar="PATTERN", multiple=True, help="Import those called so, such as 'team-*'; repeatable."
)
@click.option(
    "--tag",
    "tags",
    metavar="NAME[=VALUE]",
    multiple=True,
    help="Import those with this tag; repeatable, for all of them.",
)
@click.option("--all", "everything", is_flag=True, help="Import every project that can be.")
@click.option(
    "--to", "folder", metavar="FOLDER", type=click.Path(path_type=Path), help="Write a file for each, not to stdout."
)
@click.option("--overwrite", is_flag=True, help="Write over files that are there.")
@click.option(
    "--management-policy",
    type=click.Choice(
        [str(ManagementPolicy.OBSERVE), str(ManagementPolicy.MANAGE), str(ManagementPolicy.REPORT_DRIFT)]
    ),
    default=str(ManagementPolicy.OBSERVE),
    show_default=True,
    help="Policy of the Projects. With Observe, applying them writes nothing in the backend; with another, the mark.",
)
@click.option(
    "--deletion-policy",
    type=click.Choice([str(one) for one in DeletionPolicy]),
    default=str(DeletionPolicy.ORPHAN),
    show_default=True,
    help="What becomes of a project when its Project is deleted.",
)
def import_(  # noqa: PLR0913 - the options, by name
    *,
    output: Format,
    kubeconfig: Path | None,
    context: str | None,
    backend_name: str,
    backend_kind: str,
    namespace: str,
    ids: tuple[str, ...],
    patterns: tuple[str, ...],
    tags: tuple[str, ...],
    everything: bool,
    folder: Path | None,
    overwrite: bool,
    management_policy: str,
    deletion_policy: str,
) -> ExitStatus:
    """Write manifests of Projects that take over what a backend has already. Nothing is changed anywhere.

    Without --id, --name, --tag or --all it lists what there is. The manifests name each project by its id and have
    every field that the backend shows, so that applying them changes nothing in it.
    """
    choice = Choice(ids, patterns, tags, everything)
    target = Target(
        namespace, backend_kind, backend_name, ManagementPolicy(management_policy), DeletionPolicy(deletion_policy)
    )
    said = options.given(kubeconfig=kubeconfig, context=context)
    if not choice.made:
        offer = asyncio.run(_look(said, target))
        show(output, {"projects": _shown(offer)}, _offered(offer))
        say("choose with --id, --name, --tag or --all; see: project-operator import --help")
        return ExitStatus.DONE
    taken = asyncio.run(_take(said, target, choice))
    _make_sure_of_some(taken, choice)
    if folder is not None:
        _write(taken, folder, overwrite=overwrite)
        show(output, {"imported": _told(taken, folder)}, _table(taken, folder))
    else:
        sys.stdout.write(_together(taken, output))
        _say_what_is_not_in_it(taken, output)
    if everything and not taken.manifests:
        say(f"there is nothing to import: {len(taken.refused)} projects were skipped")
    _make_sure_of_ids(taken, ids)
    failed = any(one.failed or one.project_id in ids for one in taken.refused)
    return ExitStatus.FAILED if failed else ExitStatus.DONE


async def _look(said: dict[str, Any], target: Target) -> Offer:
    async with visit(**said) as session, opener(session) as connections:
        return await look(session, connections, target)


async def _take(said: dict[str, Any], target: Target, choice: Choice) -> Taken:
    async with visit(**said) as session, opener(session) as connections:
        return await take(session, connections, target, choice)


def _make_sure_of_some(taken: Taken, choice: Choice) -> None:
    """Raises `ConfigurationError` where nothing fits: a name that is misspelt is no success. Of ids each is named."""
    if taken.manifests or taken.refused or choice.everything or choice.ids:
        return
    raise ConfigurationError(f"{choice}: {taken.backend} shows no such project; list what there is without it")


def _make_sure_of_ids(taken: Taken, ids: tuple[str, ...]) -> None:
    """Raises `ConfigurationError` for ids of nothing."""
    known = {one.project_id for one in taken.manifests} | {one.project_id for one in taken.refused}
    if unknown := sorted(set(ids) - known):
        raise ConfigurationError(
            f"--id {', '.join(unknown)}: the backend shows no such project; list them without --id"
        )


def _say_what_is_not_in_it(taken: Taken, format_: Format) -> None:
    for refused in taken.refused:
        say(f"skipped {refused.project_id} ({refused.name}): {refused.why}")
    if format_ is Format.JSON:  # which has no comments
        for manifest in taken.manifests:
            for note in manifest.notes:
                say(f"{manifest.name}: {note}")


def _write(taken: Taken, folder: Path, *, overwrite: bool) -> None:
    files = {folder / f"{one.name}.yaml": one for one in taken.manifests}
    if not overwrite and (there := [str(path) for path in files if path.exists()]):
        raise ConfigurationError(f"{', '.join(there)} would be overwritten; give --overwrite, or another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, one in files.items():
            path.write_text(_text(one), encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"--to {folder}: {error.strerror}: {error.filename or folder}") from error


def _text(one: Manifest) -> str:
    """The manifest with its notes before it."""
    return "".join(f"# {printable(note)}\n" for note in one.notes) + as_yaml(one.document)


def _together(taken: Taken, format_: Format) -> str:
    if format_ is Format.JSON:
        items = [one.document for one in taken.manifests]
        return as_json({"apiVersion": "v1", "kind": "List", "items": items})
    return "---\n".join(map(_text, taken.manifests))


def _told(taken: Taken, folder: Path) -> list[dict[str, str]]:
    written = [
        {
            "outcome": "written",
            "projectID": one.project_id,
            "name": str(one.document["spec"]["name"]),
            "file": str(folder / f"{one.name}.yaml"),
            "note": "; ".join(one.notes),
        }
        for one in taken.manifests
    ]
    skipped = [
        {"outcome": "skipped", "projectID": one.project_id, "name": one.name, "file": "", "note": one.why}
        for one in taken.refused
    ]
    return [*written, *skipped]


def _table(taken: Taken, folder: Path) -> Table:
    rows = tuple(tuple(one.values()) for one in _told(taken, folder))
    summary = f"apply them with: kubectl apply -f {folder}" if taken.manifests else ""
    return Table(("OUTCOME", "PROJECT", "NAME", "FILE", "NOTE"), rows, f"{taken.backend} shows no project", summary)


def _shown(offer: Offer) -> list[dict[str, Any]]:
    obstacles = offer.obstacles
    return [_of_one(project, obstacles.get(project.id, "")) for project in offer.projects]


def _of_one(project: RemoteProject, obstacle: str) -> dict[str, Any]:
    content = project.content
    return {
        "id": project.id,
        "name": content.name,
        "provisioningStatus": str(project.provisioning_status),
        "tags": [{"name": tag.name, "value": tag.value} for tag in content.tags],
        "obstacle": obstacle,
    }


def _offered(offer: Offer) -> Table:
    obstacles = offer.obstacles
    rows = tuple(
        (
            one.id,
            one.content.name,
            str(one.provisioning_status),
            ", ".join(f"{tag.name}={tag.value}" for tag in one.content.tags),
            obstacles.get(one.id, ""),
        )
        for one in offer.projects
    )
    return Table(("PROJECT", "NAME", "STATE", "TAGS", "WHY NOT"), rows, f"{offer.backend} shows no project")
