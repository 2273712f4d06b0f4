"""A query that is built once answers like one that is built each time, from the rows as they are now."""

from datetime import timedelta

import pytest
from django.db import connection, models
from django.db.models import F
from django.utils import timezone

from gridshare_portal import built
from gridshare_portal.sites import models as sites

pytestmark = pytest.mark.django_db
NOW = timezone.now()
ID = built.Given("synth_id", models.CharField())
SINCE = built.Given("since", models.DateTimeField())


@pytest.fixture
def homes():
    return [
        sites.Site.objects.create(
            synth_id=f"home-{n}", name=f"Home {n}", time_zone="UTC", created_at=NOW - timedelta(days=n)
        )
        for n in range(3)
    ]


class TestABuiltQuery:
    def test_answers_with_other_values_each_time(self, homes):
        query = built.Query(lambda: sites.Site.objects.filter(synth_id=ID))

        assert [query.rows(synth_id=one.synth_id) for one in homes] == [[one] for one in homes]
        assert query.first(synth_id="home-1") == homes[1] and query.first(synth_id="no such") is None

    def test_reads_the_rows_as_they_are_now(self, homes):
        query = built.Query(lambda: sites.Site.objects.filter(synth_id=ID))
        query.rows(synth_id="home-0")
        sites.Site.objects.filter(pk=homes[0].pk).update(name="Renamed")
        assert query.first(synth_id="home-0").name == "Renamed"

        sites.Site.objects.filter(pk=homes[0].pk).delete()
        assert query.rows(synth_id="home-0") == []

    def test_is_built_once_for_a_connection(self, homes, django_assert_num_queries):
        times = []
        query = built.Query(lambda: times.append(1) or sites.Site.objects.filter(synth_id=ID))

        with django_assert_num_queries(5):
            for _ in range(5):
                query.rows(synth_id="home-0")
        assert len(times) == 1

    @pytest.mark.parametrize("days", [-1, 0, 0.5, 1, 5])
    def test_compares_moments_as_the_database_does(self, homes, days):
        query = built.Query(lambda: sites.Site.objects.filter(created_at__gte=SINCE).order_by("pk"))
        since = (NOW - timedelta(days=days)).astimezone(timezone.get_fixed_timezone(330))

        assert query.rows(since=since) == list(
            sites.Site.objects.filter(created_at__gte=since).order_by("pk")
        )

    def test_brings_what_belongs_to_a_row_and_what_is_reckoned_in_it(self, homes, django_assert_num_queries):
        device = sites.Device.objects.create(site=homes[1], synth_id="d", extra={"a": [1]})
        alone = sites.Device.objects.create(synth_id="alone")
        query = built.Query(
            lambda: sites.Device.objects.select_related("site").annotate(home=F("site__name")).order_by("pk")
        )

        with django_assert_num_queries(1):
            found = query.rows()
            assert [(one, one.site, one.home, one.extra) for one in found] == [
                (device, homes[1], "Home 1", {"a": [1]}),
                (alone, None, None, {}),
            ]
        assert found[0].site.created_at == homes[1].created_at

    def test_keeps_order_and_number(self, homes):
        query = built.Query(lambda: sites.Site.objects.filter(created_at__lte=SINCE).order_by("-name")[:2])

        assert query.rows(since=NOW) == homes[:0:-1]

    def test_that_can_find_nothing_asks_nothing(self, homes, django_assert_num_queries):
        query = built.Query(lambda: sites.Site.objects.filter(synth_id=ID).none())

        with django_assert_num_queries(0):
            assert query.rows(synth_id="home-0") == []

    def test_refuses_to_be_asked_with_nothing(self, homes):
        query = built.Query(lambda: sites.Site.objects.filter(synth_id=ID))

        with pytest.raises(ValueError, match="synth_id"):
            query.rows(synth_id=None)
        with pytest.raises(KeyError):
            query.rows()

    def test_takes_a_value_for_nothing_but_a_value(self, homes):
        query = built.Query(lambda: sites.Site.objects.filter(synth_id=ID))

        for typed in ("' OR 1=1 --", "%s", "home-0' --", "home-%", '"'):
            assert query.rows(synth_id=typed) == []

    def test_finds_nothing_by_a_number_that_no_column_can_hold(self, homes):
        query = built.Query(lambda: sites.Site.objects.filter(pk=built.Given("pk", models.BigIntegerField())))

        assert query.rows(pk=homes[0].pk) == homes[:1]
        assert query.rows(pk=10**30) == query.rows(pk=-(10**30)) == query.rows(pk=2**63) == []

    def test_keeps_texts_with_the_connection_and_no_rows(self, homes):
        query = built.Query(lambda: sites.Site.objects.filter(synth_id=ID))
        query.rows(synth_id="home-0")

        text = vars(connection._connections[connection._alias])["queries_built"][query]
        assert "home-0" not in repr(vars(text))
