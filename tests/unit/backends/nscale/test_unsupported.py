import pytest

from project_operator.api.v1alpha1.project import DeletionPolicy, ProjectSpec
from project_operator.backends.nscale.unsupported import unsupported

DELETE = DeletionPolicy.DELETE


@pytest.mark.parametrize("name", ["a", "A-b_c.d", "0", "x" * 63, "project-1"])
def test_names_that_are_label_values_are_held(name: str) -> None:
    assert unsupported(ProjectSpec(name=name), name=name, deletion_policy=DELETE) == ()


@pytest.mark.parametrize("name", ["", "x" * 64, "-a", "a-", ".a", "a_", "a b", "größe", "a/b", "a\n"])
def test_other_names_are_named_with_the_rule(name: str) -> None:
    (given,) = unsupported(ProjectSpec.model_construct(name=name), name=name, deletion_policy=DELETE)
    assert given.path == "spec.name"
    assert "1 to 63 letters, digits" in given.reason
    (taken,) = unsupported(ProjectSpec(), name=name, deletion_policy=DELETE)
    assert taken.path == "metadata.name"
    assert "set `spec.name`" in taken.reason


def test_a_project_cannot_be_disabled() -> None:
    assert unsupported(ProjectSpec(), name="a", deletion_policy=DeletionPolicy.ORPHAN) == ()
    (field,) = unsupported(ProjectSpec(), name="a", deletion_policy=DeletionPolicy.DISABLE)
    assert field.path == "spec.deletionPolicy"
    assert field.reason.startswith("must be Delete or Orphan")


def test_everything_else_is_held_as_it_is_written() -> None:
    spec = ProjectSpec.model_validate(
        {
            "description": "x" * 4096,
            "tags": [{"name": "größe/x", "value": ""}],
            "groups": [{"name": "any group"}, {"id": "abc"}],
        }
    )
    assert unsupported(spec, name="a", deletion_policy=DELETE) == ()
