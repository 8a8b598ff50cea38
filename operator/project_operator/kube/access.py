"""How to reach the API server and who we are to it: the pod's ServiceAccount or a kubeconfig.

Both are read by the official client's loaders, so that what works for its users works here.
"""

import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from kubernetes.client import Configuration
from kubernetes.config import ConfigException, incluster_config, kube_config
from kubernetes.config.incluster_config import SERVICE_CERT_FILENAME, SERVICE_HOST_ENV_NAME, SERVICE_TOKEN_FILENAME

from project_operator.errors import ConfigurationError

# The loaders carry no types.
_InClusterConfigLoader: Final[Any] = incluster_config.InClusterConfigLoader
_KubeConfigLoader: Final[Any] = kube_config.KubeConfigLoader
_KubeConfigMerger: Final[Any] = kube_config.KubeConfigMerger

_LOADING: Final = Lock()
"""The loader writes certificates into files that all of the process share, and names them before they are whole."""

WAY_OUT: Final = (
    "give --kubeconfig, set PROJECT_OPERATOR_KUBECONFIG or KUBECONFIG, or run in a pod with a ServiceAccount"
)
OTHER_FILE: Final = "give another file with --kubeconfig or PROJECT_OPERATOR_KUBECONFIG"
OTHER_CONTEXT: Final = "give one that it has with --context or PROJECT_OPERATOR_CONTEXT"


@dataclass(frozen=True, slots=True)
class ClusterAccess:
    """Address and credentials.

    ``authorization`` gives the header's value ("" = none) from where it is kept at the moment of asking: a file, an
    exec plugin. It may block for as long as these take, and raises `ConfigurationError` or `OSError` when they fail.
    """

    server: str
    ssl_context: ssl.SSLContext | None = field(default=None, repr=False)
    authorization: Callable[[], str] | None = field(default=None, repr=False)
    server_hostname: str | None = None
    """The name in the server's certificate, where it is not the address (``tls-server-name``)."""
    proxy: str | None = field(default=None, repr=False)
    source: str = ""
    """Where this came from, for the log."""


def load_access(
    kubeconfig: Path | None = None, context: str = "", *, environ: Mapping[str, str] = os.environ
) -> ClusterAccess:
    """The first of: ``kubeconfig`` given, the pod's ServiceAccount, ``$KUBECONFIG``, ``~/.kube/config``.

    Raises:
        ConfigurationError: none is there, or the one found cannot be used; says which, the option or variable that it
            came from, and the contexts that there are.
    """
    try:
        if kubeconfig is None and environ.get(SERVICE_HOST_ENV_NAME) and Path(SERVICE_TOKEN_FILENAME).exists():
            return in_cluster_access(environ=environ)
        paths = str(kubeconfig or environ.get("KUBECONFIG") or Path("~/.kube/config").expanduser())
        return _kubeconfig_access(paths, context)
    except _UnknownContext as error:
        raise _no_access(error, error.way_out) from None
    except Exception as error:  # the loaders stumble over bad input in every way there is
        raise _no_access(error, WAY_OUT if kubeconfig is None else OTHER_FILE) from error


def in_cluster_access(
    token_file: str = SERVICE_TOKEN_FILENAME,
    ca_file: str = SERVICE_CERT_FILENAME,
    *,
    environ: Mapping[str, str] = os.environ,
) -> ClusterAccess:
    """The pod's ServiceAccount (Kubernetes documentation, "Accessing the Kubernetes API from a Pod")."""
    configuration = Configuration()
    _InClusterConfigLoader(token_file, ca_file, environ=environ).load_and_set(configuration)
    return ClusterAccess(
        server=configuration.host,
        ssl_context=ssl.create_default_context(cafile=ca_file),
        authorization=lambda: _bearer_from(Path(token_file)),
        proxy=_proxy_from_environment(configuration.host),
        source="the pod's ServiceAccount",
    )


