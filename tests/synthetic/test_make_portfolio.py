"""Synthetic homes: many, of every shape, the same each time, and such that nothing ever asks Lunar about them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db.models import Count
from django.utils import timezone

from gridshare_portal.access import models as access
from gridshare_portal.access.finding import search
from gridshare_portal.accounts import models as accounts
from gridshare_portal.lunar import emails
from gridshare_portal.lunar import models as lunar
from gridshare_portal.lunar.tokens import refresh
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import sync
from gridshare_portal.synthetic import people, rows
from gridshare_portal.synthetic import sites as synthetic_sites
from gridshare_portal.telemetry import collect
from gridshare_portal.telemetry import models as telemetry
from tests import people as cast

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
TABLES = (
    accounts.User,
    lunar.Connection,
    sites.Site,
    sites.ConnectionSite,
    telemetry.Collection,
    access.Consent,
)


def make(count, organization="practice", **options):
    call_command("make_portfolio", count, organization=organization, yes=True, verbosity=0, **options)


class TestAPracticeHome:
    def test_is_the_same_each_time_and_another_for_another_number(self):
        assert (
            synthetic_sites.home(7, now=NOON)
            == synthetic_sites.home(7, now=NOON)
            != synthetic_sites.home(8, now=NOON)
        )
        assert people.person(7) == people.person(7) != people.person(8)

    def test_is_one_of_many_shapes(self):
        made = [synthetic_sites.home(number, now=NOON) for number in range(300)]
        batteries = [sum("battery" in str(s.role) for d in one.devices for s in d.sensors) for one in made]
        told = [[s.reading for d in one.devices for s in d.sensors] for one in made]

        assert {0, 1, 2} <= set(batteries) and batteries.count(1) > 200
        assert any(readings and not any(readings) for readings in told)
        assert any(any(readings) and not all(readings) for readings in told)
        assert {one.status for one in made} == {"active", "reconnect", "disconnected"}
        assert {one.sharing.right for one in made} == {"view", "control"}

    def test_told_nothing_of_the_future_and_no_power_both_ways(self):
        made = [synthetic_sites.home(number, now=NOON) for number in range(200)]
        readings = [s.reading for one in made for d in one.devices for s in d.sensors if s.reading]

        assert all(one.at <= NOON and 0 in (one.in_w, one.out_w) for one in readings)
        assert all(one.at.minute % 15 == 0 for one in readings)

    def test_belongs_to_somebody_who_cannot_be_written_to(self):
        made = [people.person(number) for number in range(2000)]

        assert all(one.email.endswith(".example") and one.email.isascii() for one in made)
        assert len({one.email for one in made}) == 2000
        assert len({one.name for one in made}) > 1000


@pytest.mark.django_db
class TestThePortfolio:
    def test_has_a_row_of_everything_for_each_home(self, capsys):
        call_command("make_portfolio", 30, organization="solar-friends", kind="retailer", yes=True)

        assert {model.objects.count() for model in TABLES} == {30}
        assert accounts.Organization.objects.get().kind == "retailer"
        assert "30 homes shared with solar-friends" in capsys.readouterr().out

    def test_grows_when_made_again(self):
        make(12)
        first = set(sites.Site.objects.values_list("synth_id", flat=True))
        make(3)

        assert sites.Site.objects.count() == 15
        assert first < set(sites.Site.objects.values_list("synth_id", flat=True))
        assert sites.Site.objects.filter(synth_id=synthetic_sites.home(14, now=NOON).synth_id).exists()

    def test_is_found_and_shown_by_the_rules_of_every_other_home(self):
        make(40)
        visitor = cast.staff("sam@portal.example", accounts.Organization.objects.get(), "operator")
        given = access.Consent.objects.filter(
            ended_at=None, until_at=None, site__connection_sites__connection__status="active"
        )
        consent = given.exclude(given_by__name="").select_related("given_by", "site").first()
        query = search.parse(consent.given_by.email)

        [one] = search.search(visitor.user, visitor.organization, query, now=timezone.now()).found
        assert one.site == consent.site

    def test_is_written_many_homes_at_a_time(self, django_assert_num_queries):
        organization = cast.organization("installer", "SunFix")
        list(rows.make(count=5, organization=organization, now=NOON))
        with django_assert_num_queries(30, exact=False):
            list(rows.make(count=60, organization=organization, now=NOON))

    def test_has_sensors_with_roles_and_readings(self):
        make(60)
        roles = dict(sites.Sensor.objects.values_list("role_found").annotate(Count("pk")))

        assert {"grid", "battery", "solar"} <= set(roles)
        assert 0 < telemetry.Latest.objects.count() < sites.Sensor.objects.count()


@pytest.mark.django_db
class TestNothing:
    """What the workers find to do: nothing, also in a hundred years."""

    @pytest.fixture(autouse=True)
    def portfolio(self):
        make(120)

    @pytest.mark.parametrize("later", [timedelta(0), timedelta(days=36_500)])
    def test_is_due(self, later):
        now = timezone.now() + later

        assert sync.claim(now=now) == [] and collect.claim(now=now) == [] and emails.due() == []

    def test_is_asked_of_lunar_in_the_name_of_nobody(self, sandbox):
        connection = lunar.Connection.objects.filter(status="active").first()

        with pytest.raises(refresh.Transient):
            refresh.access_token(connection.pk)
        assert connection.access_sealed == connection.refresh_sealed == ""

    def test_becomes_due_when_somebody_looks(self):
        site = sites.Site.objects.first()
        collect.watch(site=site, now=timezone.now())

        assert not telemetry.Collection.objects.exclude(due_at=None).exists()


@pytest.mark.django_db
class TestTheCommand:
    def test_wants_a_clear_word_outside_the_demonstration(self, settings):
        with pytest.raises(CommandError, match="--yes"):
            call_command("make_portfolio", 1)
        settings.DEMO = True
        call_command("make_portfolio", 1, verbosity=0)

        assert rows.made_count() == 1

    def test_keeps_out_of_a_database_with_somebody_s_own_home(self, homeowner):
        with pytest.raises(CommandError, match="own homes"):
            make(1)

        assert rows.made_count() == 0

    def test_asks_for_at_least_one(self):
        with pytest.raises(CommandError, match="at least one"):
            make(0)
