"""Consents: given by who lives there, held from and until, and never longer."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridshare_portal.access import consents, durations, models
from gridshare_portal.lunar import models as lunar
from tests import environment, people
from tests.access.held import holding, told

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def sunfix(db):
    """SunFix, before anybody shared anything."""
    return people.organization("installer", "SunFix")


class TestGiving:
    @pytest.mark.parametrize(
        ("lasts", "length"),
        [("hour", HOUR), ("day", 24 * HOUR), ("month", 30 * 24 * HOUR), ("year", 365 * 24 * HOUR)],
    )
    def test_lasts_as_long_as_was_chosen_and_not_a_moment_longer(self, give, now, lasts, length):
        consent = give(lasts=lasts)

        assert consent.until_at == now + length
        assert holding(now) == holding(now + length - timedelta(microseconds=1)) == {consent}
        assert holding(now + length) == set()

    def test_until_it_is_stopped_lasts(self, give, now):
        consent = give(lasts="open")

        assert consent.until_at is None
        assert holding(now + timedelta(days=4000)) == {consent}

    def test_does_not_hold_before(self, give, now):
        give()

        assert holding(now - timedelta(microseconds=1)) == set()

    def test_leaves_an_event_that_says_what_was_allowed(self, give, homeowner, sunfix):
        give(right="control", lasts="month", ask_first=True)

        (event,) = told("consent_given")
        assert (event.site_id, event.organization_id) == (homeowner.site.synth_id, sunfix.pk)
        assert event.actor_id == event.subject_id == homeowner.user.pk
        assert event.details["lasts"] == "for 30 days"
        assert (event.details["right"], event.details["ask_first"]) == ("control", True)

    def test_to_see_has_nothing_to_be_asked_about(self, give):
        assert not give(right="view", ask_first=True).ask_first

    def test_again_replaces_what_was_given_and_keeps_both(self, give, now):
        first = give(right="control")
        second = give(right="view", now=now + HOUR)

        first.refresh_from_db()
        assert (first.ended_at, first.ended_how) == (now + HOUR, "replaced")
        assert holding(now + HOUR) == {second}
        assert models.Consent.objects.count() == 2

    def test_again_after_the_time_had_passed_does_not_say_that_somebody_ended_it(self, give, now):
        first = give(lasts="hour")
        give(now=now + 2 * HOUR)

        first.refresh_from_db()
        assert (first.ended_at, first.ended_how, first.ended_by) == (now + HOUR, "expired", None)
        assert told("consent_ended") == []

    def test_leaves_other_homes_organizations_and_givers_alone(self, give, co_owner, now):
        mine = give()
        other = give(organization=people.organization("retailer", "BrightGrid"))
        theirs = give(given_by=co_owner.user)

        assert holding(now) == {mine, other, theirs}

    def test_twice_at_once_leaves_the_later_one(self, give, now, monkeypatch):
        give(right="control")
        looks = iter([models.Consent.objects.none()])  # the other one is not seen at first
        really = consents.open_ones
        monkeypatch.setattr(consents, "open_ones", lambda: next(looks, None) or really())

        second = give(right="view", now=now + HOUR)

        assert holding(now + HOUR) == {second}

    def test_is_all_or_nothing(self, give, now, monkeypatch):
        first = give()

        def break_down(**_event):
            raise RuntimeError("the disk is full")

        monkeypatch.setattr(consents.record, "add", break_down)
        with pytest.raises(RuntimeError):
            give(right="view", now=now + HOUR)

        assert holding(now + HOUR) == {first}


class TestGivingIsRefused:
    def test_for_a_neighbor_s_home(self, give, neighbor):
        with pytest.raises(consents.ConsentRefused) as refusal:
            give(given_by=neighbor.user)

        assert (refusal.value.field, str(refusal.value)) == ("site", consents.NOT_YOURS)

    def test_for_staff_to_whom_the_home_is_shared(self, give, sunfix):
        give()
        staff = people.staff("ines@sunfix.example", sunfix, "admin")

        with pytest.raises(consents.ConsentRefused):
            give(given_by=staff.user, organization=people.organization("installer", "RoofWorks"))

    def test_for_a_home_that_is_no_longer_connected(self, give, homeowner):
        lunar.Connection.objects.filter(user=homeowner.user).update(status="disconnected")

        with pytest.raises(consents.ConsentRefused) as refusal:
            give()

        assert str(refusal.value) == consents.NOT_CONNECTED

    @pytest.mark.parametrize("right", ["", "own", "VIEW", "view ", "control\x00"])
    def test_with_a_right_that_does_not_exist(self, give, right):
        with pytest.raises(consents.ConsentRefused) as refusal:
            give(right=right)

        assert refusal.value.field == "right"

    @pytest.mark.parametrize("lasts", ["", "forever", "-1", "hours", "HOUR", "9" * 400])
    def test_for_a_time_that_does_not_exist(self, give, lasts):
        with pytest.raises(consents.ConsentRefused) as refusal:
            give(lasts=lasts)

        assert refusal.value.field == "lasts"
        assert not models.Consent.objects.exists()


class TestEnding:
    def test_holds_from_the_same_moment(self, give, homeowner, now):
        consent = give()

        assert consents.end(consent=consent, by=homeowner.user, now=now + HOUR)
        assert holding(now + HOUR) == set()

    def test_is_told_once_however_often_it_is_tapped(self, give, homeowner, now):
        consent = give()

        assert consents.end(consent=consent, by=homeowner.user, now=now + HOUR)
        assert not consents.end(consent=consent, by=homeowner.user, now=now + 2 * HOUR)

        consent.refresh_from_db()
        assert consent.ended_at == now + HOUR
        assert [event.details["how"] for event in told("consent_ended")] == ["by hand"]

    def test_by_the_other_homeowner_says_who(self, give, homeowner, co_owner, now):
        consents.end(consent=give(), by=co_owner.user, now=now)

        (event,) = told("consent_ended")
        assert (event.actor_id, event.subject_id) == (co_owner.user.pk, homeowner.user.pk)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["give", "end", "wait"]),
        st.sampled_from([duration.id for duration in durations.DURATIONS]),
        st.integers(1, 60 * 24 * 40),
    ),
    min_size=1,
    max_size=12,
)


class TestWhateverHappens:
    @given(steps=STEPS)
    @settings(
        max_examples=environment.rounds(quick=40, long=400),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    def test_nothing_holds_outside_its_interval(self, give, homeowner, now, steps):
        models.Consent.objects.all().delete()
        moment, shared = now, None  # what ought to be open: (from, until)
        for what, lasts, minutes in steps:
            if what == "give":
                give(lasts=lasts, now=moment)
                shared = (moment, durations.until(durations.find(lasts), now=moment))
            elif what == "end":
                for consent in consents.open_ones():
                    consents.end(consent=consent, by=homeowner.user, now=moment)
                shared = None
            held = shared is not None and (shared[1] is None or moment < shared[1])
            assert len(holding(moment)) == held
            for consent in models.Consent.objects.exclude(ended_at=None):
                assert consent.ended_at <= moment and consent not in holding(consent.from_at)
            moment += timedelta(minutes=minutes)
