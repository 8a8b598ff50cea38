"""The keys of `argocd-cm` hold what lies in upstream's layout, word for word."""

import argo_cd
import yaml
from lifecycle import row

import argocd_cm
from project_operator.api.kinds import KINDS
from project_operator.api.names import GROUP


def test_every_kind_has_a_health_key_without_wildcards() -> None:
    data = yaml.safe_load(argocd_cm.PAGE.read_text(encoding="utf-8"))["data"]
    for kind in KINDS:
        script = (argo_cd.CUSTOMIZATIONS / kind.kind / "health.lua").read_text(encoding="utf-8")
        assert data[f"resource.customizations.health.{GROUP}_{kind.kind}"] == script
    assert not [key for key in data if "*" in key]


def test_actions_can_be_run_from_the_key() -> None:
    data = yaml.safe_load(argocd_cm.PAGE.read_text(encoding="utf-8"))["data"]
    actions = yaml.safe_load(data[f"resource.customizations.actions.{GROUP}_Project"])
    scripts = {one["name"]: one["action.lua"] for one in actions["definitions"]}
    ready = row("Project", "ready").snapshot()
    assert set(argo_cd.run(actions["discovery.lua"], ready)) == set(scripts) == {"reconcile", "suspend", "resume"}
    assert argo_cd.run(scripts["suspend"], ready)["spec"]["suspend"] is True
