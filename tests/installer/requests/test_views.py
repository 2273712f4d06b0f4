"""Asking a homeowner for a home, and nothing learned from asking."""

import re
from datetime import timedelta

import pytest
from django.core import mail
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gridshare_portal.access import models, requests
from gridshare_portal.accounts import models as accounts
from gridshare_portal.sites import models as sites
from tests import people

PAGE = "/support/roofworks/requests/"
NOBODY = "nobody@portal.example"


@pytest.fixture(autouse=True)
def roofworks(outsider):
    return outsider.organization


def ask(staff, whom=NOBODY, page=PAGE, **sent):
    return staff.post(page, {"whom": whom, "right": "view", "lasts": "month", "message": "", **sent})


def plain(page, whom):
    """Return a page without what differs anyway: whom it was about, the second, the secrets of one answer."""
    text = page.content.decode().replace(whom, "X")
    return re.sub(r'(csrfmiddlewaretoken" value|datetime|nonce)="[^"]*"', "", text)


class TestAsking:
    def test_keeps_the_request_and_says_what_comes_of_it(self, outsider):
        ask(outsider, message="The battery does not charge")
        page = outsider.get(PAGE)

        request = models.Request.objects.get()
        assert (request.email, request.asked_by, request.lasts) == (NOBODY, outsider.user, "month")
        assert "Asked. Whoever can be reached" in page.text and NOBODY in page.text and "Sent" in page.text

    def test_takes_a_serial_number(self, outsider):
        ask(outsider, " sn-001 ")

        assert models.Request.objects.get().serial_number == "SN-001"

    def test_is_only_for_those_whose_role_includes_it(self, outsider, roofworks, homeowner, visitor):
        viewer = people.staff("vic@roofworks.example", roofworks, "viewer")

        assert ask(viewer).status_code == viewer.get(PAGE).status_code == 403
        assert ask(homeowner).status_code == homeowner.get(PAGE).status_code == 404
        assert visitor.get(PAGE).headers["Location"].startswith("/accounts/login/")
        assert not models.Request.objects.exists()

    def test_cannot_be_done_in_the_name_of_another_organization(self, outsider, installer):
        assert ask(outsider, page="/support/sunfix/requests/").status_code == 404
        assert ask(installer).status_code == 404

    def test_gives_the_organization_s_own_link(self, outsider):
        assert (
            f"http://testserver{reverse('homeowner:share_link', args=['roofworks'])}"
            in outsider.get(PAGE).text
        )


class TestWhatIsLearned:
    """Nothing: the same words and the same work for who exists and for who does not."""

    def both(self, homeowner):
        device = sites.Device.objects.filter(site=homeowner.site).exclude(serial_number="").first()
        return [(homeowner.user.email, NOBODY), (device.serial_number, "NO-SUCH-THING")]

    def test_the_answer_is_the_same(self, outsider, homeowner, roofworks):
        for known, unknown in self.both(homeowner):
            pages = []
            for whom in (known, unknown):
                models.Request.objects.all().delete()
                answer = ask(outsider, whom)
                pages.append(
                    (answer.status_code, answer.headers["Location"], plain(outsider.get(PAGE), whom))
                )
            assert pages[0] == pages[1]

    def test_the_work_is_the_same(self, outsider, homeowner):
        ask(outsider, "somebody@else.example")  # the session's first change costs a note of its own
        for pair in self.both(homeowner):
            done = []
            for whom in pair:
                with CaptureQueriesContext(database) as queries:
                    ask(outsider, whom)
                done.append([query["sql"].split()[:2] for query in queries if "POINT" not in query["sql"]])
            assert done[0] == done[1] and mail.outbox == []

    def test_a_no_looks_like_no_answer(self, outsider, homeowner, now):
        ask(outsider, homeowner.user.email)
        outsider.get(PAGE)  # which takes the message away
        before = plain(outsider.get(PAGE), homeowner.user.email)
        requests.decline(request=models.Request.objects.get(), by=homeowner.user, now=now)

        assert plain(outsider.get(PAGE), homeowner.user.email) == before

    def test_a_yes_is_shown(self, outsider, homeowner, now):
        ask(outsider, homeowner.user.email)
        requests.share(
            request=models.Request.objects.get(), by=homeowner.user, homes=[homeowner.site],
            right="view", lasts="day", ask_first=False, now=now,
        )  # fmt: skip

        assert "Shared" in outsider.get(PAGE).text

    def test_an_old_one_has_ended_by_itself(self, outsider):
        ask(outsider)
        models.Request.objects.update(expires_at=models.Request.objects.get().made_at - timedelta(days=1))

        assert "Ended by itself</span>" in outsider.get(PAGE).text


