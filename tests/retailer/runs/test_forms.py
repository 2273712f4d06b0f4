"""The form of a new run: its homes, its plan, and what is wrong with them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gridshare_portal.portfolio.models import Group, GroupSite
from gridshare_portal.runs import models as runs
from gridshare_portal.sites import models as sites
from tests import people
from tests.retailer.runs.bulk import at, new_run, of_homes, row, worker

pytestmark = pytest.mark.django_db


class TestANewRun:
    def test_is_drafted_for_the_homes_that_a_filter_finds(self, fleet, admin, homeowner, counted):
        sites.Site.objects.filter(pk=homeowner.site.pk).update(name="Lighthouse")
        counted()
        page = admin.post(at("run_new") + "?q=lightH&has=battery", new_run())

        run = worker()
        assert page.headers["Location"] == at("run", run.pk)
        assert [line.site for line in run.lines.all()] == [homeowner.site]

    @pytest.mark.parametrize(
        "query", ["state=sleeping", "charge_from=lots", "stat=active", "group=x", "has=moat"]
    )
    def test_chooses_nothing_where_the_filter_is_not_understood(self, fleet, admin, query):
        assert admin.get(f"{at('run_new')}?{query}").context["misread"]
        page = admin.post(f"{at('run_new')}?{query}", new_run(every="on"))

        assert page.status_code == 422 and not runs.Run.objects.exists()
        assert query in page.context["form"].errors["choose"][0]

    def test_takes_every_home_only_if_one_says_so(self, fleet, admin):
        assert admin.post(at("run_new"), new_run()).context["form"].errors["choose"]
        assert not runs.Run.objects.exists()

        admin.post(at("run_new"), new_run(every="on"))
        assert worker().homes == sites.Site.objects.count()

    def test_is_drafted_for_a_group(self, fleet, admin, homeowner):
        group = Group.objects.create(organization=fleet, name="Pilot")
        GroupSite.objects.create(group=group, site=homeowner.site)
        admin.post(at("run_new"), new_run(choose="group", group=str(group.pk)))

        assert worker().state == "draft"
        assert [line.site for line in runs.Line.objects.all()] == [homeowner.site]

    def test_knows_no_group_of_another_organization(self, fleet, admin):
        foreign = Group.objects.create(organization=people.organization("retailer", "Other"), name="Pilot")
        page = admin.post(at("run_new"), new_run(choose="group", group=str(foreign.pk)))

        assert page.status_code == 422 and page.context["form"].errors["group"]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"name": ""},
            {"name": "x" * 121},
            {"kind": "details"},
            {"mode": "Turbo"},
            {"mode": ""},
            {"canary": "-1"},
            {"canary": "many"},
            {"stop_at_failure_pct": "101"},
            {"stop_at_failure_pct": ""},
            {"choose": "magic"},
            {"choose": "file"},
            {"choose": "group"},
            {"zone": "Moon/Sea", "kind": "plan"},
            {"times": "never", "kind": "plan"},
            {"name": ["one", "two"]},
        ],
    )
    def test_refuses_what_is_wrong_at_its_field(self, fleet, admin, wrong):
        page = admin.post(at("run_new"), new_run(every="on") | wrong)

        assert page.status_code == 422 and not runs.Run.objects.exists()
        assert page.context["form"].errors

    def test_guesses_nothing_where_two_ways_are_filled_in(self, fleet, admin, homeowner):
        group = Group.objects.create(organization=fleet, name="Pilot")
        start = timezone.now() + timedelta(days=1)
        plan = row(0, start, start + timedelta(hours=1)) | {"rows-TOTAL_FORMS": "1"}
        for two in ({"file": of_homes(homeowner.site.synth_id)}, {"group": str(group.pk)}, plan):
            page = admin.post(at("run_new"), new_run(every="on") | two)

            assert page.status_code == 422 and not runs.Run.objects.exists()
            assert "but" in str(page.context["form"].errors)

    def test_says_its_filter_in_words(self, hundred, admin):
        query = "has=battery&lacks=ev&q=oak&state=active&charge_from=20"
        shown = admin.get(f"{at('run_new')}?{query}").context["filter_words"]

        assert sorted(shown) == [
            "Charge from 20 %",
            "Connected",
            "Has Battery",
            "Has no Electric car",
            "Name has “oak”",
        ]

    def test_keeps_a_plan_in_each_home_s_own_time(self, fleet, admin):
        start = (timezone.now() + timedelta(days=1)).replace(hour=18, minute=0, second=0, microsecond=0)
        plan = row(0, start, start + timedelta(hours=2), power_limit_w="2000") | {"rows-TOTAL_FORMS": "1"}
        admin.post(at("run_new"), new_run(every="on", kind="plan", **plan))

        run = runs.Run.objects.get()
        assert run.times == "local"
        assert run.asked["commands"][0]["start"] == f"{start:%Y-%m-%dT%H:%M}:00"

    def test_keeps_a_plan_of_absolute_times_as_moments(self, fleet, admin):
        start = (timezone.now() + timedelta(days=1)).replace(hour=18, minute=0, second=0, microsecond=0)
        plan = row(0, start, start + timedelta(hours=2)) | {"rows-TOTAL_FORMS": "1", "times": "absolute"}
        admin.post(at("run_new"), new_run(every="on", kind="plan", **plan) | {"zone": "Asia/Tokyo"})

        asked = runs.Run.objects.get().asked["commands"][0]["start"]
        assert asked == f"{start - timedelta(hours=9):%Y-%m-%dT%H:%M}:00+00:00"

    def test_refuses_a_plan_by_the_rules_of_plans_at_its_fields(self, fleet, admin):
        start = timezone.now() + timedelta(days=2)
        plan = row(0, start, start - timedelta(hours=2)) | row(1, start, start, power_limit_w="-5")
        page = admin.post(at("run_new"), new_run(every="on", kind="plan", **plan) | {"rows-TOTAL_FORMS": "2"})

        first, second = page.context["rows"].forms
        assert page.status_code == 422 and not runs.Run.objects.exists()
        assert first.errors["end"] == ["The end must come after the start."]
        assert "below 0" in second.errors["power_limit_w"][0]

    def test_has_another_row_without_a_script(self, fleet, admin):
        start = timezone.now() + timedelta(days=1)
        page = admin.post(
            at("run_new"), new_run(do="add", **row(0, start, start)) | {"rows-TOTAL_FORMS": "1"}
        )

        assert page.status_code == 200 and len(page.context["rows"].forms) == 2
        assert not runs.Run.objects.exists()


class TestARunOfAnotherOrganization:
    def test_begins_no_form(self, hundred, admin):
        theirs = runs.Run.objects.create(
            organization=people.organization("retailer", "Other"),
            name="Their secret",
            kind="mode",
            asked={"mode": "Smart"},
            made_at=timezone.now(),
        )
        page = admin.get(f"{at('run_new')}?like={theirs.pk}")

        assert page.status_code == 200 and "Their secret" not in page.text
