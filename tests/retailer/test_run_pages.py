import csv
import io
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.access import consents, policy
from gridshare_portal.access import models as access
from gridshare_portal.control import carrying, dry_runs, models, runs
from gridshare_portal.retailer import run_choice, run_files
from gridshare_portal.retailer.models import Group, GroupHome
from gridshare_portal.sites import models as sites
from tests import people

pytestmark = pytest.mark.django_db
MODE = "setDeviceOperationMode"
R, S = models.Run.State, models.Line.State


def at(name, *ids):
    return reverse(f"retailer:{name}", args=["brightgrid", *ids])


def wish(**other):
    """What the form of a new run sends: the mode Simple for every home, unless something else is said."""
    terms = {"name": "Storm on Friday", "canary": "0", "stop_at_failure_pct": "50", "zone": "UTC"}
    rows = {"rows-TOTAL_FORMS": "0", "rows-INITIAL_FORMS": "0"}
    return terms | rows | {"kind": "mode", "mode": "Simple", "times": "local", "choose": "filter"} | other


def row(number, start, end, **other):
    said = {"action": "charge", "start": f"{start:%Y-%m-%dT%H:%M}", "end": f"{end:%Y-%m-%dT%H:%M}"} | other
    return {f"rows-{number}-{name}": value for name, value in said.items()}


def of_homes(content):
    return SimpleUploadedFile("homes.csv", content if isinstance(content, bytes) else content.encode())


def checked(run):
    while dry_runs.check(run=run, now=timezone.now()):
        pass
    run.refresh_from_db()
    return run


def drafted(admin, homes=None, **other):
    terms = {"name": "Storm on Friday", "kind": "mode", "asked": {"mode": "Simple"}} | other
    homes = homes if homes is not None else sites.Site.objects.all()
    whose = {"organization": admin.organization, "actor": admin.user}
    return runs.draft(sites=homes, now=timezone.now(), **whose, **terms)


def rows(page):
    return list(csv.reader(io.StringIO(b"".join(page.streaming_content).decode())))


@pytest.fixture
def fleet(brightgrid, homeowner, neighbor, counted):
    """Two customers' homes that the retailer may change, counted."""
    for person in (homeowner, neighbor):
        for site in sites.Site.objects.filter(reaches__connection__user=person.user):
            people.share(site, brightgrid, person.user)
    counted()
    return brightgrid


@pytest.fixture
def ready(fleet, admin):
    """A run over all homes that was checked."""
    return checked(drafted(admin))


