"""Certificates for an embedded server that is to be reached by https."""

from dataclasses import dataclass
from pathlib import Path
from typing import Self

import trustme

from project_operator.sandbox.identity.hosts import LOOPBACK, default_host


@dataclass(frozen=True, slots=True)
class TLSFiles:
    """PEM files of a server certificate with its chain, and of its key."""

    certificate: Path
    key: Path
    ca_bundle: str = ""
    """PEM text of the certificate authority; empty where clients know it already."""
    client_authority: Path | None = None
    """PEM file of the authorities whose certificates clients may show; None: they are not asked for one."""

    @classmethod
    def make(cls, directory: Path, *names: str) -> Self:
        """A new authority and its certificate for ``names`` (default: those of `default_host`), in ``directory``."""
        authority = trustme.CA(organization_name="project-operator sandbox")
        issued = authority.issue_cert(*(names or dict.fromkeys(("localhost", LOOPBACK, "::1", default_host()))))
        files = cls(directory / "server.pem", directory / "server-key.pem", authority.cert_pem.bytes().decode())
        directory.mkdir(parents=True, exist_ok=True)
        files.certificate.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
        files.key.touch(mode=0o600)
        files.key.write_bytes(issued.private_key_pem.bytes())
        return files
