"""What an organization says of itself, and its address."""

import pytest

from gridshare_portal.accounts.organizations import details, members
from gridshare_portal.audit.models import Event

pytestmark = pytest.mark.django_db


class TestTheOrganization:
    def test_is_described_by_an_admin(self, igor, sunfix, now):
        details.describe(
            organization=sunfix, name=" Sun\u202eFix\x00  2 ", about="We\nrepair", is_listed=False, actor=igor.user, now=now
        )  # fmt: skip
        sunfix.refresh_from_db()

        assert (sunfix.name, sunfix.about, sunfix.is_listed, sunfix.slug) == (
            "SunFix 2",
            "We repair",
            False,
            "sunfix",
        )
        assert Event.objects.get(name="organization_changed").details["before"]["name"] == "SunFix"

    @pytest.mark.parametrize(
        ("name", "about", "field"),
        [("\u202e\u200b \x07", "", "name"), ("x" * 10_000, "", "name"), ("SunFix", "x" * 10_000, "about")],
    )
    def test_refuses_what_cannot_be_read(self, igor, sunfix, now, name, about, field):
        with pytest.raises(members.MemberRefused) as refusal:
            details.describe(
                organization=sunfix, name=name, about=about, is_listed=True, actor=igor.user, now=now
            )

        assert refusal.value.field == field

    def test_gets_an_address_of_its_own(self, db, now):
        made = [details.make(kind="installer", name=name, actor=None, now=now).slug
                for name in ("Rights", "Sun Fix", "Sun  Fix!", "太陽", "---")]  # fmt: skip

        assert made == ["rights-2", "sun-fix", "sun-fix-2", "installer", "installer-2"]

    def test_is_an_installer_or_a_retailer(self, db, now):
        with pytest.raises(members.MemberRefused, match="installer or retailer"):
            details.make(kind="bank", name="Bank", actor=None, now=now)
