"""Fetching a home's readings anew, by a command or by an operator's action."""

import io
from datetime import timedelta

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.accounts import models as accounts
from gridshare_portal.telemetry import packing
from gridshare_portal.telemetry.models import Day
from tests import people
from tests.telemetry.collected import collected, collection


@pytest.fixture
def operator(db):
    visitor = people.signed_in("olga@portal.example")
    accounts.User.objects.filter(pk=visitor.user.pk).update(is_staff=True, is_superuser=True)
    totp.TOTP.activate(visitor.user, totp.generate_totp_secret())
    return visitor


def spoil(visitor):
    """Let a stored day say what the service never said, and be closed for good."""
    row = Day.objects.filter(sensor__site=visitor.site, known_count=96).latest("day")
    true = packing.unpack(row.packed)
    row.packed = packing.pack({**true, "in_w": true["in_w"] + 1000})
    row.ask_again_at, row.closed_at = None, timezone.now()
    row.save()
    return row, true


class TestRefetch:
    def test_replaces_what_is_stored_by_what_the_service_says_now(self, month):
        collected(month)
        row, true = spoil(month)

        call_command("refetch", month.site.synth_id, stdout=io.StringIO())
        assert collection(month).due_at <= timezone.now()
        collected(month, now=timezone.now() + timedelta(minutes=5))

        row.refresh_from_db()
        assert packing.unpack(row.packed)["in_w"].tolist() == true["in_w"].tolist()

    def test_takes_the_days_from_one_on(self, month):
        collected(month)
        row, _true = spoil(month)
        said = io.StringIO()
        call_command("refetch", month.site.synth_id, "--from", str(row.day + timedelta(days=1)), stdout=said)

        row.refresh_from_db()
        assert row.closed_at is not None
        assert f"{Day.objects.filter(day__gt=row.day).count()} stored days" in said.getvalue()

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["nobody"], "No home has that id"),
            (["nobody", "--from", "22.11.2026"], "year, month, day"),
            (["nobody", "--from", "2999-01-01"], "has not come yet"),
        ],
    )
    @pytest.mark.django_db
    def test_says_what_is_wrong(self, arguments, said):
        with pytest.raises(CommandError, match=said):
            call_command("refetch", *arguments)

    def test_is_an_action_of_operators(self, month, operator):
        collected(month)
        row, _true = spoil(month)
        address = reverse("admin:telemetry_collection_changelist")
        chosen = {"action": "refetch", "_selected_action": [collection(month).pk]}
        page = operator.post(address, chosen, follow=True)

        row.refresh_from_db()
        assert row.ask_again_at is not None
        assert "days will be asked for again" in page.text
