"""What a run found, as Markdown."""

from collections import Counter
from statistics import median
from typing import Final

from bench import budgets, scaling
from bench.record import BARE, OPERATOR, Record, percentile
from bench.traffic import writes

BEGIN, END = "<!-- figures: begin -->", "<!-- figures: end -->"
PICTURES: Final = {
    "speed-throughput": "Projects per second against their number",
    "speed-latency": "Seconds to the first call for a new Project",
    "speed-memory": "Memory against the number of Projects",
}
"""By file, with what is in each."""
_MILLI: Final = 1000


def recorded(text: str, record: Record) -> str:
    """The page with what ``record`` says between its marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    pictures = "\n\n".join(f"![{words}]({name}.svg)" for name, words in PICTURES.items())
    return f"{before}{BEGIN}\n{told(record)}\n\n{pictures}\n{END}{after}"


def told(record: Record) -> str:
    """Circumstances, and a table for each thing that was run."""
    where = record.machine
    circumstances = (
        f"{where['date']}, revision {where['revision']}, Python {where['python']}, {where['system']}, "
        f"{where['cores']} cores with a load of {where['load_before']} before; {where['plan']} run."
    )
    lines = [circumstances]
    if record.creations:
        lines += ["", *_creations(record), "", *_each(record)]
    if record.creations and record.phases:
        lines += ["", "Budgets:", "", *_table(["what", "bar", "measured", ""], _budgets(record))]
    if record.phases:
        lines += ["", *_phases(record)]
    if record.latencies:
        lines += ["", *_latencies(record)]
    if record.sharing:
        lines += ["", *_sharing(record)]
    if record.creations and record.bytes_per_project:
        lines += ["", "The cost model beside this run:", "", *_table(*scaling.compared(record))]
    return "\n".join(lines)


def _budgets(record: Record) -> list[list[str]]:
    return [[row.what, row.bar, row.measured, row.verdict] for row in budgets.table(record)]


def _creations(record: Record) -> list[str]:
    head = ["Projects", "runs each", "bare client", "operator", "ratio", "memory"]
    rows = [
        [
            f"{size:,}",
            str(len(record.of(OPERATOR, size))),
            f"{record.rate(BARE, size):.0f}/s",
            f"{record.rate(OPERATOR, size):.0f}/s",
            f"{record.ratio(size):.2f}",
            f"{median(run.resident_bytes for run in record.of(OPERATOR, size)) / budgets.MEGABYTE:.0f} MB",
        ]
        for size in record.sizes()
    ]
    alone = f"The identity server alone answers {record.identity_rate:.0f} creations/s."
    return [f"Creation, medians, from the start of the process to the last Ready. {alone}", "", *_table(head, rows)]


def _each(record: Record) -> list[str]:
    """Where the machine's time goes."""
    size = record.sizes()[-1]
    rows = []
    for who in (BARE, OPERATOR):
        runs = record.of(who, size)
        used = {name for run in runs for name in run.cpu_seconds}
        spent = {name: median(run.cpu_seconds.get(name, 0.0) for run in runs) for name in used}
        own = spent.pop(who, 0.0)
        others = ", ".join(f"{name} {seconds / size * _MILLI:.2f}" for name, seconds in sorted(spent.items()))
        told = " ".join(
            f"{count / size:.2f} {what},"
            for what, count in sorted(runs[-1].api_requests.items())
            if count > size // 100
        )
        rows.append([who, f"{own / size * _MILLI:.2f}", others, told.rstrip(",")])
    head = ["who", "own ms", "ms of others", "requests to the API server"]
    return [f"Processor time and requests for each of {size:,} Projects:", "", *_table(head, rows)]


def _phases(record: Record) -> list[str]:
    rows = [
        [
            phase.what,
            f"{phase.projects:,}",
            f"{phase.seconds:.1f}",
            f"{phase.cpu_seconds[OPERATOR]:.1f}",
            f"{phase.resident_bytes / budgets.MEGABYTE:.0f}",
            str(sum(phase.api_requests.values())),
            str(writes(Counter(phase.api_requests))),
            ", ".join(f"{count} {what}" for what, count in sorted(phase.backend_calls.items())),
        ]
        for phase in record.phases
    ]
    head = ["what", "Projects", "s", "operator's CPU s", "MB", "requests to the API server", "writes", "backend calls"]
    return ["What came after:", "", *_table(head, rows)]


def _latencies(record: Record) -> list[str]:
    rows = [
        [
            one.meanwhile,
            str(len(one.first_call)),
            *(f"{percentile(one.first_call, share):.2f}" for share in (0.5, 0.95)),
            *(f"{percentile(one.ready, share):.2f}" for share in (0.5, 0.95)),
        ]
        for one in record.latencies
    ]
    head = ["meanwhile", "new Projects", "first call, median", "p95", "Ready, median", "p95"]
    words = (
        f"Seconds from the start of `kubectl apply`; the identity server takes {record.provisioning:g} s to provision:"
    )
    return [words, "", *_table(head, rows)]


def _sharing(record: Record) -> list[str]:
    rows = [
        [
            str(one.processes),
            " + ".join(map(str, one.led)),
            f"{one.projects:,}",
            f"{one.projects / one.seconds:.0f}/s",
            ", ".join(f"{name} {seconds:.1f}" for name, seconds in one.cpu_seconds.items()),
        ]
        for one in record.sharing
    ]
    alone, both = (one.projects / one.seconds for one in record.sharing)
    head = ["processes", "in charge of", "Projects", "rate", "CPU s"]
    return [f"Eight backends, {both / alone:.2f} times as fast on two processes:", "", *_table(head, rows)]


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]
