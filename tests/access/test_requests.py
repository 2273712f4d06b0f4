"""Requests for access: what staff learn of them, and how homeowners answer."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gridshare_portal.access import consents, models, policy, requests
from gridshare_portal.audit import models as audit
from gridshare_portal.sites import models as sites
from tests import people

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
NOBODY = "nobody@portal.example"


def serial_of(home):
    return sites.Device.objects.filter(site=home).exclude(serial_number="").first().serial_number


def waiting_for(person, now):
    return set(requests.waiting_for(person.user, now=now))


class TestAsking:
    def test_by_address_waits_for_whoever_has_proved_it(self, ask, homeowner, neighbor, now):
        request = ask(email=" ADA@Portal.example ")

        assert waiting_for(homeowner, now) == {request}
        assert waiting_for(neighbor, now) == set()

    def test_by_an_address_that_was_not_proved_waits_for_nobody(self, ask, homeowner, now):
        EmailAddress.objects.filter(user=homeowner.user).update(verified=False)
        ask(email="ada@portal.example")

        assert waiting_for(homeowner, now) == set()

    def test_by_serial_number_waits_for_all_who_live_there(self, ask, homeowner, co_owner, neighbor, now):
        request = ask(serial_number=f" {serial_of(homeowner.site).lower()} ")

        assert waiting_for(homeowner, now) == waiting_for(co_owner, now) == {request}
        assert waiting_for(neighbor, now) == set()

    def test_waits_for_somebody_who_joins_later(self, ask, now):
        request = ask(email="late@portal.example")

        assert waiting_for(people.signed_in("late@portal.example"), now) == {request}

    def test_ends_by_itself(self, ask, homeowner, now):
        request = ask(email="ada@portal.example")

        assert waiting_for(homeowner, now + requests.LASTS - timedelta(seconds=1)) == {request}
        assert waiting_for(homeowner, now + requests.LASTS) == set()
        assert requests.state_of(request, now=now + requests.LASTS) == "over"

    def test_an_empty_serial_number_is_nobodys(self, ask, homeowner, now):
        sites.Device.objects.filter(site=homeowner.site).update(serial_number="")
        ask(email=NOBODY)

        assert waiting_for(homeowner, now) == set()

    def test_leaves_an_event_without_the_address(self, ask, roofworks):
        ask(email="ada@portal.example")

        event = audit.Event.objects.get(name="access_asked")
        assert event.organization_id == roofworks.pk and event.site_id == ""
        assert event.details["to"] == "a…@portal.example"

    def test_leaves_an_event_with_the_end_of_a_serial_number(self, ask):
        ask(email="", serial_number="sn-0042-7781")

        assert audit.Event.objects.get(name="access_asked").details["to"] == "…7781"

    @pytest.mark.parametrize("named", [{}, {"email": "a@b.example", "serial_number": "SN"}])
    def test_names_either_an_address_or_a_serial_number(self, ask, named):
        with pytest.raises(consents.ConsentRefused):
            ask(**named)

    @pytest.mark.parametrize("wrong", [{"right": "own"}, {"lasts": "forever"}])
    def test_asks_for_what_there_is(self, ask, wrong):
        with pytest.raises(consents.ConsentRefused):
            ask(email=NOBODY, **wrong)
        assert not models.Request.objects.exists()

    def test_is_not_for_viewers_strangers_and_staff_without_a_second_factor(
        self, ask, roofworks, homeowner, installer
    ):
        viewer = people.staff("vic@roofworks.example", roofworks, "viewer")
        unproven = people.staff("una@roofworks.example", roofworks, "admin")
        unproven.user.authenticator_set.all().delete()

        for person in (viewer, unproven, homeowner, installer):
            with pytest.raises(requests.RequestNotPermitted):
                ask(email=NOBODY, asked_by=person.user)

    def test_has_a_cap_a_day_for_each_organization(self, ask, installer, monkeypatch, now):
        monkeypatch.setattr(requests, "AT_MOST_A_DAY", 2)
        ask(email="one@portal.example")
        ask(email="two@portal.example")

        with pytest.raises(consents.ConsentRefused):
            ask(email=NOBODY)
        ask(email=NOBODY, now=now + DAY)
        ask(email=NOBODY, organization=installer.organization, asked_by=installer.user)

    @pytest.mark.parametrize("address", ["ada@portal.example", NOBODY])
    def test_is_not_done_again_while_a_request_is_open_also_after_a_no(self, ask, homeowner, now, address):
        request = ask(email=address)
        if request in waiting_for(homeowner, now):
            requests.decline(request=request, by=homeowner.user, now=now)

        with pytest.raises(consents.ConsentRefused) as refusal:
            ask(email=address.upper(), now=now + requests.LASTS - DAY)
        assert refusal.value.field == "whom"
        ask(email=address, now=now + requests.LASTS)

    def test_is_done_again_when_what_was_shared_has_ended(self, ask, homeowner, now):
        share(ask(email="ada@portal.example"), homeowner, now)

        ask(email="ada@portal.example", now=now + DAY)


class TestWhatStaffLearn:
    """The work in the page is the same whether or not there is anybody; the rest is a task's."""

    def queries_of(self, ask, **named):
        with CaptureQueriesContext(connection) as caught:
            ask(**named)
        return [query["sql"].split(" ")[0] for query in caught]

    def test_costs_the_same_queries_for_an_address_that_exists(self, ask, homeowner):
        assert self.queries_of(ask, email="ada@portal.example") == self.queries_of(ask, email=NOBODY)

    def test_costs_the_same_queries_for_a_serial_number_that_exists(self, ask, homeowner):
        known = self.queries_of(ask, serial_number=serial_of(homeowner.site))

        assert known == self.queries_of(ask, serial_number="NO-SUCH-THING")

    def test_does_not_include_that_it_was_declined(self, ask, homeowner, roofworks, now):
        request = ask(email="ada@portal.example")
        requests.decline(request=request, by=homeowner.user, now=now)

        request.refresh_from_db()
        assert requests.state_of(request, now=now) == "sent"
        assert requests.state_of(request, now=now + requests.LASTS) == "over"
        assert "access_declined" not in audit.Event.objects.filter(organization_id=roofworks.pk).values_list(
            "name", flat=True
        )

    def test_includes_that_it_was_shared(self, ask, homeowner, now):
        request = ask(email="ada@portal.example")
        share(request, homeowner, now)

        request.refresh_from_db()
        assert requests.state_of(request, now=now + requests.LASTS) == "shared"


