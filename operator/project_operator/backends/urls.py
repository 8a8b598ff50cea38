"""One spelling for a URL, so that two spellings of one place are not two places."""

from typing import Final
from urllib.parse import urlsplit

from project_operator.errors import ConnectionRefused

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def normal_url(text: str, field: str) -> str:
    """``text`` in small letters as far as the host, without a default port, and without slashes at its end.

    Raises:
        ConnectionRefused: it is no URL; ``field`` is where it stands in the backend object.
    """
    try:
        url = urlsplit(text)
        port = url.port
    except ValueError:
        url, port = urlsplit(""), None
    if not url.hostname:
        raise ConnectionRefused("must be a URL such as https://identity.example.com", field=field)
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    place = host if port in {None, _DEFAULT_PORTS.get(url.scheme)} else f"{host}:{port}"
    return f"{url.scheme}://{place}{url.path.rstrip('/')}"
