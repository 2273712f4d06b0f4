"""The page of search, whatever is typed into it."""

import pytest
from django.utils import timezone

from gridshare_portal.access.finding import search
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import settings
from tests import people
from tests.access.finding.found import found, rename

pytestmark = pytest.mark.django_db
BRIGHT = "‮<b>Sunny</b> Cottage"


@pytest.fixture
def home(homeowner):
    """The homeowner's home, with a name of its own."""
    homeowner.user.name = "José García-López"
    homeowner.user.save()
    site = homeowner.site
    return settings.rename(site=site, name="Sunny Cottage", time_zone=site.time_zone, now=timezone.now())


ODD = {
    "": 200,
    "   ": 200,
    "a": 422,
    "é": 422,
    "x" * 10_000: 422,
    "\x00\x01\x02": 422,
    "\u202e\u200f\u2066": 422,
    "%": 422,
    "_": 422,
    "\\": 422,
    "%%%___": 422,
    '"': 422,
    "*": 422,
    "--": 422,
    "' OR 1=1 --": 200,
    '"sunny" NEAR/2 cottage*': 200,
    "sunny AND NOT cottage": 200,
    "-sunny": 200,
    "sunny*": 200,
    "sun_y": 200,
    "s%y": 200,
    "<script>alert(1)</script>": 200,
    "ｓｕｎｎｙ": 200,
    "日本 語": 200,
    "🏠": 422,
    "٣٤": 200,
    "½ ²": 200,
    "sunny\x00cottage": 200,
    "\ud83d": 422,
    "a b c d e f g h i j k l": 200,
}


class TestThePage:
    @pytest.mark.parametrize("text", ODD, ids=lambda text: ascii(text[:24]))
    def test_answers_whatever_is_typed(self, home, installer, text):
        address = f"/support/{installer.organization.slug}/search/"
        page = installer.get(address, {"q": text.encode("utf-8", "surrogatepass")})
        part = installer.get(
            address, {"q": text.encode("utf-8", "surrogatepass")}, headers={"HX-Request": "true"}
        )

        assert (page.status_code, part.status_code) == (ODD[text], 200)
        assert "<script>alert" not in page.content.decode()
        assert "<html" in page.content.decode() and "<html" not in part.content.decode()

    def test_takes_wildcards_for_what_they_are(self, home, installer):
        assert not found(installer, "sun_y") and not found(installer, "s%y")

    def test_says_what_is_wrong_or_how_many_there_are(self, home, installer):
        said = {
            "": "Type a name",
            "a": "at least two letters",
            "%": "no letter and no digit",
            "x" * 10_000: "too long",
            "sunny": "1 home found",
            "zzz": "No home that is shared with SunFix",
        }
        for text, words in said.items():
            assert words in installer.get("/support/sunfix/search/", {"q": text}).content.decode()

    def test_marks_what_was_found_and_escapes_the_rest(self, home, installer):
        rename(home, BRIGHT)
        page = installer.get("/support/sunfix/search/", {"q": "sunny"}).content.decode()

        assert "&lt;b&gt;<mark>Sunny</mark>&lt;/b&gt; Cottage" in page
        assert "<b>Sunny" not in page

    def test_keeps_what_was_typed_in_the_box(self, home, installer):
        page = installer.get("/support/sunfix/search/", {"q": '"><script>'}).content.decode()

        assert 'value="&quot;&gt;&lt;script&gt;"' in page

    def test_asks_the_database_as_often_for_one_home_as_for_twenty(
        self, home, homeowner, installer, django_assert_max_num_queries
    ):
        for number in range(25):
            more = sites.Site.objects.create(
                synth_id=f"site-{number:04}",
                name=f"Sunny {number}",
                time_zone="UTC",
                created_at=timezone.now(),
            )
            connection = homeowner.connection
            sites.ConnectionSite.objects.create(site=more, connection=connection, seen_at=timezone.now())
            people.share(more, installer.organization, homeowner.user)

        with django_assert_max_num_queries(12):
            page = installer.get("/support/sunfix/search/", {"q": "sunny"})
        assert page.content.decode().count("data-row") == search.AT_MOST
        assert "There are more" in page.content.decode()

    def test_is_for_members_only(self, home, installer, outsider, homeowner, visitor):
        address = "/support/sunfix/search/?q=sunny"

        assert outsider.get(address).status_code == homeowner.get(address).status_code == 404
        assert visitor.get(address).status_code == 302
        assert installer.post(address).status_code == 405
