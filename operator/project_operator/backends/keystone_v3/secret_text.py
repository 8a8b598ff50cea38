"""What stands in the Secret of a user with a password, whichever vendor's."""

from collections.abc import Mapping
from typing import Final

from project_operator.errors import ConnectionRefused

USERNAME_KEY: Final = "username"
PASSWORD_KEY: Final = "password"  # noqa: S105 - the name of a key
"""Keys of the Secret: those of the type ``kubernetes.io/basic-auth``."""


def line(secret: Mapping[str, bytes], key: str, name: str, where: str) -> str:
    """The text under ``key``, without the line break that an editor or `echo` leaves at its end.

    ``name`` is the Secret's, ``where`` the path of the reference to it in the backend object.

    Raises:
        ConnectionRefused: there is no such key, or what it holds cannot be used.
    """
    if key not in secret:
        raise ConnectionRefused(f"the Secret {name!r} has no key {key!r}; put it there", field=where)
    try:
        text = secret[key].decode().rstrip("\r\n")
    except UnicodeDecodeError:
        text = ""
    if not text or not text.isprintable():
        raise ConnectionRefused(
            f"key {key!r} of the Secret {name!r} cannot be used; it must be one line of printable UTF-8", field=where
        )
    return text
