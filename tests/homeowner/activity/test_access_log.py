"""What the homeowner reads of those who looked: line by line."""

from datetime import timedelta

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.access import consents, visits
from gridshare_portal.accounts import models as accounts
from gridshare_portal.audit import models as audit
from gridshare_portal.audit import names
from gridshare_portal.control import changes, operations
from gridshare_portal.lunar import models as lunar

NAME = names.Name


def log(reader, site=None, **asked):
    return reader.get(reverse("homeowner:access_log", args=[(site or reader.site).synth_id]), asked)


def words(page):
    return " ".join(page.text.replace("<bdi>", "").replace("</bdi>", "").split())


class TestALine:
    def test_says_who_of_whom_looked_at_what_and_why(self, homeowner, installer, look):
        look(installer)
        page = words(log(homeowner))

        assert "Ines</strong>" in page and "(SunFix)" in page
        assert "looked at the history of readings" in page
        assert "A fault we noticed: “he called us”" in page

    def test_is_there_as_soon_as_somebody_looked(self, homeowner, installer):
        visits.open(
            user=installer.user, site=homeowner.site, organization=installer.organization,
            reason="asked", words="", now=timezone.now(),
        )  # fmt: skip
        installer.get(reverse("homeowner:telemetry", args=[homeowner.site.synth_id]))
        page = words(log(homeowner))

        assert "opened this home" in page and "looked at the history of readings" in page
        assert "The homeowner asked for help" in page

    @pytest.mark.parametrize(
        ("name", "details", "said"),
        [
            (NAME.SITE_OPENED, {}, "opened this home"),
            (NAME.SITE_VIEWED, {"page": "devices"}, "looked at the devices"),
            (NAME.SITE_VIEWED, {"page": "a page of tomorrow"}, "looked at a page of tomorrow"),
            (NAME.SITE_VIEWED, {"page": None}, "looked at a page"),
            (NAME.SITE_EXPORTED, {"page": "history"}, "downloaded the history of readings"),
            (NAME.ANSWER_ASKED, {}, "asked Lunar for a raw answer"),
            (
                NAME.CHANGE_PROPOSED,
                {"kind": "mode", "asked": {"mode": "Smart"}, "reason": "It saves more"},
                "proposed to change the mode: Smart",
            ),
            (
                NAME.CHANGE_ASKED,
                {"kind": "details", "asked": {"model": "X"}},
                "asked to change a device’s details: Model: X",
            ),
            (
                NAME.CHANGE_SETTLED,
                {"kind": "mode", "asked": {"mode": "Smart"}, "outcome": "confirmed"},
                "changed the mode: Smart – the device confirmed it",
            ),
            (NAME.CHANGE_REFUSED, {"kind": "mode", "asked": None}, "was not allowed to change the mode"),
            (NAME.CHANGE_ASKED, {"kind": "mode", "asked": "?"}, "asked to change the mode"),
        ],
    )
    def test_is_in_plain_words(self, homeowner, installer, look, name, details, said):
        look(installer, name, **details)

        assert said in words(log(homeowner))

    def test_of_sharing_says_what_was_allowed(self, homeowner, outsider, now):
        consent = consents.give(
            site=homeowner.site, organization=outsider.organization, given_by=homeowner.user,
            right="control", lasts="month", ask_first=True, now=now,
        )  # fmt: skip
        consents.end(consent=consent, by=homeowner.user, now=now)
        page = words(log(homeowner))

        assert (
            "shared this home with RoofWorks for 30 days: they may see and change it, asking before" in page
        )
        assert "stopped sharing this home with RoofWorks" in page and "You</strong>" in page

    def test_of_a_change_by_staff_is_there(self, homeowner, installer, battery):
        changes.make(
            actor=installer.user, device=battery, asked=operations.AskMode(mode="Smart"),
            reason="As agreed", now=timezone.now(),
        )  # fmt: skip
        page = words(log(homeowner))

        assert "asked to change the mode: Smart" in page and "“As agreed”" in page
        assert "the device confirmed it" in page

    def test_of_one_s_own_actions_is_elsewhere(self, homeowner, installer, battery):
        changes.make(
            actor=homeowner.user, device=battery, asked=operations.AskMode(mode="Smart"), now=timezone.now()
        )

        assert "Smart" not in log(homeowner).text