class TestANewRun:
    def test_is_drafted_for_the_homes_that_a_filter_finds(self, fleet, admin, homeowner, counted):
        sites.Site.objects.filter(pk=homeowner.site.pk).update(name="Lighthouse")
        counted()
        page = admin.post(at("run_new") + "?q=lightH&has=battery", wish())

        run = models.Run.objects.get()
        assert page.headers["Location"] == at("run", run.pk)
        assert [line.site for line in run.lines.all()] == [homeowner.site]

    @pytest.mark.parametrize(
        "query", ["state=sleeping", "charge_from=lots", "stat=active", "group=x", "has=moat"]
    )
    def test_chooses_nothing_where_the_filter_is_not_understood(self, fleet, admin, query):
        assert admin.get(f"{at('run_new')}?{query}").context["misread"]
        page = admin.post(f"{at('run_new')}?{query}", wish(every="on"))

        assert page.status_code == 422 and not models.Run.objects.exists()
        assert query in page.context["form"].errors["choose"][0]

    def test_takes_every_home_only_if_one_says_so(self, fleet, admin):
        assert admin.post(at("run_new"), wish()).context["form"].errors["choose"]
        assert not models.Run.objects.exists()

        admin.post(at("run_new"), wish(every="on"))
        assert models.Run.objects.get().homes == sites.Site.objects.count()

    def test_is_drafted_for_a_group(self, fleet, admin, homeowner):
        group = Group.objects.create(organization=fleet, name="Pilot")
        GroupHome.objects.create(group=group, site=homeowner.site)
        admin.post(at("run_new"), wish(choose="group", group=str(group.pk)))

        assert [line.site for line in models.Line.objects.all()] == [homeowner.site]

    def test_knows_no_group_of_another_organization(self, fleet, admin):
        foreign = Group.objects.create(organization=people.organization("retailer", "Other"), name="Pilot")
        page = admin.post(at("run_new"), wish(choose="group", group=str(foreign.pk)))

        assert page.status_code == 422 and page.context["form"].errors["group"]

    def test_is_drafted_for_a_file_and_says_what_was_left_out(
        self, fleet, admin, homeowner, battery, neighbor
    ):
        device = sites.Device.objects.filter(site=neighbor.site).first()
        foreign = sites.Site.objects.create(
            synth_id="of-nobody", name="X", time_zone="UTC", created_at=timezone.now()
        )
        lines = [
            "Home id",
            homeowner.site.synth_id,
            battery.synth_id,
            device.synth_id,
            foreign.synth_id,
            "=1+1",
        ]
        file = of_homes("\n".join([*lines, "<script>alert(1)</script>"]))
        page = admin.post(at("run_new"), wish(choose="file", file=file), follow=True)

        assert [line.site for line in models.Line.objects.all()] == [homeowner.site, neighbor.site]
        assert [line for line, _said, _why in page.context["file"]["left"]] == [3, 5, 6, 7]
        assert run_files.UNKNOWN in page.text and "4 lines left out" in page.text
        assert "<script>alert" not in page.text

    @pytest.mark.parametrize(
        ("content", "sentence"),
        [
            (b"", "empty"),
            (b"nobody\nnobody else\n", "None of the lines"),
            ("Jürgen\n".encode("latin-1"), "Line 1 "),
            (b"PK\x03\x04", "Save it as CSV"),
            (b"x" * (run_files.BYTES_AT_MOST + 1), "larger than 10"),
        ],
    )
    def test_refuses_a_file_at_its_field(self, fleet, admin, content, sentence):
        page = admin.post(at("run_new"), wish(choose="file", file=of_homes(content)))

        assert page.status_code == 422 and not models.Run.objects.exists()
        assert sentence in page.context["form"].errors["file"][0]

    def test_looks_homes_up_in_as_many_queries_for_ten_as_for_hundred(self, hundred, admin):
        shared = policy.shared_sites(admin.user, now=timezone.now())
        ids = list(shared.values_list("synth_id", flat=True))
        look_up = run_choice.look_up(admin.user, hundred, now=timezone.now())

        def queries(said):
            with CaptureQueriesContext(connection) as asked:
                assert len(look_up(said)) == len(said) - 1
            return len(asked)

        assert queries([*ids, "nobody"]) == queries([*ids[:10], "nobody"]) == 3

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
        page = admin.post(at("run_new"), wish(every="on") | wrong)

        assert page.status_code == 422 and not models.Run.objects.exists()
        assert page.context["form"].errors

    def test_guesses_nothing_where_two_ways_are_filled_in(self, fleet, admin, homeowner):
        group = Group.objects.create(organization=fleet, name="Pilot")
        start = timezone.now() + timedelta(days=1)
        plan = row(0, start, start + timedelta(hours=1)) | {"rows-TOTAL_FORMS": "1"}
        for two in ({"file": of_homes(homeowner.site.synth_id)}, {"group": str(group.pk)}, plan):
            page = admin.post(at("run_new"), wish(every="on") | two)

            assert page.status_code == 422 and not models.Run.objects.exists()
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
        admin.post(at("run_new"), wish(every="on", kind="plan", **plan))

        run = models.Run.objects.get()
        assert run.times == "local"
        assert run.asked["commands"][0]["start"] == f"{start:%Y-%m-%dT%H:%M}:00"

    def test_keeps_a_plan_of_absolute_times_as_moments(self, fleet, admin):
        start = (timezone.now() + timedelta(days=1)).replace(hour=18, minute=0, second=0, microsecond=0)
        plan = row(0, start, start + timedelta(hours=2)) | {"rows-TOTAL_FORMS": "1", "times": "absolute"}
        admin.post(at("run_new"), wish(every="on", kind="plan", **plan) | {"zone": "Asia/Tokyo"})

        asked = models.Run.objects.get().asked["commands"][0]["start"]
        assert asked == f"{start - timedelta(hours=9):%Y-%m-%dT%H:%M}:00+00:00"

    def test_refuses_a_plan_by_the_rules_of_plans_at_its_fields(self, fleet, admin):
        start = timezone.now() + timedelta(days=2)
        plan = row(0, start, start - timedelta(hours=2)) | row(1, start, start, power_limit_w="-5")
        page = admin.post(at("run_new"), wish(every="on", kind="plan", **plan) | {"rows-TOTAL_FORMS": "2"})

        first, second = page.context["rows"].forms
        assert page.status_code == 422 and not models.Run.objects.exists()
        assert first.errors["end"] == ["The end must come after the start."]
        assert "below 0" in second.errors["power_limit_w"][0]

    def test_has_another_row_without_a_script(self, fleet, admin):
        start = timezone.now() + timedelta(days=1)
        page = admin.post(at("run_new"), wish(do="add", **row(0, start, start)) | {"rows-TOTAL_FORMS": "1"})

        assert page.status_code == 200 and len(page.context["rows"].forms) == 2
        assert not models.Run.objects.exists()


