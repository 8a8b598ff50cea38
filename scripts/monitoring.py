"""Alerts and dashboard, as they are installed, from what people write in `deploy/monitoring/`.

`alerts.yaml` becomes a PrometheusRule for the Prometheus operator, and both it and `dashboard.json` are copied into the
chart: a chart holds its files itself.
"""

import textwrap
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
MONITORING: Final = ROOT / "deploy" / "monitoring"
CHART_MONITORING: Final = ROOT / "deploy" / "charts" / "project-operator" / "files" / "monitoring"
ALERTS: Final = "alerts.yaml"
DASHBOARD: Final = "dashboard.json"
HEAD: Final = """\
# Generated from alerts.yaml, for the Prometheus operator. Add the labels by which your Prometheus chooses its rules.
#   kubectl apply --namespace project-operator --filename deploy/monitoring/prometheusrule.yaml
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: project-operator
  labels:
    app.kubernetes.io/name: project-operator
spec:
"""


def rendered() -> dict[Path, str]:
    """The files and their texts."""
    alerts = (MONITORING / ALERTS).read_text(encoding="utf-8")
    rules = alerts[alerts.index("groups:") :]
    return {
        MONITORING / "prometheusrule.yaml": HEAD + textwrap.indent(rules, "  "),
        CHART_MONITORING / ALERTS: alerts,
        CHART_MONITORING / DASHBOARD: (MONITORING / DASHBOARD).read_text(encoding="utf-8"),
    }
