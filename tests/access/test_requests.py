import smtplib
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gridshare_portal.access import consents, emails, models, policy, requests
from gridshare_portal.accounts import models as accounts
from gridshare_portal.audit import models as audit
from gridshare_portal.lunar import models as lunar
from gridshare_portal.mail import sender
from gridshare_portal.sites import models as sites
from tests import people

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
NOBODY = "nobody@portal.example"


@pytest.fixture
def roofworks(outsider):
    """An organization that nobody shared anything with."""
    return outsider.organization


@pytest.fixture
def ask(outsider, now):
    def ask(**how):
        usual = {"right": "view", "lasts": "month", "now": now, "asked_by": outsider.user}
        return requests.ask(**{"organization": outsider.organization, **usual, **how})

    return ask


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


class TestTheLetter:
    def to(self):
        return [address for letter in mail.outbox for address in letter.to]

    @pytest.mark.parametrize("address", ["ada@portal.example", NOBODY])
    def test_goes_to_an_address_whether_or_not_it_is_known(self, ask, homeowner, now, address):
        emails.tell(pk=ask(email=address).pk, now=now)

        (letter,) = mail.outbox
        assert letter.to == [address]
        assert letter.subject == "RoofWorks asks to help with your home"
        assert "/sharing/" in letter.body

    def test_is_the_same_word_for_word_for_both(self, ask, homeowner, now):
        for address in ("ada@portal.example", NOBODY):
            emails.tell(pk=ask(email=address).pk, now=now)

        assert mail.outbox[0].body == mail.outbox[1].body

    def test_bears_no_words_of_staff(self, ask, now):
        emails.tell(pk=ask(email=NOBODY, message="Buy my pills").pk, now=now)

        assert "pills" not in mail.outbox[0].body

    def test_has_one_line_of_subject_whatever_the_name(self, ask, roofworks, now):
        accounts.Organization.objects.update(name="Roof\r\nBcc: all@portal.example")
        emails.tell(pk=ask(email=NOBODY).pk, now=now)

        assert "\n" not in mail.outbox[0].subject and self.to() == [NOBODY]

    def test_goes_to_all_who_reach_the_device_now(self, ask, homeowner, co_owner, neighbor, now):
        emails.tell(pk=ask(serial_number=serial_of(homeowner.site)).pk, now=now)

        assert self.to() == ["ada@portal.example", "cora@portal.example"]

    def test_does_not_go_to_who_disconnected(self, ask, homeowner, co_owner, now):
        lunar.Connection.objects.filter(user=homeowner.user).update(status="disconnected")
        emails.tell(pk=ask(serial_number=serial_of(co_owner.site)).pk, now=now)

        assert self.to() == ["cora@portal.example"]

    def test_goes_to_nobody_for_a_serial_number_that_nobody_has(self, ask, homeowner, now):
        assert emails.tell(pk=ask(serial_number="NO-SUCH-THING").pk, now=now) == 0
        assert emails.due(now=now) == []

    def test_is_sent_at_most_once_a_day_to_an_address_however_it_was_named(self, ask, homeowner, now):
        sites.Device.objects.create(site=homeowner.site, synth_id="another", serial_number="SN-2")

        emails.tell(pk=ask(email="ada@portal.example").pk, now=now)
        emails.tell(pk=ask(serial_number=serial_of(homeowner.site)).pk, now=now + DAY / 2)
        assert self.to() == ["ada@portal.example"]

        emails.tell(pk=ask(serial_number="SN-2").pk, now=now + DAY)
        assert self.to() == ["ada@portal.example"] * 2

    def test_of_another_organization_is_another_letter(self, ask, installer, now):
        emails.tell(pk=ask(email=NOBODY).pk, now=now)
        other = ask(email=NOBODY, organization=installer.organization, asked_by=installer.user)
        emails.tell(pk=other.pk, now=now)

        assert len(mail.outbox) == 2

    def test_is_sent_once_however_often_the_task_runs(self, ask, now):
        request = ask(email=NOBODY)

        assert [emails.tell(pk=request.pk, now=now + n * 2 * DAY) for n in range(3)] == [1, 0, 0]

    def test_is_taken_up_again_when_it_could_not_be_sent(self, ask, now, monkeypatch):
        request = ask(email=NOBODY)
        with monkeypatch.context() as broken:
            broken.setattr(sender, "_deliver", refuse)
            assert emails.tell(pk=request.pk, now=now) == 0

        assert emails.due(now=now) == [request.pk]
        assert emails.tell(pk=request.pk, now=now) == 1

    def test_is_written_after_the_page_by_a_task(self, ask, django_capture_on_commit_callbacks):
        with django_capture_on_commit_callbacks(execute=True):
            ask(email=NOBODY)
            assert mail.outbox == []

        assert self.to() == [NOBODY]


def refuse(*_args, **_options):
    raise smtplib.SMTPServerDisconnected