class TestADryRun:
    def test_says_who_takes_part_and_why_others_do_not(self, fleet, admin, homeowner):
        access.Consent.objects.filter(site=homeowner.site, organization=fleet).update(right="view")
        run = checked(drafted(admin))
        page = admin.get(at("run", run.pk))

        assert page.context["ready"] == run.lines.filter(state=S.ELIGIBLE).count() == 1
        assert ("view_only", "Shared to see, not to change", 1) in page.context["reasons"]
        assert "Nothing was sent" in page.text

    def test_opens_each_list_of_homes(self, fleet, admin, homeowner):
        access.Consent.objects.filter(site=homeowner.site, organization=fleet).update(ask_first=True)
        run = checked(drafted(admin))
        page = admin.get(at("run_homes", run.pk), {"state": "skipped", "why": "ask_first"})

        assert [line.site for line, _outcome, _why in page.context["lines"]] == [homeowner.site]

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

        assert runs.NOT_CHECKED in page.text
        assert models.Run.objects.get().state == R.DRAFT

    def test_that_nobody_carries_on_says_so(self, fleet, admin):
        run = drafted(admin)
        models.Run.objects.update(made_at=timezone.now() - timedelta(minutes=7))

        assert "No home was checked for 7" in admin.get(at("run", run.pk)).text


class TestStarting:
    @pytest.mark.parametrize("typed", ["", "0", "99999", "all", "１"])
    def test_needs_the_number_of_homes(self, ready, admin, typed):
        page = admin.post(at("run_start", ready.pk), {"homes": typed})

        assert page.status_code == 422 and "Nothing was sent" in page.context["start"].errors["homes"][0]
        assert models.Run.objects.get().state == R.CHECKED

    def test_happens_once_when_two_admins_do_it(self, ready, admin, brightgrid):
        other = people.staff("rolf@brightgrid.example", brightgrid, "admin")
        homes = {"homes": str(admin.get(at("run", ready.pk)).context["ready"])}
        first = admin.post(at("run_start", ready.pk), homes, follow=True)
        second = other.post(at("run_start", ready.pk), homes)

        assert "Started." in first.text
        assert second.status_code == 422 and "Rita has started this run already." in second.text
        assert models.Run.objects.get().state == R.RUNNING

    def test_later_waits_for_its_moment(self, ready, admin):
        homes = str(admin.get(at("run", ready.pk)).context["ready"])
        later = (timezone.now() + timedelta(days=2)).replace(second=0, microsecond=0)
        said = {"homes": homes, "at": f"{later:%Y-%m-%dT%H:%M}", "zone": "UTC"}
        page = admin.post(at("run_schedule", ready.pk), said, follow=True)

        assert models.Run.objects.get().start_at == later and "Scheduled" in page.text
        admin.post(at("run_schedule", ready.pk), {"do": "unschedule"})
        assert models.Run.objects.get().start_at is None

    @pytest.mark.parametrize(
        "moment", ["", "yesterday", "2020-01-01T10:00", "9999-12-31T23:59", "2026-13-01T10:00"]
    )
    def test_later_refuses_a_moment_at_its_field(self, ready, admin, moment):
        homes = str(admin.get(at("run", ready.pk)).context["ready"])
        page = admin.post(at("run_schedule", ready.pk), {"homes": homes, "at": moment, "zone": "UTC"})

        assert page.status_code == 422 and page.context["schedule"].errors["at"]
        assert models.Run.objects.get().start_at is None


