"""The pages about one home: who may open them, what they say, and what they leave in the homeowner's record."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.access import consents
from gridshare_portal.audit import queries as record
from gridshare_portal.control import changes, operations
from gridshare_portal.lunar import connections
from gridshare_portal.telemetry import collect
from gridshare_portal.telemetry.models import Collection
from tests import people, readings
from tests.installer.diagnosis.visiting import visit

PAGES = ["home", "topology", "calendar", "answer"]


def address(name, visitor, site, *more):
    return reverse(f"installer:{name}", args=[visitor.organization.slug, site.synth_id, *more])


@pytest.fixture
def ending_meanwhile(homeowner):
    """Return what ends the sharing of the home while a page is being made: once the home was looked up."""

    left = list(homeowner.site.consents.filter(ended_at=None))

    def meanwhile(execute, sql, *how):
        result = execute(sql, *how)
        if sql.startswith('SELECT "sites_site"') and left:
            consents.end(consent=left.pop(), by=homeowner.user, now=timezone.now())
        return result

    return lambda: connection.execute_wrapper(meanwhile)


class TestWhoMayOpenThem:
    @pytest.mark.parametrize("page", PAGES)
    def test_asks_staff_first_why(self, installer, homeowner, page):
        asked = installer.get(address(page, installer, homeowner.site))

        assert asked.status_code == 302
        assert asked.headers["Location"].startswith(f"/homes/{homeowner.site.synth_id}/visit/?next=")

    @pytest.mark.parametrize("page", PAGES)
    def test_lets_them_in_once_they_said(self, home, installer, page):
        assert installer.get(address(page, installer, home)).status_code == 200

    def test_does_not_know_a_home_whose_sharing_ends_at_that_moment(self, home, installer, ending_meanwhile):
        with ending_meanwhile():
            assert installer.get(address("home", installer, home)).status_code == 404

    @pytest.mark.parametrize("page", PAGES)
    def test_is_closed_to_everybody_else(self, home, installer, outsider, neighbor, homeowner, page):
        there = address(page, installer, home)
        for stranger in (outsider, neighbor, homeowner):
            assert stranger.get(there).status_code == 404
        assert outsider.get(address(page, outsider, home)).status_code == 404

    @pytest.mark.parametrize("page", PAGES)
    def test_does_not_exist_for_a_home_that_is_not_shared(self, installer, neighbor, page):
        assert installer.get(address(page, installer, neighbor.site)).status_code == 404

    @pytest.mark.parametrize("page", PAGES)
    def test_ends_with_the_consent(self, home, installer, page):
        home.consents.update(ended_at=timezone.now() - timedelta(seconds=1))

        assert installer.get(address(page, installer, home)).status_code == 404

    @pytest.mark.parametrize("page", PAGES)
    def test_ends_with_the_membership(self, home, installer, page):
        installer.user.memberships.all().delete()

        assert installer.get(address(page, installer, home)).status_code == 404

    def test_needs_a_visit_in_this_organization_s_name(self, home, installer):
        other = people.organization("installer", "RoofWorks")
        people.share(home, other, home.consents.first().given_by)
        type(installer.user.memberships.first()).objects.create(
            user=installer.user, organization=other, role="operator"
        )

        there = reverse("installer:home", args=[other.slug, home.synth_id])
        assert installer.get(there).status_code == 302

    @pytest.mark.parametrize("page", PAGES)
    def test_leaves_a_line_for_the_homeowner(self, home, installer, page):
        installer.get(address(page, installer, home))

        event = record.events_of_site(home.synth_id).filter(name="site_viewed").first()
        assert (event.actor_id, event.organization_id) == (installer.user.pk, installer.organization.pk)
        assert event.details["page"] in {"diagnosis", "topology", "calendar", "answer"}


class TestTheDiagnosis:
    def page(self, installer, home):
        return installer.get(address("home", installer, home)).text

    def test_of_a_healthy_home_says_so(self, home, installer):
        page = self.page(installer, home)

        assert "Nothing is missing: every sensor speaks" in page or "is not there yet" in page
        assert "Readings" in page and "Connected" in page

    def test_says_that_the_connection_ended_and_what_to_do(self, home, homeowner, installer, now):
        connection_of = homeowner.connection
        type(connection_of).objects.filter(pk=connection_of.pk).update(
            status="reconnect", status_since_at=now
        )

        page = self.page(installer, home)
        assert "Lunar has ended the connection" in page
        assert "Ask the homeowner to press “Connect again”" in page

    def test_shows_the_last_calls_and_their_failures(self, home, installer, sandbox):
        sandbox.faults.switch_on("getDeviceTelemetry", "forbidden_without_code")
        Collection.objects.update(last_ok_at=timezone.now() - timedelta(hours=1))
        row = Collection.objects.filter(site=home)
        row.update(due_at=timezone.now())
        collect.run(collection_pk=row.get().pk, now=timezone.now(), owner="the test", seconds=0)

        page = self.page(installer, home)
        assert "403 Forbidden" in page and "1 in a row" in page

    def test_names_colleagues_and_nobody_else(self, home, homeowner, battery, installer, now):
        changes.make(actor=homeowner.user, device=battery, asked=operations.AskMode(mode="Smart"), now=now)

        page = self.page(installer, home)
        assert "Mode of Lunar Energy Battery 20" in page and "The homeowner" in page

    def test_tells_what_happened_to_the_connection(self, home, installer):
        page = self.page(installer, home)

        assert "The homeowner connected Lunar: See your home and its readings" in page

    def test_escapes_whatever_a_home_is_called(self, home, installer):
        type(home).objects.update(name="<script>alert(1)</script> \u202eemoh")

        page = self.page(installer, home)
        assert "<script>alert" not in page and "&lt;script&gt;" in page
        assert "<bdi>&lt;script&gt;" in page

    def test_holds_no_token(self, home, homeowner, installer):
        row = homeowner.connection
        for page in PAGES:
            text = installer.get(address(page, installer, home)).text
            for secret in (row.access_token(), row.refresh_token(), row.access_sealed, row.refresh_sealed):
                assert secret and secret not in text

    def test_costs_the_same_for_a_home_with_sixty_sensors(self, home, sandbox, installer):
        finn = people.with_home("finn@portal.example", "finn", sandbox=sandbox)
        people.share(finn.site, installer.organization, finn.user)
        visit(installer, finn.site)
        readings.fetch(finn, timezone.now(), days=1)
        for page, most in (("home", 45), ("topology", 40), ("calendar", 32)):
            counts = []
            for site in (home, finn.site):
                with CaptureQueriesContext(connection) as queries:
                    assert installer.get(address(page, installer, site)).status_code == 200
                counts.append(len(queries))
            assert counts[1] <= counts[0] <= most, page

    def test_shows_a_home_that_was_disconnected_to_nobody(self, home, homeowner, installer, now):
        connections.disconnect(
            connection=homeowner.connection, actor=homeowner.user, forget_readings=False, now=now
        )

        assert installer.get(address("home", installer, home)).status_code == 404


class TestTheCalendarPage:
    @pytest.mark.parametrize("sensor", ["", "x", "-1", "999999999999999999999", "1e3", "٣"])
    def test_shows_the_whole_home_for_a_sensor_that_is_none(self, home, installer, sensor):
        page = installer.get(address("calendar", installer, home), {"sensor": sensor})

        assert page.status_code == 200 and "How complete the last 400 days are<" in page.text

    def test_shows_one_sensor(self, home, installer):
        sensor = home.sensors.first()
        page = installer.get(address("calendar", installer, home), {"sensor": sensor.pk})

        assert "of one sensor" in page.text

    def test_does_not_show_a_neighbor_s_sensor(self, home, neighbor, installer):
        page = installer.get(
            address("calendar", installer, home), {"sensor": neighbor.site.sensors.first().pk}
        )

        assert "of one sensor" not in page.text

    def test_says_which_days_they_are(self, home, installer):
        assert "Days are UTC days" in installer.get(address("calendar", installer, home)).text
