"""The kinds of ``identity.project-operator.dev/v1alpha1``: the one source of CRDs and API reference."""
