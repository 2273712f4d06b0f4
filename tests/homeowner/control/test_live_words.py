"""What the running service has no word for: the page does not offer it, and says what happens instead."""

import pytest
from django.urls import reverse

from gridshare_portal.control import changes, models, operations
from gridshare_portal.control.plans import rules
from gridshare_portal.sites import models as sites
from tests import plans
from tests.homeowner.control.test_plan_views import an_hour, sent

PLAN = "setDeviceOverlayPlan"
pytestmark = pytest.mark.django_db


@pytest.fixture
def plan_page(battery, settings):
    settings.GRIDSHARE_DIALECT = "live"
    return reverse("homeowner:plan", args=[battery.synth_id])


class TestFollow:
    def test_is_not_offered(self, homeowner, plan_page):
        page = homeowner.get(plan_page)

        assert 'value="follow"' not in page.text
        assert "no word for following the home’s use" in page.text

    def test_is_offered_where_there_is_a_word(self, homeowner, battery):
        page = homeowner.get(reverse("homeowner:plan", args=[battery.synth_id]))

        assert 'value="follow"' in page.text
        assert "no word for following" not in page.text and "holds the battery" not in page.text

    @pytest.mark.parametrize("how", ["quick", "row"])
    def test_deletes_no_plan_when_it_is_asked_for_all_the_same(
        self, homeowner, battery, plan_page, sandbox, how
    ):
        asked = (
            {"quick": "follow", "hours": "2"} if how == "quick" else sent(an_hour(battery, action="follow"))
        )

        page = homeowner.post(plan_page, asked)

        assert (page.status_code, sandbox.calls(PLAN)) == (422, 0)
        assert not models.Change.objects.exists()

    def test_is_a_refusal_of_ours_and_not_of_lunars(self, homeowner, battery, settings, sandbox, now):
        settings.GRIDSHARE_DIALECT = "live"
        plan = plans.one_command("follow", now, now.replace(second=59) + rules.SHORTEST)
        asked = operations.AskPlan(plan=plan)

        change = changes.make(actor=homeowner.user, device=battery, asked=asked, now=now)

        assert (change.outcome, change.sentence) == ("refused", rules.NO_WORD["follow"])
        assert (change.message, change.sent_at, sandbox.calls(PLAN)) == ("", None, 0)


class TestADischarge:
    def test_asks_for_the_power_where_nobody_knows_it(self, homeowner, battery, plan_page, sandbox):
        sites.Device.objects.filter(pk=battery.pk).update(power_limit_w=None)
        assert 'id="discharge-power"' in homeowner.get(plan_page).text
        hour = an_hour(battery)
        asked = {"quick": "discharge", "start": hour["start"], "end": hour["end"]}

        page = homeowner.post(plan_page, asked)

        assert page.status_code == 422
        assert page.context["quick"].errors["power_limit_w"] == [rules.NEEDS_POWER]
        assert "Lunar" not in rules.NEEDS_POWER
        assert (sandbox.calls(PLAN), models.Change.objects.count()) == (0, 0)

    def test_asks_for_it_row_by_row_too(self, homeowner, battery, plan_page, sandbox):
        row = an_hour(battery, action="discharge", power_limit_w="")

        page = homeowner.post(plan_page, sent(row))

        assert page.context["rows"].forms[0].errors["power_limit_w"] == [rules.NEEDS_POWER]
        assert sandbox.calls(PLAN) == 0

    def test_needs_none_where_the_service_needs_none(self, homeowner, battery, sandbox):
        sites.Device.objects.filter(pk=battery.pk).update(power_limit_w=None)
        page = reverse("homeowner:plan", args=[battery.synth_id])
        assert 'id="discharge-power"' not in homeowner.get(page).text
        hour = an_hour(battery)

        homeowner.post(page, {"quick": "discharge", "start": hour["start"], "end": hour["end"]})

        assert models.Change.objects.get().outcome == "confirmed"


class TestAGap:
    def test_is_said_to_hold(self, homeowner, plan_page):
        assert "Between two rows this home’s system holds the battery." in homeowner.get(plan_page).text
