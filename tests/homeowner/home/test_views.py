from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.audit import queries as record
from gridshare_portal.lunar import models as lunar
from gridshare_portal.sites import sync
from gridshare_portal.telemetry import collect
from gridshare_portal.telemetry import models as telemetry
from tests import people
from tests.readings import begin


def page_of(person, name="site", **query):
    return person.get(reverse(f"homeowner:{name}", args=[person.site.synth_id]), query)


@pytest.fixture
def readings(homeowner):
    site = homeowner.site
    begin(site, seconds=1)
    return site


class TestTheHomePage:
    def test_says_in_words_what_the_picture_shows(self, homeowner, readings):
        page = page_of(homeowner)

        assert "Your home is using" in page.text
        assert 'class="flows"' in page.text
        assert page.context["reading"].freshness == "fresh"

    def test_asks_nobody(self, homeowner, readings, sandbox):
        before = {
            name: sandbox.calls(name) for name in ("getDeviceTelemetry", "getSiteTopology", "listSites")
        }

        page_of(homeowner)

        assert before == {name: sandbox.calls(name) for name in before}

    def test_costs_few_queries(self, homeowner, readings, django_assert_max_num_queries):
        page, part = (reverse(f"homeowner:{name}", args=[readings.synth_id]) for name in ("site", "now"))

        # The first look of a minute also notes that somebody looks, and the first at readings keeps their sums.
        with django_assert_max_num_queries(16):
            homeowner.get(page)
        with django_assert_max_num_queries(11):
            homeowner.get(page)
        with django_assert_max_num_queries(9):
            homeowner.get(part)

    def test_is_not_kept_by_browsers_or_proxies(self, homeowner):
        assert "no-store" in page_of(homeowner)["Cache-Control"]

    def test_before_the_first_reading_says_what_is_being_fetched_and_looks_again(self, homeowner):
        collect.begin(site=homeowner.site, now=timezone.now())

        page = page_of(homeowner)

        assert "Fetching the last 48 hours" in page.text
        assert f'hx-get="{reverse("homeowner:progress", args=[homeowner.site.synth_id])}"' in page.text
        assert "<noscript>" in page.text

    def test_becomes_whole_by_itself_once_the_first_readings_are_there(self, homeowner, readings):
        assert page_of(homeowner, "progress")["HX-Refresh"] == "true"

    def test_does_not_draw_old_readings_as_if_they_flowed(self, homeowner, readings):
        long_ago = timezone.now() - timedelta(hours=5)
        telemetry.Latest.objects.update(at=long_ago, read_at=long_ago)

        page = page_of(homeowner)

        assert "We have not heard from your home since" in page.text
        assert "animateMotion" not in page.text
        assert "We do not know what is happening now" in page.text

    def test_says_that_lunar_ended_the_connection(self, homeowner, readings):
        lunar.Connection.objects.update(status="reconnect", status_since_at=timezone.now())

        page = page_of(homeowner)

        assert "This home is no longer connected" in page.text
        assert reverse("homeowner:connection") in page.text

    def test_asks_once_which_time_the_home_keeps(self, homeowner, readings):
        assert "Is this home in the time zone America/Los Angeles?" in page_of(homeowner).text

        settings = reverse("homeowner:settings", args=[homeowner.site.synth_id])
        homeowner.post(settings, {"name": "Maple Street", "time_zone": "America/Los_Angeles"})

        assert "Is this home in the time zone" not in page_of(homeowner).text


class TestTheListOfHomes:
    def test_shows_no_figure_of_what_a_home_does_not_have(self, neighbor):
        page = neighbor.get(reverse("homeowner:sites")).text
        with_solar, without = page.split('<li class="card">')[1:]

        assert "<dt>Solar</dt>" in with_solar and "<dt>Battery</dt>" in with_solar
        assert "<dt>Solar</dt>" not in without and "<dt>Home</dt>" in without

    def test_shows_how_far_the_first_reading_is_and_looks_again(self, stranger, sandbox):
        connection = people.connect(stranger.user, "ada", sandbox=sandbox)
        sync.request(connection=connection, now=timezone.now())

        page = stranger.get(reverse("homeowner:sites"))

        assert "Asking which homes are yours" in page.text
        assert reverse("homeowner:loading", args=[connection.pk]) in page.text
        assert '<meta http-equiv="refresh"' in page.text

    def test_leads_to_the_home_by_itself_once_it_is_there(self, homeowner):
        page = homeowner.get(reverse("homeowner:loading", args=[homeowner.connection.pk]))

        assert page["HX-Redirect"] == "/"

    def test_goes_on_to_a_first_home_that_was_read_on_the_way_here(self, homeowner, neighbor):
        home = reverse("homeowner:site", args=[homeowner.site.synth_id])

        assert homeowner.get("/homes/?first").headers["Location"] == home
        assert homeowner.get("/homes/").status_code == 200
        assert neighbor.get("/homes/?first").status_code == 200

    def test_says_that_a_customer_has_no_home(self, db, sandbox):
        eve = people.with_home("eve@portal.example", "eve", sandbox=sandbox)

        assert "Lunar knows of no home for this account" in eve.get(reverse("homeowner:sites")).text

    def test_does_not_tell_a_neighbor_how_far_somebody_elses_is(self, homeowner, neighbor):
        page = neighbor.get(reverse("homeowner:loading", args=[homeowner.connection.pk]))

        assert page.status_code == 404


class TestNameAndTimeZone:
    def test_are_recorded_with_before_and_after(self, homeowner):
        address = reverse("homeowner:settings", args=[homeowner.site.synth_id])

        homeowner.post(address, {"name": "Maple Street", "time_zone": "Europe/Berlin"})

        assert (homeowner.site.name, homeowner.site.time_zone) == ("Maple Street", "Europe/Berlin")
        event = record.events_of_site(homeowner.site.synth_id).get(name="site_renamed")
        assert event.details["after"] == {"name": "Maple Street", "time_zone": "Europe/Berlin"}
        assert event.actor_id == homeowner.user.pk

    def test_that_only_turns_the_text_around_is_taken_without_it(self, homeowner):
        address = reverse("homeowner:settings", args=[homeowner.site.synth_id])

        homeowner.post(address, {"name": "Maple\u202e Street", "time_zone": "UTC"})

        assert homeowner.site.name == "Maple Street"
