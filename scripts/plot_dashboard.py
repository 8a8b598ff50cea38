"""Plot the panels of the dashboard from a Prometheus, for the documentation.

    plot_dashboard.py PROMETHEUS-URL [--minutes N] [--picture FILE]

Asks for every query of `deploy/monitoring/dashboard.json` as Grafana would, and says which of them found nothing. Needs
matplotlib, which nothing else here does (`pip install matplotlib`).
"""

import argparse
import importlib
import json
import math
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
DASHBOARD: Final = ROOT / "deploy" / "monitoring" / "dashboard.json"
PICTURE: Final = ROOT / "docs" / "images" / "dashboard.png"
VARIABLES: Final = {"$namespace": ".*", "$job": ".*", "$__rate_interval": "1m"}
COLUMNS: Final = 3
POINTS: Final = 180
LEGEND: Final = 6
"""Lines of a legend; more would hide the plot."""


@dataclass(frozen=True, slots=True)
class Line:
    """One series of a panel."""

    name: str
    points: tuple[tuple[float, float], ...]


def ask(prometheus: str, query: str, start: float, end: float) -> list[dict[str, Any]]:
    """The series that ``query`` gives between two times (seconds since the epoch).

    Raises:
        OSError: Prometheus did not answer, or refused the query.
    """
    for variable, value in VARIABLES.items():
        query = query.replace(variable, value)
    form = {"query": query, "start": start, "end": end, "step": max(1, round((end - start) / POINTS))}
    url = f"{prometheus.rstrip('/')}/api/v1/query_range?{urllib.parse.urlencode(form)}"
    with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - the person gives the address
        found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
    return found


def lines(prometheus: str, panel: Mapping[str, Any], start: float, end: float) -> Iterator[Line]:
    """Everything that a panel shows, called as its legend calls it."""
    for target in panel["targets"]:
        for series in ask(prometheus, target["expr"], start, end):
            name = target["legendFormat"]
            for label, value in series["metric"].items():
                name = name.replace(f"{{{{{label}}}}}", value)
            points = ((float(at) - end, float(value)) for at, value in series["values"])
            yield Line(name, tuple(point for point in points if not math.isnan(point[1])))


def main() -> int:
    parser = argparse.ArgumentParser(description="Plot the panels of the dashboard from a Prometheus.")
    parser.add_argument("prometheus", help="its address, such as http://localhost:9090")
    parser.add_argument("--minutes", type=float, default=10.0, help="how far back (default: 10)")
    parser.add_argument("--picture", type=Path, default=PICTURE, help="where to write it (default: docs/images)")
    options = parser.parse_args()
    try:
        matplotlib = importlib.import_module("matplotlib")
    except ImportError:
        print("this needs matplotlib: pip install matplotlib", file=sys.stderr)
        return 1
    matplotlib.use("agg")
    plots = importlib.import_module("matplotlib.pyplot")
    panels = [panel for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"] if panel["type"] != "row"]
    rows = math.ceil(len(panels) / COLUMNS)
    figure, places = plots.subplots(rows, COLUMNS, figsize=(COLUMNS * 6, rows * 2.6), layout="constrained")
    end = time.time()
    for panel, place in zip(panels, places.flat, strict=False):
        found = list(lines(options.prometheus, panel, end - options.minutes * 60, end))
        draw(place, panel, found, options.minutes * 60)
        if not any(line.points for line in found):
            print(f"nothing to show: {panel['title']}", file=sys.stderr)
    for place in places.flat[len(panels) :]:
        place.axis("off")
    options.picture.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(options.picture, dpi=75)
    print(options.picture)
    return 0


def draw(place: Any, panel: Mapping[str, Any], found: list[Line], seconds: float) -> None:
    """One panel."""
    place.set_title(panel["title"], fontsize=10, loc="left")
    place.set_xlim(-seconds, 0)
    place.tick_params(labelsize=7)
    place.grid(visible=True, alpha=0.3)
    if not any(line.points for line in found):
        place.text(0.5, 0.5, "no data", transform=place.transAxes, ha="center", color="gray")
        return
    drawn = []
    for line in found:
        if line.points:
            drawn += place.plot(*zip(*line.points, strict=True), label=line.name or panel["title"], linewidth=1)
    highest = max(value for line in found for _, value in line.points)
    place.set_ylim(0, 1.15 * highest or 1)
    if any(line.name for line in found):
        place.legend(handles=drawn[:LEGEND], fontsize=6, loc="upper left")
    unit = panel["fieldConfig"]["defaults"]["unit"]
    place.set_ylabel("" if unit == "short" else unit, fontsize=7)


if __name__ == "__main__":
    sys.exit(main())
