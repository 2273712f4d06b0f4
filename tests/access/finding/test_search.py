"""Staff find the homes that were shared with them, and no other, whatever they type."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from gridshare_portal.access import consents, models
from gridshare_portal.access.finding import entries, search
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import settings
from tests import people

pytestmark = pytest.mark.django_db
BRIGHT = "‮<b>Sunny</b> Cottage"


@pytest.fixture
def home(homeowner):
    """The homeowner's home, with a name of its own."""
    homeowner.user.name = "José García-López"
    homeowner.user.save()
    site = homeowner.site
    return settings.rename(
        site=site, name="Sunny Cottage", time_zone=site.time_zone, actor=homeowner.user, now=timezone.now()
    )


def found(who, text, now=None):
    query = search.parse(text)
    return search.search(who.user, who.organization, query, now=now or timezone.now()).found


def only(who, text):
    [one] = found(who, text)
    return one


def shown(one):
    return "".join(f"[{part}]" if hit else part for part, hit in one.parts)


class TestAHome:
    @pytest.mark.parametrize(
        ("text", "kind", "parts"),
        [
            ("José García-López", "name", "[José] [García]-[López]"),
            ("jose gar", "name", "[José] [Gar]cía-López"),
            ("LOPEZ", "name", "José García-[López]"),
            ("lopez jose", "name", None),
            ("ada@portal.example", "email", "[ada]@[portal].[example]"),
            ("portal", "email", "ada@[portal].example"),
            ("sunny", "home", "[Sunny] Cottage"),
            ("cottage", "home", "Sunny [Cottage]"),
            ("ottag", "home", "Sunny C[ottag]e"),
            ("garica", "name", "José [García]-López"),
            ("sunni", "home", "[Sunny] Cottage"),
            ("cotage garcia", "home", None),
        ],
    )
    def test_is_found_by_what_staff_hear(self, home, installer, text, kind, parts):
        one = only(installer, text)

        assert one.site == home and one.owner == people.accounts.User.objects.get(pk=one.owner.pk)
        assert one.kind == kind or parts is None
        assert parts is None or shown(one) == parts

    def test_is_found_by_its_ids_and_serials_from_either_end(self, home, installer):
        device = home.devices.exclude(serial_number="").first()
        for value in (home.synth_id, device.synth_id, device.serial_number):
            plain = value.replace("-", "")
            for text in (value, plain, value[:9], value[-6:], plain[-6:].upper()):
                assert home in [one.site for one in found(installer, text)], text

    def test_is_found_by_its_id_without_its_first_word(self, home, installer):
        assert home.synth_id.startswith("site-")
        assert only(installer, home.synth_id.removeprefix("site-")[:12]).kind == "site"

    def test_is_listed_once_however_often_it_is_found(self, home, installer):
        co_owned = people.signed_in("zoe@portal.example").user
        assert len(found(installer, "portal")) == 1
        assert co_owned not in [one.owner for one in found(installer, "portal")]

    def test_stands_first_where_the_value_begins_with_it(self, home, installer, neighbor):
        other = neighbor.site
        rename(other, "Cottage by the sea")
        people.share(other, installer.organization, neighbor.user)

        assert [one.site for one in found(installer, "cottage")] == [other, home]

    def test_is_said_to_be_similar_only_after_a_slip(self, home, installer):
        assert only(installer, "cotage").is_similar
        assert not only(installer, "ottage").is_similar

    def test_is_not_found_by_a_number_that_is_only_near(self, home, installer):
        serial = home.devices.exclude(serial_number="").first().serial_number
        changed = serial[:-2] + ("3" if serial[-2] != "3" else "4") + serial[-1]

        assert found(installer, changed) == ()


def rename(site, name):
    settings.rename(site=site, name=name, time_zone=site.time_zone, actor=None, now=timezone.now())


