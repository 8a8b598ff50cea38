"""Throughput, latency and memory against size, as pictures.

Matplotlib is in no lock of ours but its own (`requirements/plots.txt`, beside the environment).
"""

import importlib
import sys
from pathlib import Path
from statistics import median
from typing import Any

from bench.budgets import MEGABYTE
from bench.page import PICTURES
from bench.record import BARE, OPERATOR, Record

_FORMATS = ("svg", "png")


def draw(record: Record, folder: Path) -> None:
    """Write what ``record`` has something for into ``folder``."""
    try:
        matplotlib = importlib.import_module("matplotlib")
    except ImportError:
        print("bench: no plots, as there is no matplotlib here", file=sys.stderr)
        return
    matplotlib.use("agg")
    # The same picture is the same file.
    matplotlib.rcParams["svg.hashsalt"] = "project-operator"
    plots = importlib.import_module("matplotlib.pyplot")
    for name, panel, wanted in zip(
        PICTURES, (_throughput, _latency, _memory), (record.creations, record.latencies, record.creations), strict=True
    ):
        if not wanted:
            continue
        figure, place = plots.subplots(figsize=(7, 4), layout="constrained")
        panel(place, record)
        place.grid(visible=True, alpha=0.3)
        for kind in _FORMATS:
            metadata = {"Date": None} if kind == "svg" else {}
            figure.savefig(folder / f"{name}.{kind}", dpi=110, metadata=metadata)
        plots.close(figure)


def _throughput(place: Any, record: Record) -> None:
    sizes = record.sizes()
    for who in (BARE, OPERATOR):
        place.plot(sizes, [record.rate(who, size) for size in sizes], marker="o", label=who)
        for size in sizes:
            runs = [run.rate for run in record.of(who, size)]
            place.plot([size] * len(runs), runs, linestyle="", marker=".", color="gray", markersize=4)
    place.set(title="Creation", xlabel="Projects", ylabel="Projects per second", xscale="log", ylim=(0, None))
    place.legend()


def _memory(place: Any, record: Record) -> None:
    sizes = record.sizes()
    used = [median(run.resident_bytes for run in record.of(OPERATOR, size)) / MEGABYTE for size in sizes]
    place.plot(sizes, used, marker="o", label=OPERATOR)
    place.axhline(180, color="gray", linestyle="--", label="budget at 10,000")
    place.set(title="Memory after creation", xlabel="Projects", ylabel="MB", ylim=(0, None))
    place.legend()


def _latency(place: Any, record: Record) -> None:
    ticks = range(1, len(record.latencies) + 1)
    place.boxplot([one.first_call for one in record.latencies], whis=(0, 100))
    place.set_xticks(ticks, [one.meanwhile for one in record.latencies])
    place.axhline(1.0, color="gray", linestyle="--")
    place.set(title="A new Project's first backend call", ylabel="seconds from kubectl apply", ylim=(0, None))
