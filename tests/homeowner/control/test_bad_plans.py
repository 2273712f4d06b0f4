"""Plans and modes that nobody can mean: each is refused at its field, in words, and nothing is sent."""

import json
from datetime import UTC, datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from gridshare_portal.control import models
from gridshare_portal.control import state as states
from gridshare_portal.control.plans import forms as plan_forms
from tests.homeowner.control.test_plan_views import an_hour, sent

LA = ZoneInfo("America/Los_Angeles")
TEN = datetime(2026, 6, 1, 17, 0, tzinfo=UTC)  # ten in the morning there
SPRING, AUTUMN = datetime(2026, 3, 8, 6, 0, tzinfo=UTC), datetime(2026, 11, 1, 5, 0, tzinfo=UTC)
DAY = "2026-06-01T"
HOUR = {"action": "charge", "start": DAY + "11:00", "end": DAY + "12:00", "power_limit_w": "2000"}
IN_WATTS = "Enter the power as a number of watts"
IN_MOMENTS = "Write the day and the time"
FROM_LIST = "Choose from the list"
OVERLAP = "Two rows cannot overlap"


def row(**other):
    return HOUR | other


BAD_ROWS = {  # rows, the number and the field of the refused one, words of the refusal, and when it is sent
    "no start": ([row(start="")], 0, "start", "When should it start?", TEN),
    "no end": ([row(end="")], 0, "end", "When should it end?", TEN),
    "no action": ([row(action="")], 0, "action", "Choose charge", TEN),
    "an action nobody knows": ([row(action="explode")], 0, "action", FROM_LIST, TEN),
    "an action in capitals": ([row(action="CHARGE")], 0, "action", FROM_LIST, TEN),
    "the service's own word": ([row(action="setpoint")], 0, "action", FROM_LIST, TEN),
    "an action with a NUL": ([row(action="charge\0")], 0, "action", "", TEN),
    "zero length": ([row(end=DAY + "11:00")], 0, "end", "The end must come after the start", TEN),
    "reversed": ([row(end=DAY + "10:30")], 0, "end", "The end must come after the start", TEN),
    "a second long": ([row(end=DAY + "11:00:01")], 0, "end", "at least one minute", TEN),
    "past by six minutes": ([row(start=DAY + "09:54")], 0, "start", "already passed", TEN),
    "past by a year": ([row(start="2025-06-01T11:00", end="2025-06-01T12:00")], 0, "start", "already passed", TEN),
    "the first day of all": ([row(start="0001-01-02T00:00", end="0001-01-02T01:00")], 0, "start", "", TEN),
    "the last day of all": ([row(end="9999-12-31T23:59")], 0, "end", "", TEN),
    "seven days and an hour ahead": (
        [row(start="2026-06-08T11:00", end="2026-06-08T12:00")], 0, "start", "7 days ahead", TEN),
    "24 h and a minute": ([row(end="2026-06-02T11:01")], 0, "end", "at most 24 hours", TEN),
    "24 h and a minute in two rows": (
        [row(), row(start="2026-06-02T10:00", end="2026-06-02T11:01")], 1, "end", "at most 24 hours", TEN),
    "a day that does not exist": ([row(start="2026-02-30T10:00")], 0, "start", IN_MOMENTS, TEN),
    "an hour that does not exist": ([row(start=DAY + "25:00")], 0, "start", IN_MOMENTS, TEN),
    "an offset that does not exist": ([row(start=DAY + "10:00+25:00")], 0, "start", IN_MOMENTS, TEN),
    "a word for a time": ([row(start="soon")], 0, "start", IN_MOMENTS, TEN),
    "a day alone": ([row(start="2026-06-01")], 0, "start", IN_MOMENTS, TEN),
    "a time as Americans write it": ([row(start="06/01/2026, 11:00 AM")], 0, "start", IN_MOMENTS, TEN),
    "a time in full-width digits": ([row(start="２０２６-06-01T11:00")], 0, "start", IN_MOMENTS, TEN),
    "a time in Arabic digits": ([row(start="٢٠٢٦-06-01T11:00")], 0, "start", IN_MOMENTS, TEN),
    "a time with a newline": ([row(start=DAY + "11:00\n")], 0, "start", IN_MOMENTS, TEN),
    "seconds since 1970": ([row(start="1780336800")], 0, "start", IN_MOMENTS, TEN),
    "the hour that is skipped": (
        [row(start="2026-03-08T02:30", end="2026-03-08T05:00")], 0, "start", "there is no 02:30", SPRING),
    "until the hour that is skipped": (
        [row(start="2026-03-08T01:00", end="2026-03-08T02:30")], 0, "end", "there is no 02:30", SPRING),
    "the hour that comes twice": (
        [row(start="2026-11-01T01:30", end="2026-11-01T05:00")], 0, "start", "comes twice", AUTUMN),
    "until the hour that comes twice": (
        [row(start="2026-11-01T00:30", end="2026-11-01T01:30")], 0, "end", "comes twice", AUTUMN),
    "24 h by a clock that goes back": (
        [row(start="2026-11-01T00:30", end="2026-11-02T00:30")], 0, "end", "at most 24 hours", AUTUMN),
    "the same row twice": ([row(), row()], 1, "start", OVERLAP, TEN),
    "overlapping by a minute": (
        [row(), row(start=DAY + "11:59", end=DAY + "13:00")], 1, "start", OVERLAP, TEN),
    "one within another": (
        [row(end=DAY + "18:00"), row(start=DAY + "12:00", end=DAY + "13:00")], 1, "start", OVERLAP, TEN),
    "overlapping, the later first": (
        [row(start=DAY + "11:30", end=DAY + "13:00"), row()], 0, "start", OVERLAP, TEN),
    "NaN": ([row(power_limit_w="NaN")], 0, "power_limit_w", IN_WATTS, TEN),
    "inf": ([row(power_limit_w="inf")], 0, "power_limit_w", IN_WATTS, TEN),
    "-inf": ([row(power_limit_w="-inf")], 0, "power_limit_w", IN_WATTS, TEN),
    "Infinity": ([row(power_limit_w="Infinity")], 0, "power_limit_w", IN_WATTS, TEN),
    "1e309": ([row(power_limit_w="1e309")], 0, "power_limit_w", IN_WATTS, TEN),
    "2e3": ([row(power_limit_w="2e3")], 0, "power_limit_w", IN_WATTS, TEN),
    "minus zero": ([row(power_limit_w="-0")], 0, "power_limit_w", IN_WATTS, TEN),
    "minus zero with a point": ([row(power_limit_w="-0.0")], 0, "power_limit_w", IN_WATTS, TEN),
    "zero": ([row(power_limit_w="0")], 0, "power_limit_w", "would do nothing", TEN),
    "zero to discharge": (
        [row(action="discharge", power_limit_w="0.0")], 0, "power_limit_w", "would do nothing", TEN),
    "less than nothing": ([row(power_limit_w="-1")], 0, "power_limit_w", "cannot be below 0", TEN),
    "a comma": ([row(power_limit_w="1,5")], 0, "power_limit_w", IN_WATTS, TEN),
    "an underscore": ([row(power_limit_w="1_000")], 0, "power_limit_w", IN_WATTS, TEN),
    "a unit": ([row(power_limit_w="2 kW")], 0, "power_limit_w", IN_WATTS, TEN),
    "hexadecimal": ([row(power_limit_w="0x10")], 0, "power_limit_w", IN_WATTS, TEN),
    "a plus sign": ([row(power_limit_w="+5")], 0, "power_limit_w", IN_WATTS, TEN),
    "full-width digits": ([row(power_limit_w="１２３")], 0, "power_limit_w", IN_WATTS, TEN),
    "five thousand digits": ([row(power_limit_w="9" * 5_000)], 0, "power_limit_w", IN_WATTS, TEN),
    "more than the device can": ([row(power_limit_w="5001")], 0, "power_limit_w", "at most 5,000 W", TEN),
    "a formula": ([row(power_limit_w="=1+1")], 0, "power_limit_w", IN_WATTS, TEN),
}  # fmt: skip
GOOD_ROWS = {
    "past by four minutes": ([row(start=DAY + "09:56")], TEN),
    "touching": ([row(), row(action="hold", start=DAY + "12:00", end=DAY + "13:00")], TEN),
    "24 h": ([row(end="2026-06-02T11:00")], TEN),
    "from before to after the hour that is skipped": (
        [row(start="2026-03-08T01:30", end="2026-03-08T03:30")], SPRING),
    "the second time that it is half past one": (
        [row(start="2026-11-01T01:30-08:00", end="2026-11-01T02:30")], AUTUMN),
    "as much as the device can": ([row(power_limit_w="5000")], TEN),
    "no power": ([row(power_limit_w="")], TEN),
    "to hold at 0 W": ([row(action="hold", power_limit_w="0")], TEN),
}  # fmt: skip


