"""Staff find the homes that were shared with them, and no other, whatever they type."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gridshare_portal.access import models
from gridshare_portal.access.finding import search
from gridshare_portal.sites import models as sites
from tests import people
from tests.access.finding.found import found, only, rename, shown

pytestmark = pytest.mark.django_db


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
