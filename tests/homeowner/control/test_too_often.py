"""A device that was changed too often: what the pages say, and what they keep of what was filled in."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.urls import reverse

from gridshare_portal.control import models as control
from gridshare_portal.control import quota
from gridshare_portal.control.quota import BY_A_PERSON, PROPOSALS
from gridshare_portal.limits.windows import Window

pytestmark = pytest.mark.django_db
MODE = "setDeviceOperationMode"
NOON = datetime(2027, 6, 1, 19, 0, 30, tzinfo=UTC)  # 12:00:30 where the homeowner lives
HOUR = timedelta(hours=1)


@pytest.fixture
def used_up(battery, homeowner, now):
    """The homeowner's turns are used up, since ten minutes, until ten to one."""

    def write(*, last_at):
        control.Change.objects.bulk_create(
            control.Change(
                device=battery,
                site=homeowner.site,
                actor=homeowner.user,
                kind="mode",
                asked={"mode": "Smart"},
                before={"mode": "Simple"},
                outcome="confirmed",
                made_at=last_at,
                sent_at=last_at,
            )
            for _ in range(BY_A_PERSON[0].most)
        )

    return write


class TestAModeTooOften:
    def test_leaves_the_form_filled_and_says_when_by_the_home_s_clock(
        self, homeowner, mode_page, used_up, sandbox
    ):
        used_up(last_at=NOON - timedelta(minutes=10))
        homeowner.site  # noqa: B018 - reads it as it was signed in, before the clock is moved
        with time_machine.travel(NOON, tick=False):
            homeowner.force_login(homeowner.user)
            page = homeowner.post(mode_page, {"mode": "Schedule", "reason": "The tariff changed"})

        assert page.status_code == 429 and page.headers["Retry-After"] == str(50 * 60)
        assert "You have changed this device 12 times within an hour. Nothing was sent" in page.text
        assert "from 12:51 on" in page.text and "you can put back what was there before" in page.text
        assert "The tariff changed" in page.text and page.context["form"].data["mode"] == "Schedule"
        assert sandbox.calls(MODE) == 0

    def test_from_many_forms_in_a_row_sends_no_more_than_its_turns(
        self, homeowner, mode_page, sandbox, monkeypatch
    ):
        monkeypatch.setattr(quota, "BY_A_PERSON", (Window(most=3, length=HOUR),))
        codes = [
            homeowner.post(mode_page, {"mode": ("Smart", "Schedule")[number % 2]}).status_code
            for number in range(12)
        ]

        assert set(codes) == {302, 429} and sandbox.calls(MODE) == codes.count(302)
        assert 3 <= codes.count(302) <= 3 + quota.TO_TAKE_BACK


class TestAProposal:
    def test_waits_for_its_approval_while_the_turns_are_used_up(self, homeowner, proposed, used_up, now):
        used_up(last_at=now - timedelta(minutes=1))
        control.Proposal.objects.update(asked={"mode": "Schedule"})
        page = homeowner.post(proposed, {"do": "approve"})

        assert page.status_code == 429 and "You have changed this device 12 times" in page.text
        assert control.Proposal.objects.get().answer == "open"

    def test_is_made_ten_times_a_day_at_most(self, inside, mode_page, proposed, sandbox):
        asked = {"mode": "Schedule", "reason": "x", "propose": "yes"}
        for _ in range(PROPOSALS[0].most - 1):
            control.Proposal.objects.update(answer="withdrawn")
            assert inside.post(mode_page, asked).status_code == 302
        control.Proposal.objects.update(answer="withdrawn")
        page = inside.post(mode_page, asked)

        assert page.status_code == 429
        assert "Your organization has proposed 10 changes of this device within a day." in page.text
        assert "from tomorrow, " in page.text


class TestAPlan:
    def test_leaves_its_rows_filled(self, homeowner, battery, used_up, now, sandbox):
        used_up(last_at=now - timedelta(minutes=1))
        where = reverse("homeowner:plan", args=[battery.synth_id])
        page = homeowner.post(where, {"quick": "hold", "hours": "2"})

        assert page.status_code == 429 and "Nothing was sent, and nothing is lost" in page.text
        assert page.context["quick"].data["hours"] == "2" and sandbox.calls("setDeviceOverlayPlan") == 0

    def test_can_always_be_cancelled_a_few_times_more(self, homeowner, battery, used_up, now, sandbox):
        used_up(last_at=now - timedelta(minutes=1))
        where = reverse("homeowner:plan", args=[battery.synth_id])
        page = homeowner.post(where, {"do": "cancel"})

        assert page.status_code == 302 and sandbox.calls("setDeviceOverlayPlan") == 1
