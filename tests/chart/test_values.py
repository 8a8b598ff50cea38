"""Values: all described, none unknown, and what cannot be is refused with the way out."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import helm
import pytest
import yaml

import chart_schema

SCHEMA: dict[str, Any] = json.loads((helm.CHART / "values.schema.json").read_text(encoding="utf-8"))
DEFAULTS: dict[str, Any] = yaml.safe_load((helm.CHART / "values.yaml").read_text(encoding="utf-8"))

OTHER_VENDORS = ("openTelekomCloud", "fujitsuK5", "vmwareCSP")
"""Whom test_default_backend.py tries instead of a file of values."""

OPEN = {
    "global",  # Helm's own
    "affinity",  # Kubernetes' types: the API server knows them best
    "resources",
    "tolerations[]",
    "extraEnv[].valueFrom",
    "extraEnvFrom[]",
    "extraObjects[]",
    "extraVolumeMounts[]",
    "extraVolumes[]",
    *(
        f"metrics.{monitor}.{relabelings}[]"
        for monitor in ("podMonitor", "serviceMonitor")
        for relabelings in ("relabelings", "metricRelabelings")
    ),
    "networkPolicy.egress[]",
    "networkPolicy.scrapers[]",
    "topologySpreadConstraints[]",
    "podSecurityContext.seLinuxOptions",
    "podSecurityContext.seccompProfile",
}
PASSED_ON = ("resources.", "podSecurityContext.", "defaultBackend.existingSecret.")
"""What a template passes on as a whole."""
MAPS = {
    *("commonAnnotations", "commonLabels", "crds.annotations", "deploymentAnnotations", "nodeSelector"),
    *("metrics.podMonitor.labels", "metrics.serviceMonitor.labels", "podAnnotations", "podLabels"),
    *("metrics.prometheusRule.labels", "metrics.dashboard.labels", "metrics.dashboard.annotations"),
    *("serviceAccount.annotations", "serviceAccount.labels"),
}


def schemas(schema: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every schema below, with the value's path: `image.tag`, `extraEnv[].name`."""
    for name, child in schema.get("properties", {}).items():
        below = f"{path}.{name}" if path else name
        yield below, child
        yield from schemas(child, below)
    if "items" in schema:
        yield f"{path}[]", schema["items"]
        yield from schemas(schema["items"], f"{path}[]")


def leaves(values: Mapping[str, Any], path: str = "") -> Iterator[str]:
    for name, value in values.items():
        below = f"{path}.{name}" if path else name
        if isinstance(value, dict) and value and below not in MAPS:
            yield from leaves(value, below)
        else:
            yield below


ALL = dict(schemas(SCHEMA))


def test_every_value_is_described() -> None:
    assert [path for path, schema in ALL.items() if not schema.get("description")] == []
    inside_open = [path for path in leaves(DEFAULTS) if not any(path.startswith(f"{one}.") for one in OPEN)]
    assert [path for path in inside_open if path not in ALL] == []


def test_the_default_backend_is_as_closed_as_its_definition() -> None:
    fields = {path for path in ALL if path.startswith("defaultBackend.")}
    assert {"defaultBackend.spec.deletionPolicy", "defaultBackend.keystone.auth.password.scope.system"} <= fields
    secret = ALL["defaultBackend.vmwareCSP.auth.apiToken.secretRef"]
    assert (secret["additionalProperties"], secret["required"]) == (False, ["name"])


def test_every_object_is_closed_or_known_to_be_open() -> None:
    assert SCHEMA["additionalProperties"] is False
    objects = {
        path: schema.get("additionalProperties") for path, schema in ALL.items() if "object" in schema.get("type", ())
    }
    assert {path for path, more in objects.items() if more is True} == OPEN
    assert {path for path, more in objects.items() if isinstance(more, dict)} == MAPS
    assert [path for path, more in objects.items() if more is None] == []


def test_every_value_is_named_by_a_template() -> None:
    """Somewhere. That those of the Deployment arrive at their place is the table's in test_deployment.py."""
    folder = helm.CHART / "templates"
    templates = "\n".join(path.read_text(encoding="utf-8") for path in folder.rglob("*") if path.is_file())
    assert [name for name in DEFAULTS if f".Values.{name}" not in templates] == []
    named = [path for path in leaves(DEFAULTS) if not path.startswith(PASSED_ON)]
    assert [path for path in named if path.rsplit(".", 1)[-1] not in templates] == []


def choices(schema: Mapping[str, Any]) -> list[Any]:
    """All values that a boolean or an enumeration may have."""
    chosen: list[Any] = schema.get("enum") or [True, False] * (schema.get("type") == "boolean")
    return chosen


def at(values: Any, path: str) -> list[Any]:
    """What a path leads to, in each item of a list: nothing where a part of it is not there."""
    step, _, rest = path.partition(".")
    below = values.get(step.removesuffix("[]"), ABSENT) if isinstance(values, dict) else ABSENT
    found = [] if below is ABSENT else below if step.endswith("[]") else [below]
    return [one for each in found for one in at(each, rest)] if rest else list(found)