@pytest.fixture
def plan_page(battery):
    states.refresh(device=battery, now=timezone.now())
    return reverse("homeowner:plan", args=[battery.synth_id])


def checked(rows, now):
    """Return the rows as a form that was sent, and whether they pass."""
    read = plan_forms.RowSet(QueryDict(urlencode(sent(*rows))), prefix=plan_forms.PREFIX)
    return read, read.check(now=now, zones=[LA], limit_w=5000.0, empty="Fill in a row.")


class TestARow:
    @pytest.mark.parametrize("bad", BAD_ROWS)
    def test_is_refused_at_its_field_in_words(self, bad):
        rows, number, field, words, now = BAD_ROWS[bad]
        read, passes = checked(rows, now)

        assert not passes
        said = read.forms[number].errors
        assert list(said) == [field] and words in said[field][0]
        assert said[field][0].endswith((".", "?"))
        assert not any(form.errors for place, form in enumerate(read.forms) if place != number)

    @pytest.mark.parametrize("good", GOOD_ROWS)
    def test_beside_it_is_taken(self, good):
        read, passes = checked(*GOOD_ROWS[good])

        assert passes, [form.errors for form in read.forms]

    def test_too_many_are_refused_as_a_whole(self):
        hours = [row(start=f"{DAY}{11 + n // 60:02d}:{n % 60:02d}", end=f"{DAY}{11 + (n + 1) // 60:02d}:{(n + 1) % 60:02d}")
                 for n in range(49)]  # fmt: skip
        read, passes = checked(hours, TEN)

        assert not passes and "at most 48 rows" in str(read.non_form_errors())
        assert checked(hours[:48], TEN)[1]


