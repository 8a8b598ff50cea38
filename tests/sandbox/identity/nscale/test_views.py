"""How stored objects read over the wire."""

import json

from project_operator.sandbox.identity.nscale import readings, views
from project_operator.sandbox.identity.nscale.dialects import DIALECTS, DOCUMENTED
from project_operator.sandbox.identity.nscale.resources import Project


def test_times_are_whole_seconds_cut_off() -> None:  # N1.2-5
    assert views.timestamp(0.999) == "1970-01-01T00:00:00Z"
    assert views.timestamp(1_800_000_000.5) == "2027-01-15T08:00:00Z"


def test_text_is_encoded_as_it_is() -> None:
    text = 'Zürich ✓ \u2028 "quoted"'
    encoded = views.encode({"description": text})
    assert "Zürich ✓".encode() in encoded
    assert json.loads(encoded) == {"description": text}


def test_a_document_is_held_against_the_dialect_s_vocabulary() -> None:  # N2-9
    project = Project(id="a", name="p", organization_id="o", creation_time=0.0)
    for dialect in DIALECTS.values():
        assert readings.fits(views.project(project, dialect), dialect)
    assert not readings.fits(views.project(project, DIALECTS["1.15"]), DOCUMENTED)


def test_a_document_with_a_field_that_is_not_on_the_page_does_not_fit() -> None:
    document = views.project(Project(id="a", name="p", organization_id="o", creation_time=0.0), DOCUMENTED)
    document["metadata"]["generation"] = 1
    assert not readings.fits(document, DOCUMENTED)
