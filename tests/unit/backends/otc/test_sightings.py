"""What a connection remembers, under a clock that is moved by hand."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from math import ceil

import pytest

from project_operator.backends.base import HealthStatus, ProjectContent, ProvisioningStatus, RemoteProject
from project_operator.backends.otc.sightings import BELIEVED_FOR, MOST_RENEWED, STATUS_GOOD_FOR, Sightings

START = datetime(2026, 11, 22, tzinfo=UTC)
MARKED = RemoteProject(
    "p",
    "account",
    ProjectContent("team", mark="iproj1:1", enabled=True),
    ProvisioningStatus.PROVISIONED,
    HealthStatus.HEALTHY,
    {"enabled": "true"},
)
FOREIGN = replace(MARKED, id="f", content=replace(MARKED.content, mark=""))


@dataclass
class Story:
    """Sightings, and the time."""

    time: float = 0.0
    known: Sightings = field(init=False)

    def __post_init__(self) -> None:
        self.known = Sightings(lambda: self.time, lambda: START + timedelta(seconds=self.time))


@pytest.fixture
def story() -> Story:
    return Story()


class TestMade:
    def test_is_believed_for_a_while(self, story: Story) -> None:
        """T5-1, T8-7."""
        story.known.was_made(MARKED)
        story.time = BELIEVED_FOR
        assert story.known.believed("p") == MARKED
        assert story.known.not_shown_yet([]) == (MARKED,)
        story.time += 1
        assert story.known.believed("p") is None
        assert story.known.not_shown_yet([]) == ()

    def test_is_in_a_list_once(self, story: Story) -> None:
        story.known.was_made(MARKED)
        assert story.known.not_shown_yet(["p"]) == ()

    def test_is_not_believed_once_its_deletion_was_accepted(self, story: Story) -> None:
        story.known.was_made(MARKED)
        story.known.is_leaving("p")
        assert story.known.believed("p") is None
        assert story.known.not_shown_yet([]) == ()

    def test_changes_are_believed_of_what_was_made_alone(self, story: Story) -> None:
        story.known.was_made(MARKED)
        renamed = replace(MARKED, content=replace(MARKED.content, name="renamed"))
        story.known.was_changed(renamed)
        story.known.was_changed(FOREIGN)
        assert story.known.believed("p") == renamed
        assert story.known.believed("f") is None


class TestStatus:
    def test_is_shown_once_it_was_told(self, story: Story) -> None:
        """T8-6: by a read, or by what was set; until then a list does not show all of it."""
        assert not story.known.completed(MARKED).whole
        story.known.has_status("p", "normal")
        assert story.known.completed(MARKED).whole
        assert not story.known.completed(FOREIGN).whole
        story.known.was_made(FOREIGN)
        assert story.known.completed(FOREIGN).whole

    @pytest.mark.parametrize("interval", [10, 60, 600])
    def test_is_read_again_before_it_is_too_old_a_few_with_each_list(self, story: Story, interval: float) -> None:
        """T8-6: three hundred that were read in one go are not read again in one go."""
        for number in range(300):
            story.known.has_status(f"p{number}", "normal")
        seen = dict.fromkeys((f"p{number}" for number in range(300)), 0.0)
        most = 0
        while story.time < 3 * STATUS_GOOD_FOR:
            story.time += interval
            due = story.known.to_renew()
            most = max(most, len(due))
            for one in due:
                story.known.has_status(one, "normal")
                seen[one] = story.time
            if interval < 600:
                assert min(seen.values()) >= story.time - STATUS_GOOD_FOR - 2 * interval
        assert most <= min(ceil(300 * interval / (STATUS_GOOD_FOR / 2)), MOST_RENEWED)

    def test_that_cannot_be_read_does_not_keep_others_from_it(self, story: Story) -> None:
        for number in range(10):
            story.known.has_status(f"p{number}", "normal")
        tried: list[str] = []
        story.time = STATUS_GOOD_FOR
        for _ in range(10):
            tried += story.known.to_renew()
            story.time += 1
        assert sorted(tried[:10]) == [f"p{number}" for number in range(10)]

    def test_is_read_again_of_nothing_that_was_just_seen(self, story: Story) -> None:
        story.known.has_status("p", "normal")
        story.time = STATUS_GOOD_FOR / 2 - 1
        assert story.known.to_renew() == ()
        story.time += 1
        assert story.known.to_renew() == ("p",)

    def test_is_forgotten_with_the_project(self, story: Story) -> None:
        story.known.has_status("f", "suspended")
        story.known.not_shown_yet(["p"])
        assert story.known.completed(FOREIGN).content.enabled
        story.known.has_status("p", "suspended")
        story.known.is_gone("p")
        assert not story.known.completed(MARKED).whole

    @pytest.mark.parametrize(
        ("status", "states", "raw"),
        [
            ("normal", ("provisioned", "healthy"), {"enabled": "true"}),
            ("suspended", ("provisioned", "healthy"), {"enabled": "true", "status": "suspended"}),
            ("frozen", ("unknown", "unknown"), {"enabled": "true", "status": "frozen"}),
            ("Deleting", ("deprovisioning", "unknown"), {"enabled": "true", "status": "Deleting"}),
        ],
    )
    def test_is_shown(self, story: Story, status: str, states: tuple[str, str], raw: dict[str, str]) -> None:
        """T1-17, T8-5."""
        story.known.has_status("p", status)
        shown = story.known.completed(MARKED)
        assert shown.content.enabled is (status != "suspended")
        assert (shown.provisioning_status, shown.health_status) == states
        assert shown.raw_status == raw

    def test_that_was_never_read_leaves_the_project_as_it_is(self, story: Story) -> None:
        assert story.known.completed(MARKED) == replace(MARKED, whole=False)

    def test_of_a_project_that_is_not_enabled_makes_it_no_better(self, story: Story) -> None:
        story.known.has_status("p", "normal")
        assert not story.known.completed(
            replace(MARKED, content=replace(MARKED.content, enabled=False))
        ).content.enabled


class TestLeaving:
    def test_is_from_the_moment_of_the_answer(self, story: Story) -> None:
        """T7-2, T8-9."""
        story.time = 5.0
        story.known.is_leaving("p")
        story.time = 50.0
        story.known.has_status("p", "deleting")
        assert story.known.completed(MARKED).deletion_time == START + timedelta(seconds=5)

    def test_is_no_more_where_the_vendor_says_normal_long_after(self, story: Story) -> None:
        """T8-9: the deletion came to nothing, and is to be sent anew."""
        story.known.is_leaving("p")
        story.time = BELIEVED_FOR
        story.known.has_status("p", "normal")
        assert story.known.completed(MARKED).deleting, "a read may be late"
        story.time += 1
        story.known.has_status("p", "normal")
        assert not story.known.completed(MARKED).deleting

    def test_that_is_sent_anew_began_with_the_first(self, story: Story) -> None:
        """T8-9: so that one which comes to nothing again and again is seen to last."""
        story.known.is_leaving("p")
        story.time = BELIEVED_FOR + 1
        story.known.has_status("p", "normal")
        story.known.is_leaving("p")
        assert story.known.completed(MARKED).deletion_time == START

    def test_is_sent_anew_more_and_more_seldom(self, story: Story) -> None:
        """T8-9: an hour of reads every ten seconds, of a project that stays normal."""
        sent: list[float] = []
        while story.time < 3600:
            if not story.known.completed(MARKED).deleting:
                story.known.is_leaving("p")
                sent.append(story.time)
            story.time += 10
            story.known.has_status("p", "normal")
        assert sent == [0, 130, 380, 870, 1840]
        assert story.known.completed(MARKED).deletion_time == START

    def test_that_nobody_asks_for_any_more_is_forgotten(self, story: Story) -> None:
        story.known.is_leaving("p")
        story.time = BELIEVED_FOR + 1
        story.known.has_status("p", "normal")
        story.time += BELIEVED_FOR + 1
        story.known.is_leaving("p")
        assert story.known.completed(MARKED).deletion_time == START + timedelta(seconds=story.time)

    def test_that_is_seen_after_all_began_when_it_was_asked_for(self, story: Story) -> None:
        story.known.is_leaving("p")
        story.time = BELIEVED_FOR + 1
        story.known.has_status("p", "normal")
        story.known.has_status("p", "deleting")
        assert story.known.completed(MARKED).deletion_time == START

    def test_stays_while_the_vendor_says_so(self, story: Story) -> None:
        story.known.is_leaving("p")
        story.time = 10 * BELIEVED_FOR
        story.known.has_status("p", "deleting")
        assert story.known.completed(MARKED).deleting

    def test_ends_with_the_project(self, story: Story) -> None:
        story.known.is_leaving("p")
        story.known.is_gone("p")
        assert not story.known.completed(MARKED).deleting