@pytest.mark.django_db
class TestAForm:
    """What is wrong with more than a row: nothing is sent, and nothing is kept as asked for."""

    @pytest.fixture(autouse=True)
    def nothing_is_sent(self, sandbox):
        yield
        assert sandbox.calls("setDeviceOverlayPlan") + sandbox.calls("setDeviceOperationMode") == 0

    @pytest.mark.parametrize(
        "asked",
        [
            {"quick": "explode", "hours": "2"},
            {"quick": "charge"},
            {"quick": "charge", "hours": "0"},
            {"quick": "charge", "hours": "25"},
            {"quick": "charge", "hours": "-1"},
            {"quick": "hold", "end": "soon"},
            {"quick": "hold", "end": "2020-01-01T10:00"},
            {"quick": "discharge", "start": "2020-01-01T10:00", "end": "2020-01-01T11:00"},
            {"quick": "charge", "hours": "2", "power_limit_w": "NaN"},
            {"quick": "charge", "hours": "2", "power_limit_w": "0"},
            {"quick": ["charge", "hold"], "hours": "2"},
        ],
    )
    def test_of_a_quick_start_is_refused(self, homeowner, plan_page, asked):
        page = homeowner.post(plan_page, asked)

        assert page.status_code == 422 and page.context["quick"].errors
        assert not models.Change.objects.exists()

    @pytest.mark.parametrize(
        "mode", ["", "Unknown", "smart", "SMART", "Ѕmart", "Smart\u200b", "Smart\0", "Off"]
    )
    def test_of_a_mode_is_refused(self, homeowner, mode_page, mode):
        page = homeowner.post(mode_page, {"mode": mode})

        assert page.status_code == 422 and page.context["form"].errors["mode"]
        assert not models.Change.objects.exists()

    def test_that_is_json_is_no_form(self, homeowner, plan_page):
        body = json.dumps(sent(HOUR))

        page = homeowner.post(plan_page, body, content_type="application/json")

        assert page.status_code == 422 and not models.Change.objects.exists()

    def test_of_ten_megabytes_is_not_read(self, homeowner, plan_page, battery):
        page = homeowner.post(plan_page, sent(an_hour(battery), reason="x" * 10_000_000))

        assert page.status_code in (400, 413) and not models.Change.objects.exists()

    def test_without_a_token_of_ours_is_not_taken(self, homeowner, plan_page, battery):
        strict = Client(enforce_csrf_checks=True)
        strict.cookies = homeowner.cookies
        strict.cookies.pop("csrf", None)

        assert strict.post(plan_page, sent(an_hour(battery))).status_code == 403
        assert not models.Change.objects.exists()

    @pytest.mark.parametrize("seen", ["0" * 32, "x", "0" * 32 + "\0"])
    def test_whose_fingerprint_was_tampered_with_sends_nothing(self, homeowner, plan_page, battery, seen):
        homeowner.post(plan_page, sent(an_hour(battery), seen=seen))

        assert not models.Change.objects.exclude(outcome="refused").exists()

    @pytest.mark.parametrize("device", ["nobody-has-this", "../devices", "%00"])
    def test_for_a_device_that_is_not_ours_finds_nothing(self, homeowner, plan_page, battery, device):
        other = plan_page.replace(battery.synth_id, device)

        assert homeowner.post(other, sent(an_hour(battery))).status_code == 404
        assert not models.Change.objects.exists()


@pytest.mark.django_db
class TestAFormThatIsSentAgain:
    def test_is_done_once(self, homeowner, plan_page, battery, sandbox):
        asked = sent(an_hour(battery), key="6f1f8d1e-64a5-4b0e-93f5-0d6a2f0c8f5b")

        first, again = homeowner.post(plan_page, asked), homeowner.post(plan_page, asked)

        assert first.headers["Location"] == again.headers["Location"]
        assert sandbox.calls("setDeviceOverlayPlan") == 1

    def test_is_refused_with_something_else_in_it(self, homeowner, plan_page, battery, sandbox):
        key = {"key": "6f1f8d1e-64a5-4b0e-93f5-0d6a2f0c8f5b"}
        homeowner.post(plan_page, sent(an_hour(battery), **key))

        page = homeowner.post(plan_page, sent(an_hour(battery, start=5), **key))

        assert page.status_code == 422 and "used before for something else" in page.text
        assert sandbox.calls("setDeviceOverlayPlan") == 1
