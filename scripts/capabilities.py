"""What each backend can do, and the test that proves it.

`docs/reference/capabilities.md`. What the contract promises of every backend is listed here; what becomes of each field
of a Project's spec, and what is otherwise with one backend, stands with the candidates of the contract suite.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from candidates import CANDIDATES
from candidates.fields import FIELDS, Scene

from project_operator.api.v1alpha1.project import ProjectSpec
from vendor_pages import exists

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs" / "reference" / "capabilities.md"
SUITE: Final = "tests/contract"

PROMISES: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "Connecting": (
        (
            "finds the organisation or domain by id and by name",
            "test_connect.py::test_the_organization_is_found_in_every_way_to_name_it",
        ),
        (
            "says that the organisation is wrong",
            "test_connect.py::test_an_organization_that_the_credential_does_not_see_is_the_field_to_look_at",
        ),
        ("says that the credential is wrong", "test_connect.py::test_a_credential_that_is_not_accepted_is_told_apart"),
        ("says that the URL is wrong", "test_connect.py::test_what_is_no_such_server_is_the_url"),
        ("says that the CA bundle is wrong", "test_connect.py::test_https_needs_the_authority_of_the_server"),
        ("writes nothing", "test_connect.py::test_nothing_is_written"),
    ),
    "Reading": (
        ("finds a project by its mark", "test_create.py::TestCreated::test_the_mark_finds_it"),
        ("shows a project as it is", "test_reads.py::TestGet::test_it_shows_the_project"),
        ("lists 2,500 projects whole", "test_reads.py::TestList::test_it_is_whole_however_long_it_is"),
        ("never takes a failure for an empty list", "test_reads.py::TestList::test_a_failure_is_never_an_empty_list"),
        ("shows no projects of others", "test_reads.py::TestList::test_it_holds_no_other_organizations_projects"),
        (
            "takes only the vendor's word for an absence",
            "test_reads.py::TestGet::test_only_the_vendors_word_is_absence",
        ),
        (
            "tells missing rights from absence",
            "test_reads.py::TestRights::test_a_credential_without_rights_is_told_so_and_believes_nothing",
        ),
    ),
    "Creating": (
        ("creates with one request", "test_create.py::TestCreated::test_one_request_makes_one_project_and_shows_it"),
        (
            "creates once, however the answer gets lost",
            "test_create.py::TestLost::test_a_lost_answer_is_unknown_and_nothing_is_sent_again",
        ),
        (
            "creates once where no answer comes in time",
            "test_create.py::TestLost::test_so_is_one_that_does_not_come_in_time",
        ),
        (
            "finds by its mark what it made unawares",
            "test_create.py::TestLost::test_what_was_made_is_found_by_its_mark",
        ),
        ("does not wait for provisioning", "test_create.py::TestCreated::test_it_does_not_wait_for_provisioning"),
        ("tells a name that is taken", "test_create.py::TestRefused::test_a_name_that_is_taken_is_told_apart"),
        ("holds names at every bound, in any script", "test_create.py::TestCreated::test_names_at_every_bound"),
        ("holds tags at every bound", "test_create.py::TestCreated::test_tags_at_every_bound"),
    ),
    "Updating": (
        ("changes each field, and nothing else", "test_update.py::TestUpdated::test_each_field_becomes_what_is_told"),
        ("leaves tags of others", "test_update.py::TestUpdated::test_what_is_not_told_stays"),
        ("gives and takes access of groups", "test_update.py::TestUpdated::test_access_of_groups_is_given_and_taken"),
        ("sends nothing where nothing is to be done", "test_update.py::TestNothingToDo::test_nothing_to_do_is_no_call"),
        ("sends nothing the second time", "test_update.py::TestNothingToDo::test_applied_twice_is_one_call"),
        (
            "writes once, however the answer gets lost",
            "test_update.py::TestLost::test_a_lost_answer_is_unknown_and_nothing_is_sent_again",
        ),
    ),
    "Deleting": (
        ("starts a deletion", "test_delete.py::test_deletion_is_started_and_not_waited_for"),
        ("succeeds where there is nothing to delete", "test_delete.py::test_deleting_the_missing_succeeds"),
        ("does not take missing rights for a success", "test_delete.py::test_missing_rights_are_no_success"),
        (
            "writes once, however the answer gets lost",
            "test_delete.py::test_a_lost_answer_is_unknown_and_nothing_is_sent_again",
        ),
    ),
    "Planning": (
        ("plans the very creation", "test_plan.py::test_a_creation_and_what_completes_it_are_as_planned"),
        ("plans the very update", "test_plan.py::test_an_update_is_as_planned"),
        ("plans the access of groups", "test_plan.py::test_so_is_one_of_the_access_of_groups"),
        ("plans the very deletion", "test_plan.py::test_a_deletion_is_as_planned"),
    ),
    "Always": (
        ("ends in time", "test_always.py::test_a_call_ends_in_time_and_hangs_up"),
        ("follows no redirect", "test_always.py::test_a_redirect_is_not_followed"),
        ("tells no secret", "test_always.py::TestSecrets::test_an_answer_that_gives_them_back_is_not_passed_on"),
        (
            "tells how long to wait, from either form of `Retry-After`",
            "test_always.py::test_a_limit_is_told_with_the_time_to_wait_in_either_form",
        ),
        ("knows what each error answer means", "test_errors.py::test_what_an_answer_means"),
    ),
}
"""A promise, and the test that proves it of every candidate that has no remark on it."""

HELD: Final = "test_fields.py::test_what_is_held_is_there"
CHANGED: Final = "test_fields.py::test_what_is_held_can_be_changed"
REFUSED: Final = "test_fields.py::test_what_is_not_held_is_refused_by_name"
OURS: Final = "test_fields.py::test_what_is_the_operators_own_affair_is_refused_by_nobody"

_HEAD: Final = """\
# What each backend can do

