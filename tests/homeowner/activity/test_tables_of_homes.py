"""Somebody took away a table of homes: one event, and the log of every home that it may be about says so."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.access import consents
from gridshare_portal.access import models as access
from gridshare_portal.audit import downloads, names
from gridshare_portal.audit import models as audit
from gridshare_portal.lunar import models as lunar
from tests import people, streamed

pytestmark = pytest.mark.django_db
ALL = "downloaded a table of all homes that are shared with BrightGrid"
SOME = "downloaded a table of some homes shared with BrightGrid; this home may be among them"
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def long_connected(homeowner):
    lunar.Connection.objects.update(created_at=timezone.now() - 100 * DAY)


def take(retailer, query="", name="retailer:homes_csv"):
    page = retailer.get(reverse(name, args=[retailer.organization.slug]) + query)
    assert page.status_code == 200
    return b"".join(page.streaming_content) if page.streaming else page.content


def told(reader, **asked):
    address = reverse("homeowner:access_log_csv", args=[reader.site.synth_id])
    rows = streamed.rows(reader.get(address, asked))
    return [row[4] for row in rows[1:]]


def tables_told(reader, **asked):
    return [what for what in told(reader, **asked) if "a table" in what]


class TestATableOfHomes:
    @pytest.mark.parametrize("name", ["retailer:homes_csv", "retailer:homes_xlsx"])
    def test_leaves_one_event_in_the_organization_s_record(self, homeowner, retailer, name):
        take(retailer, "?has=battery&sort=-charge&show=state", name)

        [event] = audit.Event.objects.filter(name=names.Name.HOMES_EXPORTED)
        assert (event.actor_id, event.organization_id) == (retailer.user.pk, retailer.organization.pk)
        assert event.details["filter"] == "has=battery" and event.details["table"] == downloads.HOMES
        record = retailer.get(reverse("accounts:record", args=[retailer.organization.slug]))
        assert "downloaded a table of homes" in record.text and "has=battery" in record.text

    def test_leaves_no_name_that_was_typed_to_find_homes(self, homeowner, retailer):
        take(retailer, "?q=Ada+Lovelace&has=battery")

        [event] = audit.Event.objects.filter(name=names.Name.HOMES_EXPORTED)
        assert event.details["filter"] == "q=a-name&has=battery"

    def test_is_read_by_every_homeowner_it_may_be_about(self, homeowner, retailer):
        take(retailer)
        take(retailer, "?q=oak")
        page = homeowner.get(reverse("homeowner:access_log", args=[homeowner.site.synth_id]))

        [some, whole] = tables_told(homeowner)
        assert whole.startswith(ALL) and some.startswith(SOME) and ALL in page.text.replace("<bdi>", "")

    def test_is_nothing_to_whoever_shares_with_somebody_else(self, neighbor, retailer, installer):
        people.share(neighbor.site, installer.organization, neighbor.user)
        take(retailer)

        assert tables_told(neighbor) == []

    def test_counts_only_while_the_home_was_shared(self, homeowner, retailer):
        consent = access.Consent.objects.get(organization=retailer.organization, site=homeowner.site)
        now, whom = timezone.now(), {"actor": retailer.user, "organization": retailer.organization}
        access.Consent.objects.filter(pk=consent.pk).update(from_at=now - 2 * DAY)
        for at in (now - 3 * DAY, now - DAY, now + DAY):
            downloads.tell(table=downloads.HOMES, form="CSV", at=at, **whom)
        consent.refresh_from_db()
        consents.end(consent=consent, by=homeowner.user, how="by hand", now=now)

        assert len(tables_told(homeowner)) == 1
        assert len(tables_told(homeowner, organization=str(retailer.organization.pk))) == 1
        assert tables_told(homeowner, organization="1234567") == []

    def test_of_readings_alone_is_told_and_not_a_report_or_a_receipt(self, homeowner, retailer):
        whom = {"actor": retailer.user, "organization": retailer.organization, "at": timezone.now()}
        for table in (
            downloads.REPORT,
            downloads.RECORD,
            downloads.RECEIPTS,
            downloads.LEFT_OUT,
            downloads.WORK_LIST,
        ):
            downloads.tell(table=table, form="CSV", **whom)

        [only] = tables_told(homeowner)
        assert "some homes that need help" in only

    def test_costs_the_log_as_much_as_thirty(self, homeowner, retailer):
        def queries_of_a_page():
            with CaptureQueriesContext(connection) as asked:
                homeowner.get(reverse("homeowner:access_log", args=[homeowner.site.synth_id]))
            return len(asked)

        whom = {"actor": retailer.user, "organization": retailer.organization, "at": timezone.now()}
        downloads.tell(table=downloads.HOMES, form="CSV", **whom)
        few = queries_of_a_page()
        for _ in range(30):
            downloads.tell(table=downloads.HOMES, form="CSV", **whom)

        assert queries_of_a_page() == few


class TestTheOtherDownloads:
    @pytest.mark.parametrize(
        ("name", "table"),
        [
            ("retailer:report_xlsx", downloads.REPORT),
            ("installer:homes_csv", downloads.WORK_LIST),
            ("accounts:record_csv", downloads.RECORD),
        ],
    )
    def test_leave_an_event_each_and_a_look_at_their_head_none(self, homeowner, retailer, name, table):
        retailer.head(reverse(name, args=[retailer.organization.slug]))
        assert not audit.Event.objects.filter(name__endswith="_exported").exists()

        take(retailer, name=name)
        [event] = audit.Event.objects.filter(name__endswith="_exported")
        assert (event.details["table"], event.site_id) == (table, "")
        assert event.organization_id == retailer.organization.pk