class TestARun:
    def carry(self, run):
        runs.start(run=run, actor=run.made_by, now=timezone.now())
        carrying.carry(run_pk=run.pk, owner="the test", clock=timezone.now, for_s=20)
        run.refresh_from_db()

    def test_says_of_each_home_what_the_ledger_says(self, ready, admin, sandbox):
        self.carry(ready)
        page = admin.get(at("run", ready.pk))
        told = rows(admin.get(at("run_homes_csv", ready.pk), {"state": "confirmed"}))[1:]

        confirmed = ready.lines.filter(state=S.CONFIRMED).count()
        assert ready.state == R.DONE and confirmed == sandbox.calls(MODE) > 0
        assert f"{confirmed} of {confirmed} home" in page.context["summary"]
        assert len(told) == confirmed and {line[3] for line in told} == {"Confirmed"}

    def test_calls_what_nobody_knows_unconfirmed_and_offers_no_second_try(self, ready, admin):
        ready.lines.filter(state=S.ELIGIBLE).update(state=S.UNCONFIRMED)
        models.Run.objects.update(state=R.DONE, ended_at=timezone.now())
        page = admin.get(at("run", ready.pk))

        assert "nobody knows yet" in page.context["summary"] and "again</button>" not in page.text
        assert runs.NO_FAILED in admin.post(at("run_retry", ready.pk)).text
        assert set(ready.lines.values_list("state", flat=True)) <= {S.UNCONFIRMED, S.SKIPPED}

    def test_tries_only_what_was_not_sent_again(self, ready, admin):
        first, *others = ready.lines.filter(state=S.ELIGIBLE)
        ready.lines.filter(pk=first.pk).update(state=S.FAILED)
        ready.lines.filter(pk__in=[line.pk for line in others]).update(state=S.UNCONFIRMED)
        models.Run.objects.update(state=R.DONE, ended_at=timezone.now())
        assert "Try 1 home again" in admin.get(at("run", ready.pk)).text
        admin.post(at("run_retry", ready.pk))

        assert [line.pk for line in ready.lines.filter(state=S.WAITING)] == [first.pk]
        assert ready.lines.filter(state=S.UNCONFIRMED).count() == len(others)

    def test_is_paused_resumed_and_stopped(self, ready, admin):
        runs.start(run=ready, actor=admin.user, now=timezone.now())
        for deed, state in (("pause", R.PAUSED), ("resume", R.RUNNING), ("stop", R.STOPPED)):
            page = admin.post(at(f"run_{deed}", ready.pk), follow=True)

            assert page.status_code == 200 and models.Run.objects.get().state == state
        page = admin.post(at("run_stop", ready.pk))
        assert "This run was stopped." in page.text
        assert "were left alone when the run stopped" in page.context["summary"]

    def test_that_nothing_carries_on_says_so_and_for_how_long(self, ready, admin):
        runs.start(run=ready, actor=admin.user, now=timezone.now())
        long_ago = timezone.now() - timedelta(minutes=5)
        models.Run.objects.update(started_at=long_ago, checked_at=long_ago, made_at=long_ago)

        assert "Nothing was sent for 5" in admin.get(at("run", ready.pk)).text
        models.Pace.objects.update_or_create(defaults={"next_at": timezone.now() + timedelta(seconds=1)})
        assert admin.get(at("run", ready.pk)).context["quiet"] == ""

    def test_in_which_the_sharing_ended_tells_so(self, ready, admin, homeowner):
        consent = access.Consent.objects.get(site=homeowner.site, organization=admin.organization)
        consents.end(consent=consent, by=homeowner.user, how="by hand", now=timezone.now())
        self.carry(ready)
        page = admin.get(at("run_homes", ready.pk), {"q": homeowner.site.synth_id})

        [(line, outcome, _why)] = page.context["lines"]
        assert line.state not in (S.CONFIRMED, S.WAITING) and outcome.title in ("Skipped", "Refused")

    def test_that_sent_no_plan_is_not_taken_back(self, ready, admin):
        models.Run.objects.update(state=R.DONE)

        assert runs.NO_PLANS in admin.post(at("run_cancel", ready.pk)).text

    def test_renews_only_its_own_part_for_a_script(self, ready, admin):
        runs.start(run=ready, actor=admin.user, now=timezone.now())
        htmx = {"hx-request": "true"}
        part = admin.get(at("run", ready.pk), {"state": "running"}, headers=htmx)
        assert 'id="run-live"' in part.text and "<html" not in part.text

        runs.pause(run=ready, actor=admin.user, now=timezone.now())
        changed = admin.get(at("run", ready.pk), {"state": "running"}, headers=htmx)
        assert changed.headers["HX-Refresh"] == "true"

    def test_lists_homes_page_by_page_in_the_same_number_of_queries(self, hundred, admin):
        run = drafted(admin)

        def queries(**query):
            with CaptureQueriesContext(connection) as asked:
                page = admin.get(at("run_homes", run.pk), query)
            return len(asked), page

        models.Line.objects.filter(position__gt=3).update(state=S.SKIPPED, why="stale")
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