ABSENT: Any = object()
TRIED = [DEFAULTS, *(yaml.safe_load(path.read_text(encoding="utf-8")) for path in helm.TRIED_VALUES)]


def test_the_values_can_be_read_in_one_sitting() -> None:
    assert len((helm.CHART / "values.yaml").read_text(encoding="utf-8").splitlines()) <= 400


def uncommented(text: str) -> list[str]:
    """Keys without a line of comment above them, but for those that only hold others; in the order of the file."""
    lines = text.splitlines()
    return [
        key[1]
        for before, line in zip(["", *lines], lines, strict=False)
        if (key := re.match(r" *([\w.-]+(?:/[\w-]+)?):( |$)", line)) and key[2] and not before.lstrip().startswith("#")
    ]


def test_each_value_has_a_comment_of_its_own() -> None:
    text = (helm.CHART / "values.yaml").read_text(encoding="utf-8")
    bare = uncommented(text)
    # What is inside of defaults that one comment explains as a whole.
    within = {"cpu", "memory", "runAsNonRoot", "runAsUser", "runAsGroup", "type"}
    within |= {"argocd.argoproj.io/sync-options", "kustomize.toolkit.fluxcd.io/substitute"}
    assert [key for key in bare if key not in within] == []
    assert uncommented("# one\na: 1\nb:\n  # two\n  c: 1\n  d: 1\n") == ["d"]


def test_every_choice_is_given_by_a_file_of_values() -> None:
    """Booleans and enumerations. Each file is linted, rendered and validated by the tests beside this one.

    What is of the definition of IdentityBackend is passed on, and test_default_backend.py's.
    """
    passed_on = tuple(f"{path}." for path in chart_schema.OF_THE_DEFINITION)
    untried = {
        path: missing
        for path, schema in ALL.items()
        if not path.startswith(passed_on)
        and (
            missing := [
                one for one in choices(schema) if one not in [value for values in TRIED for value in at(values, path)]
            ]
        )
    }
    assert untried == {}


def test_every_value_is_given_by_a_file_of_values() -> None:
    """What a template does with a value that is empty by default is a branch as well."""
    elsewhere = ("resources.", "podSecurityContext.", *(f"defaultBackend.{vendor}" for vendor in OTHER_VENDORS))
    plain = [path for path in leaves(DEFAULTS) if not path.startswith(elsewhere)]
    assert [path for path in plain if not any(at(values, path) for values in TRIED[1:])] == []


def test_a_choice_that_is_not_tried_is_seen() -> None:
    assert (at(DEFAULTS, "logLevel"), at({"a": [{"b": 1}, {"b": 2}]}, "a[].b")) == (["info"], [1, 2])
    assert choices({"type": "boolean"}) == [True, False]
    assert at({"a": [{}]}, "a[].b") == []


REFUSED_BY_SCHEMA: list[tuple[dict[str, Any], str]] = [
    ({"replicaCount": 2}, "additional properties 'replicaCount' not allowed"),
    ({"image": {"name": "x"}}, "at '/image': additional properties 'name' not allowed"),
    ({"defaultBackend": {"token": "s3cret"}}, "at '/defaultBackend': additional properties 'token' not allowed"),
    ({"image": {"tag": 1.10}}, "at '/image/tag': got number, want string"),
    ({"image": {"digest": "sha256:123"}}, "at '/image/digest'"),
    ({"image": {"registry": "https://registry.example.com"}}, "at '/image/registry'"),
    ({"watchNamespaces": ["Payments"]}, "at '/watchNamespaces/0'"),
    ({"logLevel": "verbose"}, "at '/logLevel': value must be one of 'debug', 'info', 'warning', 'error'"),
    ({"shutdownGraceSeconds": 0}, "at '/shutdownGraceSeconds': minimum: got 0, want 1"),
    ({"podDisruptionBudget": {"maxUnavailable": "0%"}}, "at '/podDisruptionBudget/maxUnavailable'"),
    ({"extraEnv": [{"name": "A", "value": True}]}, "at '/extraEnv/0/value': got boolean, want string"),
    ({"defaultBackend": {"spec": {"deletionPolcy": "Orphan"}}}, "/spec': additional properties 'deletionPolcy' not"),
    ({"defaultBackend": {"keystone": {"domian": {}}}}, "/keystone': additional properties 'domian' not allowed"),
    ({"defaultBackend": {"nscale": {"auth": {"refreshToken": None}}}}, "/refreshToken': got null, want object"),
    ({"defaultBackend": {"fujitsuK5": {"auth": {"token": {}}}}}, "/auth': additional properties 'token' not allowed"),
]