class TestTheIndex:
    def test_follows_a_new_name_of_the_home(self, home, installer):
        rename(home, "Windy Barn")

        assert only(installer, "windy").site == home
        assert found(installer, "cottage") == () and found(installer, "cotage") == ()

    def test_follows_a_new_name_and_address_of_the_homeowner(self, home, homeowner, installer):
        homeowner.user.name, homeowner.user.email = "Zoë Quist", "zq@mail.example"
        homeowner.user.save(update_fields=["name", "email"])

        assert only(installer, "quist").site == only(installer, "zq@mail").site == home
        assert found(installer, "lopez") == ()

    def test_follows_a_device_that_is_replaced(self, home, installer):
        device = home.devices.exclude(serial_number="").first()
        before, device.serial_number = device.serial_number, "NEW-77/001"
        device.save(update_fields=["serial_number"])

        assert only(installer, "new77001").site == home
        assert before not in [shown(one) for one in found(installer, before)]

    def test_does_not_write_where_nothing_changed(self, home, installer):
        before = set(models.Entry.objects.values_list("pk", flat=True))
        entries.refresh(models.Consent.objects.all())

        assert set(models.Entry.objects.values_list("pk", flat=True)) == before

    def test_forgets_the_words_of_a_consent_that_ends(self, home, installer):
        assert models.Word.objects.filter(word="lopez").exists()
        consents.end(consent=models.Consent.objects.get(), by=None, now=timezone.now())

        assert not models.Entry.objects.exists() and not models.Word.objects.exists()

    def test_keeps_the_words_that_another_home_is_found_by(self, home, installer, neighbor):
        rename(neighbor.site, "Old Cottage")
        people.share(neighbor.site, installer.organization, neighbor.user)
        consents.end(consent=models.Consent.objects.get(site=home), by=None, now=timezone.now())

        assert only(installer, "cotage").site == neighbor.site
        assert not models.Word.objects.filter(word="sunny").exists()

    def test_goes_with_its_homeowner(self, home, homeowner, installer):
        homeowner.user.delete()

        assert not models.Entry.objects.exists() and not models.Word.objects.exists()

    def test_is_the_same_when_built_anew(self, home, installer, retailer, capsys):
        before = written()
        models.Entry.objects.all().delete()
        assert found(installer, "sunny") == ()

        call_command("rebuild_search")
        assert written() == before
        assert capsys.readouterr().out == "brightgrid: 1 shared homes\nsunfix: 1 shared homes\n"

    def test_is_built_anew_for_organizations_that_exist(self, home, installer):
        with pytest.raises(CommandError, match="no such organization"):
            call_command("rebuild_search", organization="nobody")


def written():
    keys = models.Entry.objects.values_list("organization", "consent", "kind", "place", "key")
    hidden = models.Word.objects.values_list("organization", "how", "key", "word")
    return {(*key[:4], bytes(key[4])) for key in keys}, {(*row[:2], bytes(row[2]), row[3]) for row in hidden}


class TestWhatIsNotShared:
    TEXTS = ("sunny", "lopez", "ada@portal.example", "cotage", "ottag", "portal")

    def test_is_never_found_by_another_organization(self, home, installer, outsider):
        texts = [*self.TEXTS, home.synth_id, home.synth_id[-8:]]

        assert all(found(installer, text) for text in texts)
        assert not any(found(outsider, text) for text in texts)

    def test_is_not_found_in_the_name_of_an_organization_one_does_not_work_for(
        self, home, installer, outsider
    ):
        query = search.parse("sunny")

        assert not search.search(outsider.user, installer.organization, query, now=timezone.now()).found

    def test_is_not_found_without_a_second_factor(self, home, installer):
        installer.user.authenticator_set.all().delete()

        assert not found(installer, "sunny")

    def test_is_not_found_one_second_after_its_consent_ended(self, home, installer, now):
        models.Consent.objects.update(until_at=now + timedelta(minutes=1))

        assert all(found(installer, text, now + timedelta(seconds=59)) for text in self.TEXTS)
        assert not any(found(installer, text, now + timedelta(seconds=60)) for text in self.TEXTS)

    def test_is_not_found_when_the_consent_was_ended_behind_the_index(self, home, installer, now):
        models.Consent.objects.update(ended_at=now - timedelta(seconds=1))

        assert models.Entry.objects.exists()
        assert not any(found(installer, text, now) for text in self.TEXTS)

    def test_is_not_found_before_the_consent_begins(self, home, installer, now):
        models.Consent.objects.update(from_at=now + timedelta(seconds=1))

        assert not any(found(installer, text, now) for text in self.TEXTS)

    def test_is_not_found_when_its_homeowner_reaches_it_no_more(self, home, installer, now):
        sites.ConnectionSite.objects.update(lost_at=now)

        assert not found(installer, "sunny", now)

    def test_of_a_co_owner_who_shared_nothing_leads_nowhere(self, home, installer, co_owner):
        assert co_owner.site == home
        assert not found(installer, "cora@portal.example") and not found(installer, "cora")

    def test_of_a_giver_whose_own_consent_ended_leads_nowhere(self, home, homeowner, installer, co_owner):
        people.share(home, installer.organization, co_owner.user)
        mine = models.Consent.objects.get(given_by=homeowner.user)
        models.Consent.objects.filter(pk=mine.pk).update(ended_at=timezone.now())

        assert only(installer, "cora").owner == co_owner.user
        assert only(installer, "sunny").owner == co_owner.user
        assert not found(installer, "lopez")


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
