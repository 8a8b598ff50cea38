"""Names that other systems keep for us."""

import pytest

from project_operator.api import names

KEPT_ELSEWHERE = {
    "API_VERSION": "identity.project-operator.dev/v1alpha1",
    "PROJECT_KIND": "Project",
    "PROJECT_PLURAL": "projects",
    "IDENTITY_BACKEND_KIND": "IdentityBackend",
    "IDENTITY_BACKEND_PLURAL": "identitybackends",
    "FINALIZER": "identity.project-operator.dev/finalizer",
    "FIELD_MANAGER": "project-operator",
    "CREDENTIALS_LABEL": "identity.project-operator.dev/credentials",
    "RECONCILE_ANNOTATION": "identity.project-operator.dev/reconcile-requested-at",
    "BACKEND_ANNOTATION": "identity.project-operator.dev/backend",
    "REPLACES_ANNOTATION": "identity.project-operator.dev/replaces",
    "EXPIRES_ANNOTATION": "identity.project-operator.dev/expires-at",
    "REPLACING_ANNOTATION": "identity.project-operator.dev/replacing",
    "MARK_TAG": "identity.project-operator.dev/mark",
}


@pytest.mark.parametrize(("name", "value"), KEPT_ELSEWHERE.items())
def test_never_change_once_they_stand_in_other_systems(name: str, value: str) -> None:
    assert vars(names)[name] == value


def test_keys_on_objects_are_in_our_group() -> None:
    keys = {value for name, value in vars(names).items() if name.endswith(("ANNOTATION", "LABEL", "TAG", "FINALIZER"))}
    assert all(key.startswith(f"{names.GROUP}/") for key in keys)
