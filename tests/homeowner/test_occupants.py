"""A home that was sold, as both sides and those who help them meet it."""

import csv
import io
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from gridshare_portal.access import consents, policy, requests, visits
from gridshare_portal.access import models as access
from gridshare_portal.audit import models as audit
from gridshare_portal.control import changes, operations
from gridshare_portal.lunar import connections
from gridshare_portal.lunar import models as lunar
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import settings, sync
from gridshare_portal.telemetry import collect
from gridshare_portal.telemetry.models import Collection
from tests import people
from tests.homeowner import moving

pytestmark = pytest.mark.django_db
PAGES = (
    "",
    "history/",
    "history.csv",
    "devices/",
    "activity/",
    "control/",
    "access/",
    "access.csv",
    "settings/",
)
WORDS = "We are in hospital until Friday"


@pytest.fixture
def sold(homeowner, installer, battery, sandbox, now):
    """Ada lived there, let SunFix in, wrote things, and disconnected; then Eve came. Returns Ada's row."""
    home = homeowner.site
    homeowner.post(f"/homes/{home.synth_id}/settings/", {"name": "Villa Ada", "time_zone": "Europe/Rome"})
    changes.make(
        actor=homeowner.user,
        device=battery,
        asked=operations.AskMode(mode="Smart"),
        reason=WORDS,
        key="",
        now=timezone.now(),
    )
    visits.open(
        user=installer.user,
        site=home,
        organization=installer.organization,
        reason="other",
        words="Ada rang",
        now=timezone.now(),
    )
    connections.disconnect(
        connection=homeowner.connection, actor=homeowner.user, forget_readings=False, now=timezone.now()
    )
    sandbox.world.hand_over(home.synth_id, to=["eve"])
    return home


@pytest.fixture
def eve(sold, sandbox):
    visitor = people.with_home("eve@portal.example", "eve", sandbox=sandbox)
    sold.refresh_from_db()
    return visitor


def all_of(visitor, home):
    for page in PAGES:
        answer = visitor.get(f"/homes/{home.synth_id}/{page}")
        assert answer.status_code == 200, page
        yield (b"".join(answer.streaming_content) if answer.streaming else answer.content).decode()
    yield from (text for _name, text in moving.archived(visitor.user))


class TestANewOwner:
    def test_reads_no_name_no_word_and_no_change_of_before(self, eve, sold):
        read = "".join(all_of(eve, eve.site))

        for word in ("Villa Ada", WORDS, "Ada rang", "Ines", "SunFix", "Smart"):
            assert word not in read, word

    def test_finds_nothing_of_before_at_its_own_addresses(self, eve, sold):
        change = sold.changes.get()

        assert {eve.get(f"/homes/{sold.synth_id}/{page}").status_code for page in PAGES} == {404}
        assert eve.get(f"/changes/{change.pk}/").status_code == 404
        assert eve.get(f"/devices/{sold.devices.get().synth_id}/").status_code == 404

    def test_gets_no_reading_of_before(self, eve, sandbox):
        home, later = eve.site, timezone.now() + timedelta(hours=3)
        sandbox.clock.set(later, ticking=True)
        sandbox.world.truth(home.synth_id, later - timedelta(days=1), later)  # so that it answers at once
        collect.begin(site=home, now=later)
        pk = Collection.objects.get(site=home).pk
        collect.run(collection_pk=pk, now=later, owner="the test", seconds=30.0)

        files = [text for name, text in moving.archived(eve.user) if "/readings/" in name]
        lines = [line for text in files for line in csv.DictReader(io.StringIO(text))]
        known = [datetime.fromisoformat(line["start_utc"]) for line in lines if line["in_w"] or line["out_w"]]

        assert len(files) == 3 and known
        assert min(known) >= home.begun_at

    def test_is_not_asked_what_was_asked_of_those_before(self, eve, installer, roofworks, outsider):
        serial = eve.site.devices.get().serial_number
        before = eve.site.begun_at - timedelta(days=2)
        ask = {"serial_number": serial, "right": "view", "lasts": "open"}
        told = {"organization": roofworks, "asked_by": outsider.user, "message": "Dear Ada"}
        requests.ask(**ask, **told, now=before)
        assert not requests.waiting_for(eve.user, now=timezone.now()).exists()

        access.Request.objects.all().delete()
        requests.ask(**ask, **told, now=timezone.now())
        assert requests.waiting_for(eve.user, now=timezone.now()).exists()


