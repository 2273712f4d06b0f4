"""What is taken over from days of readings, what an operator sets, and what becomes of what is stored."""

import io
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from gridshare_portal.telemetry import days, missing, packing
from gridshare_portal.telemetry.meaning import learning, records, told, translation, words
from gridshare_portal.telemetry.models import Day, Latest, Meaning
from gridshare_portal.telemetry.past import revisions
from tests.telemetry.meaning.truth import START, Truth

LATER = START + timedelta(days=20)
WATTS = np.resize([0, 800, 1500, 2500, -700, -1800, -2400, 0, 0, 500, -400, 1200], 5 * 288).repeat(1)
BATTERY = Truth(np.round(WATTS * (1 + np.sin(np.arange(5 * 288)) / 9), 1))
FLIPPED = replace(told.USUAL, power_sign=told.OUT_OF)


def told_in(way, sensor, *, start=START, end=BATTERY.end, truth=BATTERY):
    """The answer to one question, as it came."""
    window = missing.Window(sensor=sensor.pk, start=start, end=end)
    return days.FetchedReadings(window=window, readings=truth.served(way, start=start, end=end))


def take(answer, *, now=LATER):
    """Learn from an answer and store it, as a run does; return how the sensor tells its readings then."""
    known = records.of_sensors([answer.window.sensor])
    understood = records.understand([answer], known, now=now)
    records.keep(understood.changed, known)
    days.store(days.merge(understood.answers, now=now))
    days.write_latest(understood.answers, now=now)
    return records.told_by(records.of_sensors([answer.window.sensor]).get(answer.window.sensor))


def kept(sensor, name):
    rows = Day.objects.filter(sensor=sensor, known_count__gt=0).order_by("day")
    return np.concatenate([packing.unpack(row.packed)[name] for row in rows])


def day(number):
    return {"start": START + number * missing.DAY, "end": START + (number + 1) * missing.DAY}


@pytest.fixture
def battery(home):
    return home.sensor("battery")


class TestLearning:
    def test_takes_over_the_first_day_that_shows_a_way(self, battery):
        assert take(told_in(FLIPPED, battery, **day(0))) == FLIPPED
        assert words.of_sensors([battery.pk])[battery.pk] == [words.SENTENCES["power_sign", told.OUT_OF]]

    def test_needs_two_days_to_leave_a_way_that_was_seen(self, battery):
        take(told_in(told.USUAL, battery, **day(0)))

        assert take(told_in(FLIPPED, battery, **day(1))) == told.USUAL
        assert take(told_in(FLIPPED, battery, **day(1))) == told.USUAL
        assert take(told_in(FLIPPED, battery, **day(2))) == FLIPPED

    def test_forgets_a_single_day_that_was_another(self, battery):
        take(told_in(told.USUAL, battery, **day(0)))
        take(told_in(FLIPPED, battery, **day(1)))
        take(told_in(told.USUAL, battery, **day(2)))

        assert take(told_in(FLIPPED, battery, **day(3))) == told.USUAL

    def test_learns_nothing_from_days_before_those_it_knows(self, battery):
        take(told_in(FLIPPED, battery, **day(3)))
        for number in (0, 1, 2):
            take(told_in(told.USUAL, battery, **day(number)))

        assert records.told_by(Meaning.objects.get(sensor=battery)) == FLIPPED

    @pytest.mark.parametrize("watts", [0.0, 3.0])
    def test_leaves_open_what_a_still_day_does_not_show(self, watts):
        still = Truth(np.full(288, watts))
        answer = learning.Answer(readings=still.served(told.USUAL), start=START, end=still.end, now=LATER)
        found = learning.learned(answer, told.USUAL)

        assert not found.keys() & {"power_sign", "power_scale", "counter_scale"}

    def test_does_not_take_a_battery_that_is_nearly_empty_for_one_told_in_parts_of_1(self):
        watts = np.resize([40.0, -40.0, 20.0, -20.0], 288)
        readings = [
            replace(one, charge_pct=0.4 + number % 4 * 0.1)
            for number, one in enumerate(Truth(watts).served(told.USUAL))
        ]
        answer = learning.Answer(readings=readings, start=START, end=START + missing.DAY, now=LATER)

        assert learning.learned(answer, told.USUAL).get("charge_scale", 1) == 1


def read_every_quarter(sensor, way, *, hours):
    """Read the newest hours as a run does, ten minutes into each bucket, from a service that goes by stamps."""
    for number in range(hours * 4):
        now = START + timedelta(hours=4, minutes=10) + number * missing.STEP
        window = missing.Window(sensor=sensor.pk, start=now - timedelta(hours=3, minutes=10), end=now)
        readings = list(BATTERY.served(way, start=window.start, end=now, by_stamps=True))
        if way.stamps == told.START:
            fine = BATTERY.served(replace(way, step_s=300), start=window.start, end=now)
            so_far = [one for one in fine if readings[-1].at <= one.at < now]
            mean_w = np.mean([one.in_w - one.out_w for one in so_far])
            power = {"in_w": max(mean_w, 0.0), "out_w": max(-mean_w, 0.0)}
            readings[-1] = replace(readings[-1], **power, in_wh=so_far[-1].in_wh, out_wh=so_far[-1].out_wh)
        answer = days.FetchedReadings(window=window, readings=readings)
        known = records.of_sensors([sensor.pk])
        latest = {row.sensor_id: row for row in Latest.objects.filter(sensor=sensor)}
        understood = records.understand([answer], known, now=now, latest=latest)
        records.keep(understood.changed, known)
        days.store(days.merge(understood.answers, now=now))
        days.write_latest(understood.answers, now=now)
    return Meaning.objects.filter(sensor=sensor).first()


