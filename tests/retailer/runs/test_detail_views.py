"""The page of a run: its dry run, its homes and how far it is."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from gridshare_portal.access import consents
from gridshare_portal.access import models as access
from gridshare_portal.runs import lifecycle
from gridshare_portal.runs import models as runs
from gridshare_portal.runs.dispatch import worker
from gridshare_portal.sites import models as sites
from tests.retailer.runs.bulk import MODE, R, S, at, checked, drafted
from tests.streamed import rows

pytestmark = pytest.mark.django_db


class TestADryRun:
    def test_says_who_takes_part_and_why_others_do_not(self, fleet, admin, homeowner):
        access.Consent.objects.filter(site=homeowner.site, organization=fleet).update(right="view")
        run = checked(drafted(admin))
        page = admin.get(at("run", run.pk))

        assert page.context["ready"] == run.lines.filter(state=S.WAITING).count() == 1
        assert ("view_only", "Shared to see, not to change", 1) in page.context["reasons"]
        assert "Nothing was sent" in page.text

    def test_opens_each_list_of_homes(self, fleet, admin, homeowner):
        access.Consent.objects.filter(site=homeowner.site, organization=fleet).update(ask_first=True)
        run = checked(drafted(admin))
        page = admin.get(at("run_homes", run.pk), {"state": "skipped", "why": "ask_first"})

        assert [line.site for line, _outcome, _why in page.context["lines"]] == [homeowner.site]

    def test_marks_the_one_list_that_is_open(self, fleet, admin):
        run = checked(drafted(admin))
        first, second = run.lines.filter(state=S.WAITING)
        for line, state in ((first, S.CONFIRMED), (second, S.UNCONFIRMED)):
            run.lines.filter(pk=line.pk).update(state=state)
        page = admin.get(at("run_homes", run.pk), {"state": "confirmed"}).text

        assert re.findall(r'href="\?(\S*)" aria-current="true"', page) == ["state=confirmed"]

    def test_is_a_file_in_which_no_name_is_a_formula(self, fleet, admin, homeowner):
        sites.Site.objects.filter(pk=homeowner.site.pk).update(name="=HYPERLINK(1)<b>")
        run = checked(drafted(admin))
        found = {line[2]: line for line in rows(admin.get(at("run_homes_csv", run.pk)))}

        assert len(found) == run.homes + 1
        assert found[homeowner.site.synth_id][1] == "'=HYPERLINK(1)<b>"
        assert "<b>" not in admin.get(at("run_homes", run.pk)).text

    def test_still_under_way_is_not_started(self, fleet, admin):
        run = drafted(admin)
        page = admin.post(at("run_start", run.pk), {"homes": str(run.homes)})

        assert lifecycle.NOT_CHECKED in page.text
        assert runs.Run.objects.get().state == R.DRAFT

    def test_that_nobody_carries_on_says_so(self, fleet, admin):
        run = drafted(admin)
        runs.Run.objects.update(made_at=timezone.now() - timedelta(minutes=7))

        assert "No home was checked for 7" in admin.get(at("run", run.pk)).text


class TestARun:
    def carry(self, run):
        lifecycle.start(run=run, actor=run.made_by, now=timezone.now())
        worker.carry(run_pk=run.pk, owner="the test", clock=timezone.now, for_s=20)
        run.refresh_from_db()

    def test_says_of_each_home_what_the_ledger_says(self, ready, admin, sandbox):
        self.carry(ready)
        page = admin.get(at("run", ready.pk))
        told = rows(admin.get(at("run_homes_csv", ready.pk), {"state": "confirmed"}))[1:]

        confirmed = ready.lines.filter(state=S.CONFIRMED).count()
        assert ready.state == R.DONE and confirmed == sandbox.calls(MODE) > 0
        assert f"{confirmed} of {confirmed} home" in page.context["summary"]
        assert len(told) == confirmed and {line[3] for line in told} == {"Confirmed"}

    def test_of_many_homes_has_numbers_that_one_can_read(self, ready, admin):
        others = [
            sites.Site(synth_id=f"house-{number}", name="House", created_at=timezone.now())
            for number in range(1_000)
        ]
        sites.Site.objects.bulk_create(others)
        runs.Line.objects.bulk_create(
            runs.Line(run=ready, site=site, state=S.WAITING, position=number)
            for number, site in enumerate(others, start=1_000)
        )

        assert "1,002 <small>homes ready" in admin.get(at("run", ready.pk)).text
        assert '<span class="muted">1,002</span>' in admin.get(at("run_homes", ready.pk)).text

    def test_that_is_paused_goes_on_telling_of_homes_on_their_way(self, ready, admin):
        taken = ready.lines.filter(state=S.WAITING).first()
        lifecycle.start(run=ready, actor=ready.made_by, now=timezone.now())
        lifecycle.pause(run=ready, actor=ready.made_by, now=timezone.now())
        ready.lines.filter(pk=taken.pk).update(state=S.TAKEN)
        asks_again = f'hx-get="{at("run", ready.pk)}?state=paused"'

        assert asks_again in admin.get(at("run", ready.pk)).text
        ready.lines.filter(pk=taken.pk).update(state=S.CONFIRMED)
        assert asks_again not in admin.get(at("run", ready.pk)).text

    def test_that_nothing_carries_on_says_so_and_for_how_long(self, ready, admin):
        lifecycle.start(run=ready, actor=admin.user, now=timezone.now())
        long_ago = timezone.now() - timedelta(minutes=5)
        runs.Run.objects.update(started_at=long_ago, checked_at=long_ago, made_at=long_ago)

        assert "Nothing was sent for 5" in admin.get(at("run", ready.pk)).text
        runs.RateLimit.objects.update_or_create(defaults={"next_at": timezone.now() + timedelta(seconds=1)})
        assert admin.get(at("run", ready.pk)).context["quiet"] == ""

    def test_in_which_the_sharing_ended_tells_so(self, ready, admin, homeowner):
        consent = access.Consent.objects.get(site=homeowner.site, organization=admin.organization)
        consents.end(consent=consent, by=homeowner.user, how="by hand", now=timezone.now())
        self.carry(ready)
        page = admin.get(at("run_homes", ready.pk), {"q": homeowner.site.synth_id})

        [(line, outcome, _why)] = page.context["lines"]
        assert line.state not in (S.CONFIRMED, S.WAITING) and outcome.title in ("Skipped", "Refused")

    def test_renews_only_its_own_part_for_a_script(self, ready, admin):
        lifecycle.start(run=ready, actor=admin.user, now=timezone.now())
        htmx = {"hx-request": "true"}
        part = admin.get(at("run", ready.pk), {"state": "running"}, headers=htmx)
        assert 'id="run-live"' in part.text and "<html" not in part.text

        lifecycle.pause(run=ready, actor=admin.user, now=timezone.now())
        changed = admin.get(at("run", ready.pk), {"state": "running"}, headers=htmx)
        assert changed.headers["HX-Refresh"] == "true"

    def test_lists_homes_page_by_page_in_the_same_number_of_queries(self, hundred, admin):
        run = drafted(admin)

        def queries(**query):
            with CaptureQueriesContext(connection) as asked:
                page = admin.get(at("run_homes", run.pk), query)
            return len(asked), page

        runs.Run.objects.filter(pk=run.pk).update(read_to=100)
        runs.Line.objects.filter(position__gt=3).update(state=S.SKIPPED, why="stale")
        few, page = queries(state="unchecked")
        many, other = queries()
        assert len(page.context["lines"]) == 3 and len(other.context["lines"]) == 100
        assert few == many

    @pytest.mark.parametrize(
        "query", ["state=1", "after=-1", "after=x", "why=%00", "q=%00", "after=9999999999"]
    )
    def test_lists_homes_whatever_the_address_says(self, ready, admin, query):
        assert admin.get(f"{at('run_homes', ready.pk)}?{query}").status_code == 200
        assert admin.get(f"{at('run_homes_csv', ready.pk)}?{query}").status_code == 200
