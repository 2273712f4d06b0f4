"""Pages leave compressed, and none whose size could tell a stranger of what it holds."""

import gzip
import re

import pytest
from django.http import HttpResponse, StreamingHttpResponse
from django.test import Client

from gridshare_portal.browsers import compression
from tests.house import pages

GZIP = {"Accept-Encoding": "gzip, deflate, br"}
OURS = {**GZIP, "Sec-Fetch-Site": "same-origin"}


def packed(answer):
    return answer.get("Content-Encoding") == "gzip"


@pytest.fixture
def browser(homeowner):
    """The homeowner's browser, as it is: nothing of what it reads is unpacked on the way."""
    plain = Client()
    plain.force_login(homeowner.user)
    return plain


@pytest.mark.django_db
class TestAPage:
    def test_is_compressed_for_a_visitor_who_reads_it(self):
        plain, answer = Client().get("/"), Client().get("/", headers=GZIP)
        page = gzip.decompress(answer.content).decode()

        assert packed(answer) and not packed(plain)
        assert len(answer.content) < len(plain.content) / 2.5
        assert "Decide what your battery does next" in page and page.rstrip().endswith("</html>")

    @pytest.mark.parametrize("accepted", ["", "br", "gzip;q=0", "deflate, gzip; q=0.0"])
    def test_stays_plain_for_who_does_not(self, accepted):
        assert not packed(Client().get("/", headers={"Accept-Encoding": accepted}))

    def test_says_that_it_depends_on_who_reads(self):
        for headers in ({}, GZIP):
            assert "Accept-Encoding" in Client().get("/", headers=headers)["Vary"]

    @pytest.mark.parametrize("path", ["", "now/", "history/", "control/", "devices/"])
    def test_of_a_home_is_compressed_for_requests_of_ours(self, browser, homeowner, path):
        answer = browser.get(f"/homes/{homeowner.site.synth_id}/{path}", headers=OURS)

        assert packed(answer) and answer["Cache-Control"] == "no-store"
        assert "</" in gzip.decompress(answer.content).decode()

    def test_typed_or_opened_by_the_person_is_compressed_too(self, browser, homeowner):
        address = f"/homes/{homeowner.site.synth_id}/"

        assert packed(browser.get(address, headers={**GZIP, "Sec-Fetch-Site": "none"}))


@pytest.mark.django_db
class TestAPageThatAStrangerCouldMeasure:
    @pytest.mark.parametrize("site", ["cross-site", "same-site", "", "nonsense"])
    def test_stays_plain_for_who_is_signed_in(self, browser, homeowner, site):
        headers = {**GZIP, "Sec-Fetch-Site": site} if site else GZIP

        assert not packed(browser.get(f"/homes/{homeowner.site.synth_id}/", headers=headers))

    @pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/signup/"])
    def test_stays_plain_where_one_signs_in(self, path):
        assert not packed(Client().get(path, headers=OURS))

    @pytest.mark.parametrize(
        "path", ["/accounts/2fa/", "/accounts/2fa/totp/activate/", "/accounts/sessions/"]
    )
    def test_stays_plain_where_keys_are_shown(self, browser, path):
        answer = browser.get(path, headers=OURS, follow=True)

        assert answer.status_code == 200 and not packed(answer)

    def test_stays_plain_where_an_address_holds_a_secret(self, browser, rf):
        assert not packed(browser.get("/invitations/abc/", headers=OURS))
        assert {
            name for names in pages.TABLE.values() for _, _, name in (one.partition(" ") for one in names)
        } >= compression.HOLDS_A_SECRET

    def test_has_a_secret_of_forms_that_is_never_the_same(self, browser, homeowner):
        pages = [browser.get("/homes/", headers=OURS) for _ in range(4)]
        said = [
            set(re.findall(r'csrfmiddlewaretoken" value="(\w+)"', gzip.decompress(one.content).decode()))
            for one in pages
        ]

        assert all(said) and len(set.union(*said)) == sum(map(len, said))

    def test_has_no_length_of_its_own(self):
        content = b"<p>the same</p>" * 100
        lengths = {len(compression._packed(content)) for _ in range(200)}

        assert len(lengths) > 20 and max(lengths) - min(lengths) <= compression.PADDING + 1
        assert gzip.decompress(compression._packed(content)) == content


class TestOtherAnswers:
    @pytest.mark.parametrize(
        "answer",
        [
            lambda: HttpResponse("x" * 9_000, content_type="text/csv"),
            lambda: HttpResponse("x" * 9_000, content_type="application/json"),
            lambda: HttpResponse("x" * 9_000, headers={"Content-Encoding": "br"}),
            lambda: HttpResponse("short"),
            lambda: StreamingHttpResponse(["x" * 9_000]),
        ],
    )
    def test_stay_as_they_are(self, rf, answer):
        made = compression.compress(lambda _request: answer())(rf.get("/", headers=OURS))

        assert made.get("Content-Encoding") in (None, "br")