class TestTheLog:
    def test_is_empty_in_words(self, homeowner):
        assert "Nobody has looked." in log(homeowner).text

    def test_has_the_newest_first(self, homeowner, installer, look, now):
        look(installer, page="devices", at=now + timedelta(seconds=1))
        look(installer, page="history", at=now + timedelta(seconds=2))
        page = words(log(homeowner))

        assert page.index("looked at the history") < page.index("looked at the devices")

    def test_is_for_those_who_live_there(self, homeowner, co_owner, neighbor, installer, outsider, stranger):
        assert log(homeowner).status_code == log(co_owner, homeowner.site).status_code == 200
        assert log(installer, homeowner.site).status_code == 403
        for person in (neighbor, outsider, stranger):
            assert log(person, homeowner.site).status_code == 404

    def test_begins_when_one_connected_oneself(self, homeowner, co_owner, installer, look, now):
        lunar.Connection.objects.filter(user=co_owner.user).update(created_at=now + timedelta(minutes=1))
        look(installer, page="devices", at=now)
        look(installer, page="history", at=now + timedelta(minutes=2))

        assert "looked at the devices" in log(homeowner).text
        later = log(co_owner).text
        assert "looked at the devices" not in later and "looked at the history" in later

    def test_narrows_to_an_organization_and_to_a_person(
        self, homeowner, installer, installer_admin, retailer, look
    ):
        look(installer, page="devices")
        look(installer_admin, page="control")
        look(retailer, page="history")

        of_retailer = log(homeowner, organization=retailer.organization.pk).text
        assert "looked at the history" in of_retailer and "looked at the devices" not in of_retailer
        of_ines = log(homeowner, person=installer.user.pk).text
        assert "looked at the devices" in of_ines and "looked at mode and plan" not in of_ines
        assert "Igor (SunFix)" in of_ines and "Rita (BrightGrid)" in of_ines

    @pytest.mark.parametrize("value", ["x", "-1", "0", "9" * 400, "１", "1 OR 1=1", "\x00"])
    def test_of_nobody_is_empty_in_words(self, homeowner, installer, look, value):
        look(installer)
        page = log(homeowner, person=value, organization=value)

        assert page.status_code == 200 and "Nothing of that kind happened here." in page.text

    def test_goes_on_over_pages_and_keeps_what_was_asked(self, homeowner, installer, look):
        for _ in range(60):
            look(installer)
        page = log(homeowner, person=installer.user.pk)

        assert "Page 1 of 2" in page.text and f"person={installer.user.pk}&amp;page=2" in page.text

    def test_costs_the_same_queries_however_long(self, homeowner, installer, retailer, look):
        look(installer)
        with CaptureQueriesContext(database) as few:
            log(homeowner)
        for _ in range(30):
            look(installer)
            look(retailer, NAME.SITE_EXPORTED)
        with CaptureQueriesContext(database) as many:
            log(homeowner)

        assert len(many) <= len(few) <= 10

    def test_is_never_kept_by_a_browser(self, homeowner):
        assert "no-store" in log(homeowner).headers["Cache-Control"]

    def test_goes_on_when_the_organization_is_gone(self, homeowner, installer, look):
        look(installer, organization="SunFix")
        accounts.Organization.objects.all().delete()

        assert "(SunFix)" in words(log(homeowner))

    @pytest.mark.parametrize("details", [[], "x", None, {"reason": ["x"], "words": {"a": 1}, "page": 7}])
    def test_survives_an_event_of_any_shape(self, homeowner, installer, details):
        audit.Event.objects.create(
            at=timezone.now(), name="site_viewed", site_id=homeowner.site.synth_id,
            organization_id=installer.organization.pk, details={} if details is None else details,
        )  # fmt: skip

        assert log(homeowner).status_code == 200

    def test_shows_what_staff_wrote_as_text(self, homeowner, installer, look):
        look(installer, words="<img src=x onerror=alert(1)>\u202egnp")

        assert "<img src=x" not in log(homeowner).text
        assert "“<bdi>&lt;img" in log(homeowner).text
