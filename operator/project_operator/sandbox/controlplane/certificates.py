"""TLS material of one control plane: a CA that lives as long as it does, and what that signs."""

from dataclasses import dataclass
from pathlib import Path

import trustme

_SERVER_NAMES = ("127.0.0.1", "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "10.0.0.1")


@dataclass(frozen=True)
class KeyPair:
    """A certificate and its private key, as files."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Certificates:
    """Files below one folder, readable by the owner alone."""

    authority: Path
    server: KeyPair
    etcd: KeyPair
    administrator: KeyPair
    controller_manager: KeyPair
    service_accounts: KeyPair


def issue(folder: Path) -> Certificates:
    """Make a CA and all that a control plane needs of it below `folder`."""
    folder.mkdir(mode=0o700, parents=True)
    authority = trustme.CA(organization_name="project-operator sandbox")
    file = folder / "ca.crt"
    authority.cert_pem.write_to_path(str(file))

    def pair(name: str, leaf: trustme.LeafCert) -> KeyPair:
        files = KeyPair(folder / f"{name}.crt", folder / f"{name}.key")
        files.key.touch(mode=0o600)
        leaf.private_key_pem.write_to_path(str(files.key))
        leaf.cert_chain_pems[0].write_to_path(str(files.certificate))
        return files

    def client(user: str, group: str) -> trustme.LeafCert:
        # The host name is of no use, but without one trustme writes an empty critical extension, which Go refuses.
        return authority.issue_cert("client.invalid", common_name=user, organization_name=group)

    return Certificates(
        authority=file,
        server=pair("apiserver", authority.issue_cert(*_SERVER_NAMES)),
        etcd=pair("etcd", authority.issue_cert("127.0.0.1", common_name="etcd")),
        administrator=pair("administrator", client("sandbox-administrator", "system:masters")),
        controller_manager=pair("controller-manager", client("system:kube-controller-manager", "sandbox")),
        service_accounts=pair("service-accounts", client("service-accounts", "sandbox")),
    )
