"""Addresses that say nonsense, at every list and file of a retailer: a page comes, and never a fault."""

import pytest
from django.urls import reverse

from tests.retailer.runs.bulk import at, drafted

NONSENSE = [
    "page=-1&after=-1&before=-1",
    "page=99999999999999999999&before=99999999999999999999",
    "after=1~nan&sort=charge",
    "group=-1&charge_from=abc&charge_to=1e999&zone=Mars/Base",
    "q=%00%FF%25_%27%22&state=%00",
    "q=" + "x" * 3000,
    "person=x&kind=y&first=2026-13-45&last=0000-00-00",
    "person=-1&first=9999-12-31&last=0001-01-01",
    "every=never&like=-1&severity=x&cause=%00&show=everything",
    "like=" + "9" * 30,
    "state=%F0%9F%92%A5&why=%3Cscript%3E&has=%3D1%2B1",
    "%00=1&=&&&sort=%C2%B2",
]
PAGES = [
    "retailer:portfolio",
    "retailer:now",
    "retailer:homes",
    "retailer:homes_csv",
    "retailer:homes_xlsx",
    "retailer:runs",
    "retailer:run_new",
    "retailer:campaigns",
    "retailer:reconnect",
    "retailer:report",
    "retailer:report_xlsx",
    "installer:homes",
    "installer:homes_csv",
    "installer:all_homes",
    "accounts:record",
    "accounts:record_csv",
]
OF_A_GROUP = ("retailer:portfolio", "retailer:now")  # the sums of a group that is not there are not there
pytestmark = pytest.mark.django_db


class TestNonsense:
    @pytest.mark.parametrize("name", PAGES)
    def test_in_an_address_is_the_usual_or_said(self, hundred, admin, name):
        for query in NONSENSE:
            page = admin.get(f"{reverse(name, args=['brightgrid'])}?{query}")

            if name in OF_A_GROUP and "group=" in query:
                assert page.status_code == 404
                continue
            assert page.status_code in (200, 422), query
            content = b"".join(page.streaming_content) if page.streaming else page.content
            assert content

    @pytest.mark.parametrize("name", ["run", "run_homes", "run_homes_csv"])
    def test_in_the_address_of_a_run_is_the_usual(self, hundred, admin, name):
        run = drafted(admin)
        for query in NONSENSE:
            page = admin.get(f"{at(name, run.pk)}?{query}")

            assert page.status_code == 200, query
            assert not page.streaming or b"".join(page.streaming_content)

    def test_keeps_no_view_that_is_longer_than_a_view_can_be(self, admin, brightgrid):
        said = (
            "q=" + "\U0001f600" * 80 + "&zone=America/Argentina/ComodRivadavia&has=battery&has=solar&has=ev"
        )
        form = {"name": "Much", "list": said}
        page = admin.post(reverse("retailer:keep_view", args=["brightgrid"]), form)

        assert page.status_code == 422 and "says more than can be kept" in page.text