class TestNewestBuckets:
    def test_that_were_over_as_soon_as_they_were_told_are_stamped_at_their_end(self, battery):
        row = read_every_quarter(battery, replace(told.USUAL, stamps=told.END), hours=8)

        assert records.told_by(row).stamps == told.END
        power_w = (kept(battery, "in_w") - kept(battery, "out_w"))[4 : 11 * 4]
        assert np.allclose(power_w, BATTERY.buckets(900)["power_w"][4 : 11 * 4], atol=0.01)

    def test_that_went_on_are_stamped_at_their_start(self, battery):
        row = read_every_quarter(battery, told.USUAL, hours=8)

        assert row.found["stamps"]["value"] == told.START
        assert records.told_by(row) == told.USUAL


class TestWhatIsStored:
    @pytest.mark.parametrize(
        "way",
        [
            FLIPPED,
            replace(told.USUAL, power_scale=1000),
            replace(told.USUAL, counter_scale=1000),
            replace(told.USUAL, charge_scale=100),
            replace(told.USUAL, stamps=told.END),
            replace(FLIPPED, stamps=told.END, step_s=3600, power_scale=1000),
        ],
        ids=lambda way: ", ".join(way.unusual),
    )
    def test_says_the_truth_as_soon_as_another_way_is_known(self, battery, way):
        readings, _step = translation.normal(
            BATTERY.served(way), replace(told.USUAL, step_s=way.step_s), now=LATER
        )
        window = missing.Window(sensor=battery.pk, start=START, end=BATTERY.end)
        wrong = days.FetchedReadings(window=window, readings=readings)
        days.store(days.merge([wrong], now=LATER))
        days.write_latest([wrong], now=LATER)
        Meaning.objects.create(
            sensor=battery, found={"step_s": {"value": way.step_s, "at": START.isoformat()}}
        )
        values = {name: value for name, value in way.unusual.items() if name != "step_s"}
        records.choose(sensor=battery, values=values, now=LATER)

        true = BATTERY.buckets(max(way.step_s, 900))
        size = max(way.step_s, 900) // 900
        power_w = (kept(battery, "in_w") - kept(battery, "out_w"))[: 5 * 96]
        assert np.allclose(power_w.reshape(-1, size), true["power_w"][:, None], atol=0.51)
        assert np.allclose(kept(battery, "in_wh")[size - 1 : 5 * 96 : size], true["in_wh"], atol=0.51)
        assert Latest.objects.get(sensor=battery).at == BATTERY.end - missing.STEP
        due = Day.objects.filter(sensor=battery, known_count__gt=0)
        assert set(due.values_list("ask_again_at", "closed_at")) == {(LATER, None)}

    def test_has_the_same_energy_whether_it_was_restated_or_read_so(self, battery):
        take(told_in(told.USUAL, battery))
        columns = Day.objects.order_by("day").values_list("in_wh", "out_wh", "peak_w")
        true = [pytest.approx(row) for row in columns]
        records.choose(sensor=battery, values={"power_sign": told.OUT_OF, "counter_scale": 1000}, now=LATER)
        records.choose(sensor=battery, values={"power_sign": None, "counter_scale": None}, now=LATER)

        assert len(true) == 5
        assert list(columns.all()) == true

    def test_is_no_change_by_the_service_when_it_is_asked_for_again(self, home, battery):
        sensors, answer = {battery.pk: battery}, told_in(told.USUAL, battery)
        take(answer)

        def asked_again(*, watts=0.0, restated_at):
            known = records.of_sensors([battery.pk])
            way = records.told_by(known[battery.pk])
            readings = translation.normal(answer.readings, way, now=LATER)[0]
            again = replace(answer, readings=[replace(one, in_w=one.in_w + watts) for one in readings])
            restated = {battery.pk: known[battery.pk].changed_at} if restated_at else {}
            seen = revisions.Home(zone=home.site.zone, read_at=LATER, sensors=sensors, restated_at=restated)
            return days.merge([again], now=LATER + 2 * missing.DAY, home=seen)

        records.choose(sensor=battery, values={"power_sign": told.OUT_OF}, now=LATER + missing.DAY)
        assert asked_again(watts=500, restated_at=False).revisions
        assert not asked_again(watts=500, restated_at=True).revisions

        days.store(asked_again(restated_at=True))
        assert asked_again(watts=500, restated_at=True).revisions


class TestAnOperator:
    def test_goes_before_what_days_show_until_it_is_left_to_them_again(self, battery):
        take(told_in(told.USUAL, battery, **day(0)))
        said = io.StringIO()
        call_command("meaning", "site-1", "--power-sign", "out", "--stamps", "end", stdout=said)

        assert "stamps end, power-sign out, power W" in said.getvalue()
        assert take(told_in(told.USUAL, battery, **day(1))).power_sign == told.OUT_OF
        call_command("meaning", "site-1", "--power-sign", "auto", "--stamps", "auto", stdout=said)
        assert records.told_by(Meaning.objects.get(sensor=battery)) == told.USUAL

    def test_cannot_set_what_there_is_not(self, battery):
        with pytest.raises(CommandError, match="No such home or sensor"):
            call_command("meaning", "nowhere")
        for values in ({"step_s": 900}, {"stamps": "middle"}, {"color": 1}):
            with pytest.raises(records.ChoiceRefused):
                records.choose(sensor=battery, values=values, now=LATER)
