"""Where those who speak Keystone's protocol differ."""

from dataclasses import dataclass

from project_operator.backends.answer_table.table import AnswerTable
from project_operator.backends.keystone_v3.errors import Operation
from project_operator.backends.keystone_v3.mark_place import MarkPlace
from project_operator.backends.tokens import REJECTION_PAUSE


@dataclass(frozen=True, slots=True)
class Dialect:
    """What the code of this package has to know of a vendor."""

    answers: AnswerTable[Operation]
    """What the vendor's answers mean (`errors.answers`)."""
    mark_place: MarkPlace
    page_limit: int
    """Items asked for in a page; why a limit is always named: docs/backends/keystone.md, K5-1."""
    content_type: str = "application/json"
    """Of the bodies of requests; anything else is 400 (K3-12)."""
    typed_always: bool = False
    """Whether requests without a body say their content type too."""
    dead_token: frozenset[int] = frozenset({401})
    """Statuses that may say that it is the token alone that is refused; 404 may anywhere (K3-20)."""

    rejection_pause: float = REJECTION_PAUSE
    """Seconds after a sign-in that was rejected in which no other is tried."""

    @property
    def spec_path(self) -> str:
        """Where in a backend object the vendor's member stands: ``spec.keystone``."""
        return self.answers.spec_path

    @property
    def url_field(self) -> str:
        """For messages."""
        return self.answers.url_field

    @property
    def ca_field(self) -> str:
        """For messages."""
        return f"{self.spec_path}.caBundle"

    @property
    def domain_field(self) -> str:
        """For messages."""
        return f"{self.spec_path}.domain"
