"""The rules of a home's health, on plain facts: no database, no clock but the one that is passed in."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.cases import words
from gridshare_portal.cases.examining import facts, health
from gridshare_portal.cases.findings import MEANINGS, Cause, Severity
from gridshare_portal.cases.rules import changes as rules_changes
from gridshare_portal.cases.rules import daylight, responses, silence, sums
from gridshare_portal.lunar import scopes

HOUR, MINUTE, DAY = timedelta(hours=1), timedelta(minutes=1), timedelta(days=1)
ZONE = ZoneInfo("America/Los_Angeles")
NOON = datetime(2026, 6, 15, 12, tzinfo=ZONE).astimezone(UTC)
MIDNIGHT = NOON - 12 * HOUR
ALL = frozenset(scopes.KNOWN)
SUN = frozenset(range(8, 18))


def sensor(role, ago=10 * MINUTE, *, made_ago=None, now=NOON):
    last_reading_at = None if ago is None else now - ago
    made_at = None if made_ago is None else now - made_ago
    return facts.SensorFacts(
        synth_id=f"one__{role}", role=role, last_reading_at=last_reading_at, made_at=made_at
    )


def home(*sensors, now=NOON, **more):
    share = facts.Share(organization=1, given_by=7, controls=True, from_at=now - 30 * DAY, until_at=None)
    connection = facts.ConnectionFacts(is_active=True, since_at=now - 90 * DAY, scopes=ALL, user=7)
    known = {
        "zone": ZONE,
        "known_since_at": now - 90 * DAY,
        "connections": (connection,),
        "shares": (share,),
        "sensors": sensors or (sensor("grid", now=now), sensor("battery", now=now)),
        "collection": facts.Collection(answered_at=now, failures=0, error=""),
        "changes": (),
        "balance": None,
        "solar_hours": SUN,
    }
    return facts.SiteFacts(**known | more)


def found(home, was=(), *, now=NOON):
    return {(one.cause, one.subject): one for one in health.findings(home, set(was), now=now)}


def causes(home, was=(), *, now=NOON):
    return [one.cause for one in health.findings(home, set(was), now=now)]


def with_connection(home, **changes):
    return replace(home, connections=(replace(home.connections[0], **changes),))


def with_share(home, **changes):
    return replace(home, shares=(replace(home.shares[0], **changes),))


class TestAHealthyHome:
    def test_has_no_finding(self):
        assert causes(home()) == []

    def test_may_be_brand_new_and_silent(self):
        assert causes(home(sensor("grid", None), known_since_at=NOON - HOUR)) == []


class TestTheConnection:
    def test_that_ended_is_the_worst_and_hides_what_nobody_can_tell(self):
        ended = with_connection(home(sensor("grid", 3 * DAY)), is_active=False, since_at=NOON - DAY)

        (finding,) = health.findings(ended, set(), now=NOON)
        assert (finding.cause, finding.severity) == (Cause.CONNECTION_ENDED, Severity.NOW)
        assert finding.since_at == NOON - DAY
        assert Cause.SITE_SILENT in health.hidden_by([finding])

    def test_counts_as_long_as_anybody_s_works(self):
        both = home()
        ended = replace(both.connections[0], is_active=False, user=8)

        assert causes(replace(both, connections=(ended, both.connections[0]))) == []

    def test_without_permission_to_read_says_only_that(self):
        closed = with_connection(home(sensor("grid", 3 * DAY)), scopes=ALL - {scopes.DEVICE_READ})

        (finding,) = health.findings(closed, set(), now=NOON)
        assert (finding.cause, finding.subject) == (Cause.SCOPE_MISSING, scopes.DEVICE_READ)
        assert finding.severity == Severity.NOW

    def test_needs_permission_to_change_only_where_control_was_shared(self):
        reading = with_connection(home(), scopes=scopes.READING)

        assert len(found(reading)) == 2
        assert found(with_share(reading, controls=False)) == {}

    def test_of_somebody_else_does_not_lend_permission_to_change(self):
        reading = with_connection(home(), scopes=scopes.READING)
        other = replace(reading.connections[0], scopes=ALL, user=8)

        assert len(found(replace(reading, connections=(*reading.connections, other)))) == 2


class TestTheSharing:
    @pytest.mark.parametrize(
        "lasts, left, ends",
        [
            (HOUR, 30 * MINUTE, False),
            (HOUR, 10 * MINUTE, True),
            (DAY, 7 * HOUR, False),
            (DAY, 5 * HOUR, True),
            (30 * DAY, 8 * DAY, False),
            (30 * DAY, 6 * DAY, True),
            (365 * DAY, 8 * DAY, False),
            (365 * DAY, 6 * DAY, True),
        ],
    )
    def test_ends_soon_in_its_last_quarter_and_within_a_week(self, lasts, left, ends):
        until_at = NOON + left
        one = with_share(home(), from_at=until_at - lasts, until_at=until_at)

        assert (Cause.SHARING_ENDS in causes(one)) == ends

    def test_that_lasts_longest_counts(self):
        one = with_share(home(), until_at=NOON + HOUR)

        assert causes(replace(one, shares=(*one.shares, replace(one.shares[0], until_at=None)))) == []


class TestSilence:
    def test_of_the_home_opens_after_four_hours_and_is_bad_after_a_day(self):
        silent = found(home(sensor("grid", 5 * HOUR), sensor("battery", 5 * HOUR)))
        dead = found(home(sensor("grid", 30 * HOUR)))

        assert silent[Cause.SITE_SILENT, ""].severity == Severity.SOON
        assert dead[Cause.SITE_SILENT, ""].severity == Severity.NOW
        assert len(silent) == len(dead) == 1  # no sensor is named when all are silent

    def test_between_late_and_silent_is_late(self):
        assert causes(home(sensor("grid", 2 * HOUR))) == [Cause.LATE]

    def test_that_was_found_stays_until_the_home_speaks_again(self):
        was = {(Cause.SITE_SILENT.value, "")}

        assert causes(home(sensor("grid", 2 * HOUR)), was) == [Cause.SITE_SILENT]
        assert causes(home(sensor("grid", 50 * MINUTE)), was) == []

    def test_of_one_sensor_names_it_while_the_home_speaks(self):
        one = found(home(sensor("grid"), sensor("battery", 3 * HOUR)))

        assert list(one) == [(Cause.SENSOR_SILENT, "one__battery")]

    def test_of_one_that_never_spoke_is_found_after_a_day(self):
        never = home(sensor("grid"), sensor("battery", None))

        assert found(never)[Cause.SENSOR_SILENT, "one__battery"].data["never"]
        assert causes(replace(never, known_since_at=NOON - 20 * HOUR)) == []

    def test_while_we_did_not_ask_is_nobody_s(self):
        asleep = facts.Collection(answered_at=NOON - 9 * HOUR, failures=0, error="")

        assert causes(home(sensor("grid", 9 * HOUR), collection=asleep)) == []

    @given(st.integers(0, 3000), st.integers(0, 3000))
    def test_never_comes_and_goes_at_the_edge(self, first, second):
        """Whoever is open closes only below the closing span, and whoever is closed opens only above the other."""
        before = set(found(home(sensor("grid", first * MINUTE))))
        after = set(found(home(sensor("grid", second * MINUTE)), before))
        opened, closed = (Cause.SITE_SILENT, ""), silence.SILENT_CLOSES

        if opened in after:
            held = opened in before and second * MINUTE >= closed
            assert held or second * MINUTE >= silence.SILENT_OPENS
        if opened in before and opened not in after:
            assert second * MINUTE < closed
        assert len(after & {opened, (Cause.LATE, "")}) <= 1


class TestSolarAtNight:
    def test_that_says_nothing_is_no_finding(self):
        midnight = home(
            sensor("grid", now=MIDNIGHT),
            sensor("solar", 5 * HOUR, made_ago=5 * HOUR, now=MIDNIGHT),
            now=MIDNIGHT,
        )

        assert causes(midnight, now=MIDNIGHT) == []

    def test_that_says_zero_is_no_finding(self):
        midnight = home(
            sensor("grid", now=MIDNIGHT), sensor("solar", made_ago=5 * HOUR, now=MIDNIGHT), now=MIDNIGHT
        )

        assert causes(midnight, now=MIDNIGHT) == []

    def test_of_a_home_with_nothing_else_is_not_the_home_s_silence(self):
        alone = home(sensor("solar", 6 * HOUR, made_ago=6 * HOUR, now=MIDNIGHT), now=MIDNIGHT)

        assert causes(alone, now=MIDNIGHT) == []

    def test_that_goes_on_by_day_is_found(self):
        silent = found(home(sensor("grid"), sensor("solar", 16 * HOUR, made_ago=16 * HOUR)))

        assert list(silent) == [(Cause.SENSOR_SILENT, "one__solar")]

    def test_that_says_zero_all_day_is_found_once_enough_sun_went_by(self):
        evening = NOON + 6 * HOUR
        speaks = home(
            sensor("grid", now=evening), sensor("solar", made_ago=24 * HOUR, now=evening), now=evening
        )

        assert causes(speaks, now=evening) == [Cause.SOLAR_IDLE]
        assert (
            causes(home(sensor("grid"), sensor("solar", made_ago=19 * HOUR))) == []
        )  # noon: too early to say

    def test_of_a_home_whose_sun_nobody_knows_yet_is_no_finding(self):
        unknown = home(sensor("grid"), sensor("solar", 3 * DAY, made_ago=3 * DAY), solar_hours=frozenset())

        assert causes(unknown) == []


class TestDaylight:
    def test_is_learned_from_hours_in_which_two_days_agree_without_the_edges(self):
        days = [date(2026, 6, 10), date(2026, 6, 11)]
        made = [(day, hour) for day in days for hour in range(6, 20)] + [(days[0], 23)]

        assert daylight.hours(made) == frozenset(range(7, 19))

    def test_of_nothing_is_nothing(self):
        assert daylight.hours([]) == frozenset()

    @given(
        st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),
        st.timedeltas(timedelta(0), timedelta(days=10)),
        st.frozensets(st.integers(0, 23)),
        st.floats(0, 1),
    )
    def test_adds_up_and_never_exceeds_the_time_that_went_by(self, start, span, hours, share):
        middle, end = start + span * share, start + span
        whole = daylight.between(start, end, hours=hours, zone=ZONE)

        assert timedelta(0) <= whole <= span
        parts = [daylight.between(*pair, hours=hours, zone=ZONE) for pair in ((start, middle), (middle, end))]
        assert sum(parts, timedelta(0)) == whole
        assert daylight.between(start, end, hours=frozenset(range(24)), zone=ZONE) == span


class TestRefusals:
    def failing(self, failures, ago, error="forbidden"):
        told = facts.Collection(answered_at=NOON - ago, failures=failures, error=error)
        return home(sensor("grid", ago), collection=told)

    def test_in_a_row_are_found_and_hide_the_silence_they_cause(self):
        refused = health.findings(self.failing(responses.REFUSED_OPENS, 5 * HOUR), set(), now=NOON)

        assert [one.cause for one in refused] == [Cause.REFUSED]

    def test_that_are_few_or_new_are_nothing(self):
        assert Cause.REFUSED not in causes(self.failing(1, 5 * HOUR))
        assert Cause.REFUSED not in causes(self.failing(9, 10 * MINUTE))

    def test_that_may_pass_must_last_for_hours(self):
        assert Cause.REFUSED not in causes(self.failing(9, 2 * HOUR, "timeout"))
        assert Cause.REFUSED in causes(self.failing(9, 7 * HOUR, "timeout, server_error"))

    @pytest.mark.parametrize("error", ["misconfigured", "busy", "fault", "wrong_route"])
    def test_that_are_our_own_fault_are_nobody_s_case(self, error):
        assert Cause.REFUSED not in causes(self.failing(99, 5 * DAY, error))

    def test_stay_open_until_an_answer_comes(self):
        was = {(Cause.REFUSED.value, "")}

        assert Cause.REFUSED in causes(self.failing(1, MINUTE), was)
        assert Cause.REFUSED not in causes(self.failing(0, MINUTE), was)


class TestTheBalance:
    def day(self, remainder_wh, through_wh=20_000.0, known_s=86_400):
        told = facts.BalanceFacts(
            day=date(2026, 6, 14),
            ended_at=MIDNIGHT,
            through_wh=through_wh,
            remainder_wh=remainder_wh,
            known_s=known_s,
        )
        return home(balance=told)

    def test_that_is_off_by_much_is_found(self):
        assert found(self.day(4000))[Cause.BALANCE_OFF, ""].severity == Severity.WATCH
        assert found(self.day(-9000))[Cause.BALANCE_OFF, ""].severity == Severity.SOON

    def test_that_is_off_by_little_or_hardly_known_is_nothing(self):
        assert causes(self.day(400)) == []
        assert causes(self.day(900, through_wh=2000)) == []
        assert causes(self.day(9000, known_s=3600)) == []
        assert causes(self.day(0, through_wh=0)) == []

    @given(st.floats(-2e4, 2e4), st.floats(-2e4, 2e4))
    def test_closes_later_than_it_opens(self, first, second):
        before = set(found(self.day(first)))
        fresh, held = set(found(self.day(second))), set(found(self.day(second), before))

        assert fresh <= held
        if held:
            assert abs(second) / 20_000 * 100 >= sums.OFF_CLOSES_PCT


class TestChanges:
    def changed(self, outcome, ago):
        return home(changes=(facts.Change(device="bat", kind="mode", outcome=outcome, made_at=NOON - ago),))

    def test_that_the_device_contradicts_are_found_at_once(self):
        assert list(found(self.changed("contradicted", MINUTE))) == [(Cause.CHANGE_CONTRADICTED, "mode:bat")]

    def test_that_are_unconfirmed_are_found_after_an_hour(self):
        assert causes(self.changed("unconfirmed", 50 * MINUTE)) == []
        assert causes(self.changed("unconfirmed", 70 * MINUTE)) == [Cause.CHANGE_UNCONFIRMED]

    @pytest.mark.parametrize("outcome", ["confirmed", "open"])
    def test_that_went_well_or_are_on_their_way_are_nothing(self, outcome):
        assert causes(self.changed(outcome, 5 * HOUR)) == []

    def test_are_forgotten_after_a_week(self):
        assert causes(self.changed("contradicted", rules_changes.FORGOTTEN)) == []


class TestFindings:
    def test_come_the_worst_first(self):
        many = home(sensor("grid"), sensor("battery", 3 * HOUR), sensor("ev", 5 * HOUR))
        many = with_share(with_connection(many, scopes=ALL - {scopes.PLAN_READ}), until_at=NOON + DAY)
        levels = [one.severity for one in health.findings(many, set(), now=NOON)]

        assert len(levels) >= 4 and levels == sorted(levels)

    def test_of_every_cause_have_a_sentence_and_say_what_to_do(self):
        data = {"until_at": NOON.isoformat(), "role": "grid", "kind": "mode", "light_s": 30_000, "error": "forbidden",
                "day": "2026-06-14", "through_wh": 20_000, "remainder_wh": -4000, "off_pct": 20.0}  # fmt: skip
        for cause in Cause:
            said = words.sentence(cause, "mode:x", data, since_at=NOON - DAY, zone=ZONE, now=NOON)
            assert said.endswith(".") and said[0].isupper() and "None" not in said
            assert words.ADVICE[cause].endswith(".") and 0 < len(words.STEPS[cause]) <= 40

    def test_have_levels_that_are_defined(self):
        assert set(MEANINGS) == set(Severity)
        assert all(one.meaning.endswith(".") and one.glyph for one in Severity)

    @given(
        st.lists(
            st.tuples(st.sampled_from(["grid", "battery", "solar", "ev"]), st.integers(0, 5000)), max_size=5
        ),
        st.integers(0, 20),
        st.sampled_from(["", "forbidden", "timeout", "ended", "fault"]),
        st.booleans(),
    )
    def test_are_one_of_a_kind_and_in_the_past_whatever_the_facts(self, told, failures, error, is_active):
        sensors = tuple(
            replace(sensor(role, ago * MINUTE, made_ago=ago * MINUTE), synth_id=str(place))
            for place, (role, ago) in enumerate(told)
        )
        one = with_connection(home(*sensors), is_active=is_active)
        one = replace(one, collection=facts.Collection(answered_at=NOON, failures=failures, error=error))
        listed = health.findings(one, set(), now=NOON)

        assert len({each.key for each in listed}) == len(listed)
        assert all(each.since_at <= NOON for each in listed)
