"""IDs and tokens as the server makes them, from a source of randomness that is handed in."""

import base64
from random import Random
from typing import Final
from uuid import UUID

_TOKEN_HEADER: Final = b'{"alg":"dir","enc":"A256GCM","typ":"at+jwt"}'


class Identifiers:
    """Makes everything random that the server shows."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def resource(self) -> str:
        """A UUID whose first character is a letter, since it is a Kubernetes object name as well (N1.2-1)."""
        text = str(UUID(int=self._random.getrandbits(128), version=4))
        return self._random.choice("abcdef") + text[1:]

    def token(self) -> str:
        """An opaque text of about 1.1 KB in the shape of a compact JWE (N3.2-7)."""
        parts = (
            _TOKEN_HEADER,
            b"",
            self._random.randbytes(12),
            self._random.randbytes(768),
            self._random.randbytes(16),
        )
        return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)

    def digits(self) -> str:
        """32 hexadecimal digits: a W3C trace id, or a secret."""
        return f"{self._random.getrandbits(128):032x}"
