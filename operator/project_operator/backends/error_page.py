"""What the pages about each vendor's answers have in common: the words for a range of statuses and for a lost call."""

from typing import Final

from project_operator.backends.answers import ANY_STATUS
from project_operator.backends.trust import Lost

REASONS: Final = {
    Lost.NAME: "the host name does not exist",
    Lost.ADDRESS: "the host is at an address where backends may not be",
    Lost.TLS: "the certificate is for another host or out of date, or what answers does not speak TLS",
    Lost.UNTRUSTED: "the certificate is signed by nobody who is trusted",
    Lost.CERTIFICATE: "the server does not accept our certificate, or asks for one",
}


def in_words(statuses: range) -> str:
    """One status, a class of them, or any other."""
    if statuses == ANY_STATUS:
        return "any other"
    return str(statuses.start) if len(statuses) == 1 else f"{statuses.start // 100}xx"
