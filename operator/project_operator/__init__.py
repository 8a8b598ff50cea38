"""A Kubernetes operator that makes `Project` resources real in an identity backend."""

__version__ = "0.1.0"