class _UnknownContext(ConfigException):
    """A kubeconfig has no context of that name."""

    def __init__(self, paths: str, wanted: str, contexts: list[str]) -> None:
        said = f"has no context '{wanted}'" if wanted else "names no current context"
        super().__init__(f"kubeconfig {paths} {said}")
        self.way_out = f"{OTHER_CONTEXT}: {', '.join(contexts)}" if contexts else f"it has none at all; {OTHER_FILE}"


def _no_access(cause: Exception, way_out: str) -> ConfigurationError:
    said = " ".join(str(cause).split()) or type(cause).__name__
    return ConfigurationError(f"No access to a Kubernetes API server: {said}; {way_out}")


def _kubeconfig_access(paths: str, context: str) -> ClusterAccess:
    with _LOADING:
        return _load(paths, context)


def _load(paths: str, context: str) -> ClusterAccess:
    merger = _merged(paths)
    wanted = context or str(merger.config.value.get("current-context") or "")
    contexts = [str(one["name"]) for one in merger.config.value["contexts"]]
    if wanted not in contexts:
        raise _UnknownContext(paths, wanted, contexts)
    loader = _KubeConfigLoader(merger.config, active_context=context or None, config_base_path=None)
    configuration = Configuration()
    loader.load_and_set(configuration)
    user = _user(merger, loader)
    if "exec" in user and not configuration.api_key and not configuration.cert_file:
        raise ConfigException(f"the exec plugin {user['exec'].get('command')!r} of {paths} gave no credentials")
    return ClusterAccess(
        server=configuration.host,
        ssl_context=_ssl_context(configuration) if configuration.host.startswith("https:") else None,
        authorization=_authorization(configuration, user, Path(paths.split(os.pathsep, maxsplit=1)[0]).parent),
        server_hostname=configuration.tls_server_name,
        proxy=loader.__dict__.get("proxy") or _proxy_from_environment(configuration.host),
        source=f"kubeconfig {paths}, context {loader.current_context['name']}",
    )


def _merged(paths: str) -> Any:
    """What the files at ``paths`` have together."""
    try:
        merger = _KubeConfigMerger(paths)
    except Exception as error:  # likewise
        raise ConfigException(f"{paths} is no kubeconfig ({' '.join(str(error).split())})") from error
    if merger.config is None:
        raise ConfigException(f"there is no kubeconfig at {paths}")
    return merger


def _user(merger: Any, loader: Any) -> dict[str, Any]:
    """The user entry of the context in force, as it is written."""
    name = loader.current_context["context"].get("user")
    node = merger.config["users"].get_with_name(name, safe=True) if name and merger.config.safe_get("users") else None
    return node["user"].value if node is not None and node.safe_get("user") else {}


def _authorization(configuration: Any, user: dict[str, Any], folder: Path) -> Callable[[], str] | None:
    # The official loader reads a tokenFile once; its writer (a token request, a vault agent) replaces the content.
    if token_file := user.get("tokenFile"):
        return lambda: _bearer_from(folder / token_file)
    if not configuration.api_key:
        return None
    # Runs an exec plugin again when what it gave has expired.
    return lambda: configuration.get_api_key_with_prefix("BearerToken") or ""


def _bearer_from(token_file: Path) -> str:
    token = token_file.read_text(encoding="utf-8").strip()
    if not token:
        raise ConfigurationError(f"The token file {token_file} is empty; {WAY_OUT}")
    return f"Bearer {token}"


def _ssl_context(configuration: Any) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=configuration.ssl_ca_cert)
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file)
    return context


def _proxy_from_environment(server: str) -> str | None:
    """``HTTPS_PROXY`` and friends as the standard library reads them; the kubeconfig's ``proxy-url`` goes before."""
    address = urlsplit(server)
    if proxy_bypass(address.hostname or ""):
        return None
    proxies = getproxies()
    return proxies.get(address.scheme) or proxies.get("all")