def share(request, person, now, **how):
    usual = {"homes": [person.site], "right": "view", "lasts": "day", "ask_first": False}
    return requests.share(request=request, by=person.user, now=now, **{**usual, **how})


class TestAnswering:
    def test_shares_on_the_homeowners_own_terms(self, ask, homeowner, roofworks, now):
        request = ask(email="ada@portal.example", right="view", lasts="year")
        (consent,) = share(request, homeowner, now, right="control", lasts="hour", ask_first=True)

        assert (consent.organization, consent.right, consent.ask_first) == (roofworks, "control", True)
        assert consent.until_at == now + timedelta(hours=1)
        assert set(policy.holding(now=now).filter(organization=roofworks)) == {consent}

    def test_is_taken_once(self, ask, homeowner, co_owner, now):
        request = ask(serial_number=serial_of(homeowner.site))
        share(request, homeowner, now)

        with pytest.raises(requests.Over):
            share(request, co_owner, now)
        with pytest.raises(requests.Over):
            requests.decline(request=request, by=homeowner.user, now=now)
        assert models.Consent.objects.count() == 1

    def test_comes_too_late_after_the_end(self, ask, homeowner, now):
        request = ask(email="ada@portal.example")

        with pytest.raises(requests.Over):
            share(request, homeowner, now + requests.LASTS)

    def test_is_for_whom_it_was_sent_to(self, ask, homeowner, neighbor, now):
        request = ask(email="ada@portal.example")

        with pytest.raises(requests.Over):
            share(request, neighbor, now)
        assert not models.Consent.objects.exists()

    def test_cannot_share_somebody_elses_home_and_then_changes_nothing(self, ask, homeowner, neighbor, now):
        request = ask(email="ada@portal.example")

        with pytest.raises(consents.ConsentRefused):
            share(request, homeowner, now, homes=[homeowner.site, neighbor.site])
        assert not models.Consent.objects.exists()
        assert waiting_for(homeowner, now) == {request}

    def test_needs_a_home(self, ask, homeowner, now):
        with pytest.raises(consents.ConsentRefused):
            share(ask(email="ada@portal.example"), homeowner, now, homes=[])
