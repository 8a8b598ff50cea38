"""What the bench finds, as it is kept in `docs/benchmarks/speed.json`."""

from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any, Literal

BARE, OPERATOR = "bare client", "operator"
Who = Literal["bare client", "operator"]


@dataclass(frozen=True, slots=True)
class Creation:
    """All Projects are there; the process starts, and creates them."""

    who: str
    projects: int
    seconds: float
    """From the start of the process until the last Project is seen Ready."""
    first_seconds: float
    """Until the first is."""
    cpu_seconds: dict[str, float]
    """By process."""
    resident_bytes: int
    """Of the process in the end; 0 of the bare client."""
    api_requests: dict[str, int]
    """Of the process, by verb and resource."""
    backend_calls: dict[str, int]
    ready_after: list[float] = field(default_factory=list)
    """Seconds after which each hundredth of them was Ready."""

    @property
    def rate(self) -> float:
        """Projects per second."""
        return self.projects / self.seconds


@dataclass(frozen=True, slots=True)
class Latencies:
    """How long single new Projects took, applied by kubectl one after the other, while something else goes on."""

    meanwhile: str
    projects: int
    first_call: list[float]
    """Seconds from the start of kubectl to the arrival of the creation at the identity server."""
    ready: list[float]
    """To Ready as the watch shows it; the identity server takes `Record.provisioning` of these."""


@dataclass(frozen=True, slots=True)
class Phase:
    """Something was done with all Projects."""

    what: str
    projects: int
    seconds: float
    cpu_seconds: dict[str, float]
    resident_bytes: int
    api_requests: dict[str, int]
    backend_calls: dict[str, int]


@dataclass(frozen=True, slots=True)
class Sharing:
    """Several backend objects, on one process or on two that share them by Leases."""

    processes: int
    backends: int
    projects: int
    seconds: float
    cpu_seconds: dict[str, float]
    led: list[int]
    """How many backend objects each process was in charge of."""
    failover: list[float] = field(default_factory=list)
    """Seconds from the end of one process by SIGKILL to the first call for a new Project, for each backend; empty where
    there was but one.
    """


@dataclass
class Record:
    """One run of the bench."""

    machine: dict[str, Any]
    provisioning: float
    identity_rate: float = 0.0
    """Creations per second that the identity server alone answers."""
    bytes_per_project: dict[str, int] = field(default_factory=dict)
    """What one takes, by place."""
    creations: list[Creation] = field(default_factory=list)
    phases: list[Phase] = field(default_factory=list)
    latencies: list[Latencies] = field(default_factory=list)
    sharing: list[Sharing] = field(default_factory=list)

    def sizes(self) -> list[int]:
        """The numbers of Projects that were created."""
        return sorted({one.projects for one in self.creations})

    def of(self, who: str, projects: int) -> list[Creation]:
        """The runs of one contender."""
        return [one for one in self.creations if (one.who, one.projects) == (who, projects)]

    def rate(self, who: str, projects: int) -> float:
        """Median of projects per second."""
        return median(one.rate for one in self.of(who, projects))

    def ratio(self, projects: int) -> float:
        """Of the medians: the operator's rate to the bare client's."""
        return self.rate(OPERATOR, projects) / self.rate(BARE, projects)

    def phase(self, what: str) -> Phase | None:
        """The phase of that name, if it was run."""
        return next((one for one in self.phases if one.what == what), None)

    def to_json(self) -> dict[str, Any]:
        """Everything."""
        return asdict(self)


def record_of(document: dict[str, Any]) -> Record:
    """Of what `Record.to_json` made."""
    return Record(
        machine=document["machine"],
        provisioning=document["provisioning"],
        identity_rate=document["identity_rate"],
        bytes_per_project=document["bytes_per_project"],
        creations=[Creation(**one) for one in document["creations"]],
        phases=[Phase(**one) for one in document["phases"]],
        latencies=[Latencies(**one) for one in document["latencies"]],
        sharing=[Sharing(**one) for one in document["sharing"]],
    )


def percentile(values: list[float], share: float) -> float:
    """The smallest of ``values`` that ``share`` of them do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, int(-(-share * len(ordered) // 1)) - 1))]
