"""Alerts and dashboard, as they are installed, from what people write in `deploy/monitoring/`.

    monitoring.py [--check]

`alerts.yaml` becomes a PrometheusRule for the Prometheus operator, and both it and `dashboard.json` are copied into the
chart: a chart holds its files itself. With `--check` it says what is out of date, and exits 1 if anything is.
"""

import argparse
import sys
import textwrap
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
MONITORING: Final = Path("deploy/monitoring")
CHART_MONITORING: Final = Path("deploy/charts/project-operator/files/monitoring")
ALERTS: Final = "alerts.yaml"
DASHBOARD: Final = "dashboard.json"
MEND: Final = "make generate"
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


def generated(root: Path) -> dict[Path, str]:
    """Every generated file, by its path below ``root``, and its text."""
    alerts = (root / MONITORING / ALERTS).read_text(encoding="utf-8")
    rules = alerts[alerts.index("groups:") :]
    return {
        MONITORING / "prometheusrule.yaml": HEAD + textwrap.indent(rules, "  "),
        CHART_MONITORING / ALERTS: alerts,
        CHART_MONITORING / DASHBOARD: (root / MONITORING / DASHBOARD).read_text(encoding="utf-8"),
    }


def main() -> int:
    parser = argparse.ArgumentParser(description="Write alerts and dashboard as they are installed.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if a file is not up to date")
    check = parser.parse_args().check
    stale = 0
    for path, text in generated(ROOT).items():
        file = ROOT / path
        if file.exists() and file.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        if check:
            print(f"{path} is not up to date; run: {MEND}", file=sys.stderr)
            continue
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        print(path)
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