class TestWhoLivedThere:
    def test_goes_on_seeing_the_home_as_it_was(self, eve, sold, homeowner):
        read = "".join(all_of(homeowner, sold))

        for word in ("Villa Ada", WORDS, "Ada rang"):
            assert word in read, word
        assert "This is how the home was until" in homeowner.get(f"/homes/{sold.synth_id}/").text
        assert "As it was until" in homeowner.get("/homes/").text
        assert homeowner.get(f"/homes/{eve.site.synth_id}/").status_code == 404

    def test_changes_nothing_there(self, eve, sold, homeowner, sandbox, now):
        device = sold.devices.get()

        assert policy.may_control(homeowner.user, device, now=now) == policy.ENDED
        page = homeowner.post(f"/devices/{device.synth_id}/mode/", {"mode": "Simple"})
        assert page.status_code in (200, 403, 422)
        assert sandbox.calls("setDeviceOperationMode") == 1  # the one of before

    def test_shares_it_with_nobody_any_more(self, eve, sold, homeowner, roofworks, now):
        with pytest.raises(consents.ConsentRefused):
            consents.give(
                site=sold, organization=roofworks, given_by=homeowner.user, right="view", lasts="open",
                ask_first=False, now=now,
            )  # fmt: skip

    def test_who_did_not_disconnect_does_not_see_it(self, homeowner, sandbox, now):
        home = homeowner.site
        sandbox.world.hand_over(home.synth_id, to=["eve"])
        people.with_home("eve@portal.example", "eve", sandbox=sandbox)

        home.refresh_from_db()
        assert home.left_at and not policy.own_sites(homeowner.user).exists()

    def test_reads_of_both_homes_after_coming_back_as_a_co_owner(self, eve, sold, homeowner, sandbox):
        sandbox.world.hand_over(eve.site.synth_id, to=["eve", "ada"])
        people.connect(homeowner.user, "ada", sandbox=sandbox)
        sync.run(connection_pk=homeowner.connection.pk, now=timezone.now(), owner="the test")

        homes = set(policy.own_sites(homeowner.user))
        assert homes == {sold, eve.site}
        assert "Villa Ada" in homeowner.get(f"/homes/{sold.synth_id}/").text
        assert policy.may_control(homeowner.user, sold.devices.get(), now=timezone.now()) == policy.ENDED
        assert policy.may_control(homeowner.user, eve.site.devices.get(), now=timezone.now()).allowed

    def test_is_led_to_where_they_live_and_shares_that_alone_after_coming_back(
        self, eve, sold, homeowner, installer, sandbox, now
    ):
        home = eve.site
        sandbox.world.hand_over(home.synth_id, to=["eve", "ada"])
        people.connect(homeowner.user, "ada", sandbox=sandbox)
        sync.run(connection_pk=homeowner.connection.pk, now=timezone.now(), owner="the test")
        asked = requests.ask(
            organization=installer.organization, asked_by=installer.user, email=homeowner.user.email,
            right="view", lasts="day", message="", now=now,
        )  # fmt: skip

        page = homeowner.get(f"/sharing/requests/{asked.pk}/").content.decode()

        assert f'value="{home.synth_id}"' in page and f'value="{sold.synth_id}"' not in page
        for start in ("/", "/homes/?first"):
            assert homeowner.get(start)["Location"] == f"/homes/{home.synth_id}/"
        assert home.synth_id in homeowner.get("/sharing/").content.decode()
        assert sold.synth_id not in homeowner.get("/sharing/").content.decode()

    def test_deletes_it_with_the_account_or_at_once(self, eve, sold, homeowner):
        settings.forget(connection=homeowner.connection)

        assert list(sites.Site.objects.all()) == [eve.site]
        assert not audit.Event.objects.filter(site_id=sold.audit_id).exists()
        assert not audit.Event.objects.filter(details__icontains=WORDS).exists()

    def test_deletes_nothing_of_who_lives_there(self, eve, sold, homeowner):
        eve.post(f"/homes/{eve.site.synth_id}/settings/", {"name": "Eve's", "time_zone": "Europe/Rome"})
        homeowner.user.delete()

        assert list(sites.Site.objects.all()) == [eve.site]
        assert audit.Event.objects.filter(site_id=eve.site.audit_id, name="site_renamed").exists()


class TestWhoHelped:
    @pytest.fixture
    def lapsed(self, homeowner, installer, sandbox, now):
        """Lunar ended Ada's connection, under which consents hold; then Eve came."""
        home = homeowner.site
        lunar.Connection.objects.update(status="reconnect", status_since_at=now)
        assert policy.holding(now=now).filter(site=home).exists()
        sandbox.world.hand_over(home.synth_id, to=["eve"])
        return home

    def test_is_let_in_no_more(self, lapsed, installer, sandbox):
        eve = people.with_home("eve@portal.example", "eve", sandbox=sandbox)

        lapsed.refresh_from_db()
        now = timezone.now()
        assert not policy.shared_sites(installer.user, now=now).exists()
        consent = access.Consent.objects.get(site=lapsed)
        assert (consent.ended_how, consent.ended_at) == ("disconnected", lapsed.left_at)
        ended = audit.Event.objects.get(name="consent_ended")
        assert ended.site_id == lapsed.audit_id
        for home in (lapsed, eve.site):
            assert installer.get(f"/support/sunfix/homes/{home.synth_id}/").status_code == 404

    def test_finds_neither_home_by_what_it_knows(self, lapsed, installer, battery, sandbox):
        people.with_home("eve@portal.example", "eve", sandbox=sandbox)

        for asked in (battery.serial_number, battery.synth_id, "ada"):
            page = installer.get("/support/sunfix/search/", {"q": asked})
            assert f"/homes/{lapsed.synth_id}/" not in page.text


class TestTheRecord:
    def test_of_a_request_on_its_way_stays_with_whom_it_is_about(self, sold, homeowner, sandbox):
        """Ada's request had looked her home up before it was left, and is written down after."""
        on_its_way = sites.Site.objects.get(pk=sold.pk)
        eve = people.with_home("eve@portal.example", "eve", sandbox=sandbox)

        audit_id = on_its_way.audit_id
        sold.refresh_from_db()

        assert audit_id == sold.audit_id != eve.site.audit_id


class TestThePageOfWhatWeKeep:
    def test_says_what_other_people_begin_with(self, visitor):
        text = visitor.get("/what-we-keep/").text

        assert "begins with nothing" in text and "share it, with all that is stored of it" in text