def test_what_the_schema_refuses_is_named_all_at_once() -> None:
    wrong: dict[str, Any] = {}
    for values, _ in REFUSED_BY_SCHEMA:
        for name, value in values.items():
            wrong[name] = wrong[name] | value if isinstance(value, dict) and name in wrong else value
    refusal = helm.refusal(wrong)
    assert [said for _, said in REFUSED_BY_SCHEMA if said not in refusal] == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (
            {"secrets": {"clusterWide": True, "namespaces": ["a"]}},
            "secrets.clusterWide and secrets.namespaces exclude each other: leave one of them out",
        ),
        (
            {"extraEnv": [{"name": "PROJECT_OPERATOR_CLUSTER_ID", "value": "x"}]},
            "extraEnv: PROJECT_OPERATOR_CLUSTER_ID is the chart's to set: use clusterID",
        ),
        ({"crds": {"keep": False}}, "set admissionPolicies.definitions to false too, and delete every Project"),
        ({"replicas": 1, "podDisruptionBudget": {"enabled": True}}, "enabled is true with one replica, which a drain"),
        (
            {"metrics": {"podMonitor": {"enabled": True}, "serviceMonitor": {"enabled": True}}},
            "metrics.podMonitor.enabled and metrics.serviceMonitor.enabled exclude each other",
        ),
        (
            {"metrics": {"renderMode": "failIfMissing", "podMonitor": {"enabled": True}}},
            "the API server has no PodMonitor: install the Prometheus operator first",
        ),
        (
            {
                "watchNamespaces": ["payments"],
                "secrets": {"namespaces": ["search"]},
                "clusterBackends": {"enabled": False},
            },
            "secrets.namespaces names none of watchNamespaces (payments), so that no IdentityBackend there could have",
        ),
        ({"defaultBackend": {"enabled": True}}, "vmwareCSP where defaultBackend.enabled is true, and has none: for"),
        (
            {"defaultBackend": {"enabled": True, "nscale": {"organization": {"id": "a"}}}},
            "defaultBackend.nscale.url must be set",
        ),
        (
            {"defaultBackend": {"enabled": True, "nscale": {"url": "https://identity.example.com"}}},
            "defaultBackend.existingSecret.name must be set",
        ),
    ],
)
def test_what_cannot_be_is_refused_and_named(values: dict[str, Any], said: str) -> None:
    assert said in helm.refusal(values)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"defaultBackend": {"spec": {"nscale": {}}}}, "/spec': additional properties 'nscale' not allowed"),
        (
            {"defaultBackend": {"keystone": {"url": "https://a.example.com"}}},
            "and has keystone and nscale: for example",
        ),
        (
            {
                "defaultBackend": {
                    "nscale": {
                        "url": "https://a.example.com",
                        "auth": {"refreshToken": {"secretRef": {"name": "session"}}},
                    }
                }
            },
            "existingSecret has no place, as all that defaultBackend.nscale.auth names has a secretRef",
        ),
        (
            {
                "defaultBackend": {
                    "nscale": {"url": "https://a.example.com", "auth": {"refreshToken": {}}},
                    "existingSecret": {"name": "session", "key": "mine"},
                }
            },
            "defaultBackend.existingSecret.key is of tokens alone, and refreshToken reads keys of its own",
        ),
        ({"watchNamespaces": ["payments"]}, "namespace project-operator, which watchNamespaces leaves out"),
        ({"secrets": {"namespaces": ["payments"]}}, "namespace project-operator, which secrets.namespaces leaves out"),
        (
            {
                "networkPolicy": {"enabled": True},
                "defaultBackend": {"nscale": {"url": "https://identity.example.com:8443/base"}},
            },
            "networkPolicy.ports leaves out 8443, the port of defaultBackend.nscale.url: add it there",
        ),
        (
            {"networkPolicy": {"enabled": True}, "defaultBackend": {"nscale": {"url": "http://[2001:db8::1]"}}},
            "networkPolicy.ports leaves out 80, the port of defaultBackend.nscale.url",
        ),
    ],
)
def test_a_default_backend_that_could_not_work_is_refused(more: dict[str, Any], said: str) -> None:
    backend = {
        "enabled": True,
        "nscale": {"url": "https://identity.example.com"},
        "existingSecret": {"name": "token"},
        **more.get("defaultBackend", {}),
    }
    assert said in helm.refusal({**more, "defaultBackend": backend})


@pytest.mark.parametrize("more", [{"ports": [6443, 8443]}, {"egress": [{}]}])
def test_a_network_policy_that_lets_the_default_backend_be_called_is_taken(more: dict[str, Any]) -> None:
    backend = {"enabled": True, "nscale": {"url": "https://a.example.com:8443"}, "existingSecret": {"name": "token"}}
    assert helm.template(
        helm.WITHOUT_DEFINITIONS | {"defaultBackend": backend, "networkPolicy": {"enabled": True, **more}}
    )


def test_the_chart_can_be_a_part_of_another() -> None:
    assert helm.template({"global": {"imageRegistry": "registry.example.com"}})