Generated by `make generate` from `scripts/capabilities.py` and the candidates of the contract suite. Each cell names
the test that proves it, in `tests/contract`; `[keystone]` runs on the real Keystone, the others on embedded servers,
and further parameters of a test follow in the brackets. All of them:

```sh
make test PARTS=contract ARGS="-m contract"
```

"""


def rendered() -> dict[Path, str]:
    """The file and its text."""
    return {PAGE: page()}


def page() -> str:
    """The page, Markdown."""
    return "\n".join(
        (_HEAD + "## What every backend promises", "", *_promises(), "", "## Fields of a Project", "", *_fields(), "")
    )


def proofs() -> set[str]:
    """Every test that the page names, with its parameters in brackets as far as it names them; below `SUITE`."""
    return {cell for cell in re.findall(r"`([^`\n]+)`", page()) if "::test_" in cell}


def complaints() -> list[str]:
    """A line for every test that is named and not there, and for every remark on what nobody promises."""
    tests = sorted({f"{SUITE}/{proof.partition('[')[0]}" for proof in proofs()})
    found = [f"scripts/capabilities.py names {test}, which does not exist" for test in tests if not exists(test)]
    promised = {test for promises in PROMISES.values() for _, test in promises}
    for key, candidate in CANDIDATES.items():
        found += [
            f"the candidate {key} remarks on {test}, which no row is about"
            for test in candidate.remarks.keys() - promised
        ]
    return found


def _table(first: str) -> list[str]:
    titles = [first, *(candidate.vendor.title for candidate in CANDIDATES.values())]
    return [f"| {' | '.join(titles)} |", "| --- " * len(titles) + "|"]


def _promises() -> Iterator[str]:
    for group, promises in PROMISES.items():
        yield from (f"### {group}", "", *_table("promise"))
        for promise, test in promises:
            yield f"| {promise} | " + " | ".join(_proof(key, test) for key in CANDIDATES) + " |"
        yield ""
    errors = ", ".join(f"{len(one.error_rows)} of {one.vendor.title}" for one in CANDIDATES.values())
    yield f"Error answers: {errors}, each for every call. They lie beside the candidates in `tests/support/candidates`."


def _proof(key: str, test: str) -> str:
    remark = CANDIDATES[key].remarks.get(test)
    if remark is None:
        return f"`{test}[{key}]`"
    return f"{remark.words}; `{remark.test or f'{test}[{key}]'}`"


def _fields() -> Iterator[str]:
    yield from _table("field of `spec`")
    for path in FIELDS:
        yield f"| `{path}` | " + " | ".join(_cell(key, path) for key in CANDIDATES) + " |"


def _cell(key: str, path: str) -> str:
    field = FIELDS[path]
    if key not in field.held_by:
        scene = Scene(CANDIDATES[key].vendor)
        spec = ProjectSpec.model_validate(field.spec(scene))
        policy = spec.deletion_policy or scene.vendor.default_deletion_policy
        (refused,) = scene.vendor.unsupported(spec, name="there", deletion_policy=policy)
        return f"no: {refused.reason}; `{REFUSED}[{key}-{path}]`"
    if field.content is None:
        return f"the operator's own affair; `{OURS}[{key}-{path}]`"
    if field.fixed:
        return f"yes, when it is created; `{HELD}[{key}-{path}]`"
    return f"yes; `{HELD}[{key}-{path}]`, `{CHANGED}[{key}-{path}]`"
