"""keystone.conf and the server's gunicorn.conf.py, as text."""

from pathlib import Path
from typing import Final

from project_operator.sandbox.identity.keystone.settings import KeystoneSettings
from project_operator.sandbox.identity.tls import TLSFiles

KEYSTONE_CONF: Final = "keystone.conf"
GUNICORN_CONF: Final = "gunicorn.conf.py"
DATABASE: Final = "keystone.db"
TOKEN_KEYS: Final = "fernet-keys"  # noqa: S105 - the name of a folder
CREDENTIAL_KEYS: Final = "credential-keys"
ACCESS_LOG: Final = "access.log"
_ANSWERED: Final = "%(m)s %(U)s?%(q)s %(s)s %(a)s"
"""A line of that log: method, path and query, status, user agent."""
_THREADS: Final = 1
"""With more, each keeps what it read for the request before until its next one begins: of 25 roles that were taken away
three were still good for a call. Python's lock lets no two of them work at once anyway."""
_KEEP_ALIVE: Final = 5
"""Seconds until an idle connection is closed: the default of Apache httpd, which stands in front of most Keystones."""


def keystone_conf(folder: Path, settings: KeystoneSettings) -> str:
    """keystone.conf for a server whose database and keys lie in ``folder``.

    Without a ``public_endpoint`` links in answers name the host that the client asked for, also behind a proxy. The
    cache in memory spares each request some 300 SQL queries, and is right because one thread of one process serves. The
    database need not survive a crash of the machine, so nothing is synced to disk. ``mode=memory`` does not reach
    SQLite, which needs ``uri=true`` for it: it makes oslo.db keep one connection, where it opens one for every query of
    a database that is a file. What Keystone answers is not checked against its own schemas: it would say so in its log,
    which nobody reads, and answer the same.
    """
    endpoint = f"\npublic_endpoint = {settings.public_endpoint}" if settings.public_endpoint else ""
    return f"""\
[DEFAULT]
log_file = {folder / "keystone.log"}{endpoint}
max_db_limit = {settings.max_db_limit}
max_project_tree_depth = {settings.max_project_tree_depth}
[api]
response_validation = ignore
[database]
connection = sqlite:///{folder / DATABASE}?mode=memory
sqlite_synchronous = false
[token]
provider = fernet
expiration = {settings.token_expiration}
[fernet_tokens]
key_repository = {folder / TOKEN_KEYS}
[fernet_receipts]
key_repository = {folder / TOKEN_KEYS}
[credential]
key_repository = {folder / CREDENTIAL_KEYS}
[identity]
password_hash_rounds = 4
[cache]
enabled = true
backend = dogpile.cache.memory
[oslo_messaging_notifications]
driver = noop
"""


def gunicorn_conf(folder: Path, host: str, port: int, tls: TLSFiles | None) -> str:
    """gunicorn.conf.py: one process with one thread. Port 0 is a free one, which gunicorn's log then names.

    Nothing of it can go on the command line, for Keystone's configuration would read that as its own.
    """
    settings: dict[str, object] = {
        "wsgi_app": "keystone.wsgi.api:application",
        "bind": f"{host}:{port}",
        "workers": 1,
        "worker_class": "gthread",
        "threads": _THREADS,
        "keepalive": _KEEP_ALIVE,
        "graceful_timeout": 1,
        "control_socket_disable": True,
        "accesslog": str(folder / ACCESS_LOG),
        "access_log_format": _ANSWERED,
    }
    if tls is not None:
        settings |= {"certfile": str(tls.certificate), "keyfile": str(tls.key)}
    return "".join(f"{name} = {value!r}\n" for name, value in settings.items())
