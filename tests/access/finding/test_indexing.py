"""The index follows what homes are called, and forgets what is no longer shared."""

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from gridshare_portal.access import consents, models
from gridshare_portal.access.finding import entries
from tests import people
from tests.access.finding.found import found, only, rename, shown

pytestmark = pytest.mark.django_db


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
