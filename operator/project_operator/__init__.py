"""A Kubernetes operator that makes `Project` resources real in an identity backend."""

import contextlib
from importlib import metadata

# What a checkout runs as. What was built and installed knows the tag it was built from.
__version__ = "0.1.0"
with contextlib.suppress(metadata.PackageNotFoundError):
    __version__ = metadata.version("project-operator")
