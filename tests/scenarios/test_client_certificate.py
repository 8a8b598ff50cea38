"""A certificate beside a token, where an ingress asks for one; and alone, where the server knows us by it."""

from pathlib import Path
from typing import Any

import pytest
import trustme
from hosting import KEPT
from objects import Object
from scenario import PROMPT, SECRET, Scenario

from project_operator.api.names import CREDENTIALS_LABEL, FINALIZER
from project_operator.kube.resources import IDENTITY_BACKENDS, SECRETS
from project_operator.sandbox.identity.nscale.embedded import EmbeddedIdentityServer
from project_operator.sandbox.identity.tls import TLSFiles

NAME = "project-operator"


class Certified(Scenario):
    """A scenario whose identity server asks for certificates."""

    authority: trustme.CA

    def certificate(self, *, by: trustme.CA | None = None) -> Object:
        """A Secret as of the type kubernetes.io/tls."""
        issued = (by or self.authority).issue_cert("operator.example.com", common_name=NAME)
        chain = b"".join(part.bytes() for part in issued.cert_chain_pems).decode()
        return {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "certificate", "labels": {CREDENTIALS_LABEL: "true"}},
            "type": "kubernetes.io/tls",
            "stringData": {"tls.crt": chain, "tls.key": issued.private_key_pem.bytes().decode()},
        }

    def certified(self, **auth: Any) -> Object:
        """A backend object that shows the certificate."""
        whole = {"clientCertificate": {"secretRef": {"name": "certificate"}}, **auth}
        nscale = {"url": self.identity.url, "auth": whole, "caBundle": self.identity.ca_bundle}
        return self.backend("default", nscale=nscale)


@pytest.fixture
def certified(bare_scenario: Scenario, tmp_path: Path) -> Certified:
    authority = trustme.CA()
    clients = tmp_path / "clients.pem"
    authority.cert_pem.write_to_path(str(clients))
    made = TLSFiles.make(tmp_path)
    tls = TLSFiles(made.certificate, made.key, made.ca_bundle, client_authority=clients)
    bare_scenario.identity.stop()
    bare_scenario.identity = EmbeddedIdentityServer(
        PROMPT.model_copy(update={"dialect": "1.14"}), tls=tls, keep_alive=KEPT
    ).start()
    bare_scenario.__class__ = Certified
    assert isinstance(bare_scenario, Certified)
    bare_scenario.authority = authority
    return bare_scenario


TOKEN = {"serviceAccountToken": {"secretRef": {"name": SECRET}}}


@pytest.mark.whole
def test_an_ingress_that_asks_for_one_is_shown_it_beside_the_token(certified: Certified) -> None:
    certified.identity.admin.configure(certificate_required=True)
    certified.objects.create(SECRETS, certified.secret())
    certified.objects.create(SECRETS, certified.certificate())
    certified.objects.create(IDENTITY_BACKENDS, certified.certified(**TOKEN))
    certified.wait_ready("default", kind="IdentityBackend")
    certified.apply_project()
    certified.wait_ready()
    assert certified.remote().created_by == certified.identity.service_account_id
    for name in (SECRET, "certificate"):
        assert certified.kubectl("get", "secret", name, "--output=jsonpath={.metadata.finalizers[*]}") == FINALIZER
    certified.delete()
    certified.wait_gone()
    certified.delete("default", "IdentityBackend")
    certified.wait_gone("default", "IdentityBackend")
    for name in (SECRET, "certificate"):
        assert certified.kubectl("get", "secret", name, "--output=jsonpath={.metadata.finalizers[*]}") == ""


def test_without_one_the_way_out_is_said(certified: Certified) -> None:
    certified.identity.admin.configure(certificate_required=True)
    certified.objects.create(SECRETS, certified.secret())
    nscale = {"url": certified.identity.url, "auth": TOKEN, "caBundle": certified.identity.ca_bundle}
    certified.objects.create(IDENTITY_BACKENDS, certified.backend("default", nscale=nscale))
    backend = certified.wait_for("False", "EndpointInvalid", "default", kind="IdentityBackend")
    assert "clientCertificate" in str(backend["status"]["conditions"])


def test_alone_it_says_who_we_are_and_a_new_one_is_followed(certified: Certified) -> None:
    certified.identity.admin.configure(system_accounts=(NAME,))
    certified.objects.create(SECRETS, certified.certificate(by=trustme.CA()))
    certified.objects.create(IDENTITY_BACKENDS, certified.certified())
    certified.wait_for("False", "BackendUnavailable", "default", kind="IdentityBackend")
    certified.apply(certified.certificate())
    certified.wait_ready("default", kind="IdentityBackend")
    certified.apply_project()
    certified.wait_ready()
    assert certified.remote().created_by == NAME


def test_a_key_of_another_certificate_is_named(certified: Certified) -> None:
    secret = certified.certificate()
    secret["stringData"]["tls.key"] = certified.certificate()["stringData"]["tls.key"]
    certified.objects.create(SECRETS, secret)
    certified.objects.create(IDENTITY_BACKENDS, certified.certified())
    backend = certified.wait_for("False", "SecretInvalid", "default", kind="IdentityBackend")
    assert "the private key is not that of the certificate" in str(backend["status"]["conditions"])