class TestWhoMayRun:
    DEEDS = ("start", "schedule", "check", "pause", "resume", "stop", "retry", "cancel")

    def test_are_admins_alone_and_viewers_may_look(self, ready, viewer_there):
        for name in ("run", "run_homes", "run_homes_csv"):
            assert viewer_there.get(at(name, ready.pk)).status_code == 200
        assert "What you can do" not in viewer_there.get(at("run", ready.pk)).text
        assert viewer_there.get(at("run_new")).status_code == 403
        assert viewer_there.post(at("run_new"), wish(every="on")).status_code == 403
        for deed in self.DEEDS:
            assert viewer_there.post(at(f"run_{deed}", ready.pk)).status_code == 403
        assert models.Run.objects.get().state == R.CHECKED

    def test_are_not_those_of_another_organization(self, ready, brightgrid):
        other = people.staff("olga@other.example", people.organization("retailer", "Other"), "admin")
        for name in ("run", "run_homes", "run_homes_csv"):
            assert other.get(reverse(f"retailer:{name}", args=["other", ready.pk])).status_code == 404
            assert other.get(at(name, ready.pk)).status_code == 404
        for deed in self.DEEDS:
            address = reverse(f"retailer:run_{deed}", args=["other", ready.pk])
            assert other.post(address, {"homes": "1"}).status_code == 404
        assert "Storm on Friday" not in other.get(reverse("retailer:runs", args=["other"])).text

    @pytest.mark.parametrize("pk", [0, 2**63, 10**40])
    def test_meet_no_run_of_an_impossible_number(self, fleet, admin, pk):
        assert admin.get(f"/portfolio/brightgrid/runs/{pk}/").status_code == 404

    def test_read_all_runs_page_by_page(self, fleet, admin):
        now = timezone.now()
        kept = {"organization": fleet, "kind": "mode", "asked": {"mode": "Smart"}, "made_at": now}
        models.Run.objects.bulk_create([models.Run(name=f"Run {number}", **kept) for number in range(60)])
        first = admin.get(at("runs"))
        last = admin.get(at("runs"), {"before": first.context["following"]})

        assert (len(first.context["lines"]), len(last.context["lines"])) == (50, 10)
        assert admin.get(at("runs"), {"before": "x"}).status_code == 200