class TestBadInput:
    @pytest.mark.parametrize(
        ("sent", "said"),
        [
            ({"whom": ""}, requests.NOBODY),
            ({"whom": "ada@"}, "This is not an e-mail address."),
            ({"whom": "a@b@c.example"}, "This is not an e-mail address."),
            ({"whom": "ada@portal.example\nBcc: x@y.example"}, "This is not an e-mail address."),
            ({"whom": "SN\u202e001"}, "A serial number has plain letters"),
            ({"whom": "é" * 20}, "A serial number has plain letters"),
            ({"whom": "x" * 10_000}, "This is too long"),
            ({"whom": "SN\x00"}, "Null characters are not allowed."),
            ({"message": "x" * 10_000}, "Use at most 1,000 characters; these are 10,000."),
            ({"right": "own"}, "Choose whether they may see the home"),
            ({"lasts": "forever"}, "Choose how long from the list."),
        ],
    )
    def test_is_said_at_the_field_and_nothing_is_asked(self, outsider, sent, said):
        page = ask(outsider, **sent)

        assert page.status_code == 422 and said in page.text and 'aria-invalid="true"' in page.text
        assert not models.Request.objects.exists()

    def test_keeps_what_was_typed(self, outsider):
        page = ask(outsider, "ada@", message="<b>a long story</b>")

        assert "&lt;b&gt;a long story&lt;/b&gt;" in page.text and 'value="ada@"' in page.text

    def test_says_that_it_was_asked_already(self, outsider):
        ask(outsider)
        page = ask(outsider, NOBODY.upper())

        assert page.status_code == 422 and "has asked there already" in page.text

    def test_says_that_it_is_too_much_for_a_day(self, outsider, monkeypatch):
        monkeypatch.setattr(requests, "AT_MOST_A_DAY", 1)
        ask(outsider)
        page = ask(outsider, "another@portal.example")

        assert page.status_code == 422 and "within a day" in page.text

    def test_leaves_out_marks_that_turn_the_direction(self, outsider):
        ask(outsider, message="safe \u202egnp.exe\u2066")

        assert models.Request.objects.get().message == "safe gnp.exe"

    @pytest.mark.parametrize("page", ["0", "-1", "x", "9" * 400])
    def test_in_the_page_number_shows_a_page(self, outsider, page):
        ask(outsider)

        assert outsider.get(PAGE, {"page": page}).status_code == 200


class TestTheList:
    def test_costs_the_same_queries_however_long(self, outsider, roofworks, now):
        ask(outsider)
        with CaptureQueriesContext(database) as few:
            outsider.get(PAGE)
        rows = [
            models.Request(
                organization=roofworks, asked_by=outsider.user, email=f"{n}@portal.example", right="view",
                lasts="day", made_at=now, expires_at=now,
            )
            for n in range(60)
        ]  # fmt: skip
        models.Request.objects.bulk_create(rows)
        with CaptureQueriesContext(database) as many:
            page = outsider.get(PAGE)

        assert len(many) <= len(few) and "Page 1 of 2" in page.text

    def test_is_of_one_s_own_organization(self, outsider, db):
        other = accounts.Organization.objects.create(kind="installer", name="Other", slug="other")
        colleague = people.staff("olga@other.example", other, "operator")
        ask(colleague, "secret@portal.example", page="/support/other/requests/")

        assert "secret@portal.example" not in outsider.get(PAGE).text
