"""How often a device may be changed: by a person, by an organization, and how little one hinders another."""

from datetime import timedelta

import pytest

from gridshare_portal.control import changes, models, operations, quota
from gridshare_portal.control.plans import rules
from gridshare_portal.control.proposals import lifecycle as proposals
from gridshare_portal.control.quota import BY_A_PERSON, BY_AN_ORGANIZATION, TO_TAKE_BACK, TooOften
from tests import people, threads

pytestmark = pytest.mark.django_db
MODE = "setDeviceOperationMode"
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
AN_HOUR, A_DAY = BY_A_PERSON[0].most, BY_A_PERSON[1].most
SMART, SIMPLE, SCHEDULE = (operations.AskMode(mode=one) for one in ("Smart", "Simple", "Schedule"))
CANCEL = operations.AskPlan(plan=rules.NO_PLAN)


@pytest.fixture
def changed(battery, homeowner):
    """Write changes as the rows that they leave: so many, the last one at this moment, each a minute apart."""

    def write(count, *, last_at, **other):
        known = {
            "device": battery,
            "site": homeowner.site,
            "actor": homeowner.user,
            "kind": "mode",
            "asked": {"mode": "Smart"},
            "before": {"mode": "Simple"},
            "outcome": "confirmed",
        } | other
        models.Change.objects.bulk_create(
            models.Change(made_at=last_at - number * MINUTE, **({"sent_at": last_at} | known))
            for number in range(count)
        )

    return write


class TestAHomeowner:
    def test_changes_a_device_so_often_within_an_hour_and_not_forty_times(self, ask_smart, now, sandbox):
        asked = [SMART, SCHEDULE]  # neither puts back what was there before
        made, refused = 0, None
        for number in range(40):
            try:
                ask_smart(
                    asked=asked[number % 2] if number else SIMPLE, now=now + number * timedelta(seconds=1)
                )
                made += 1
            except TooOften as refusal:
                refused = refused or refusal

        assert AN_HOUR <= made <= AN_HOUR + TO_TAKE_BACK and sandbox.calls(MODE) == made
        assert now + HOUR <= refused.until_at <= now + HOUR + MINUTE
        assert models.Change.objects.count() == made

    def test_goes_on_at_the_moment_that_is_told(self, ask_smart, changed, now):
        changed(AN_HOUR, last_at=now - 10 * MINUTE)
        with pytest.raises(TooOften) as refused:
            ask_smart(asked=SCHEDULE)
        until_at = refused.value.until_at

        with pytest.raises(TooOften):
            ask_smart(asked=SCHEDULE, now=until_at - timedelta(seconds=1))
        assert ask_smart(asked=SCHEDULE, now=until_at).outcome == "confirmed"

    def test_has_a_limit_a_day_too(self, ask_smart, changed, now):
        for ago in range(1, 13):
            changed(3, last_at=now - ago * 90 * MINUTE)
        assert models.Change.objects.count() > A_DAY

        with pytest.raises(TooOften) as refused:
            ask_smart(asked=SCHEDULE)
        assert refused.value.window.most == A_DAY and refused.value.until_at > now + HOUR

    def test_takes_back_what_went_wrong_all_the_same_and_not_for_ever(self, ask_smart, changed, now, sandbox):
        changed(AN_HOUR, last_at=now - MINUTE)
        with pytest.raises(TooOften) as refused:
            ask_smart(asked=SCHEDULE)
        assert refused.value.can_take_back

        kept = [ask_smart(asked=SIMPLE).outcome, ask_smart(asked=CANCEL).outcome]
        kept.append(ask_smart(asked=CANCEL).outcome)
        assert kept == ["confirmed"] * TO_TAKE_BACK
        with pytest.raises(TooOften) as refused:
            ask_smart(asked=CANCEL)
        assert not refused.value.can_take_back

    def test_is_not_kept_out_by_what_never_reached_the_device_and_does_not_try_for_ever(
        self, ask_smart, changed, now
    ):
        changed(50, last_at=now, outcome="failed", sent_at=None)
        assert ask_smart().outcome == "confirmed"

        changed(9, last_at=now, outcome="failed", sent_at=None)
        with pytest.raises(TooOften) as refused:
            ask_smart(asked=SCHEDULE)
        assert refused.value.what == quota.TRIED

    def test_who_sends_a_form_twice_is_led_to_its_change_whatever_the_limit(self, ask_smart, changed, now):
        key = "6f1f8d1e-64a5-4b0e-93f5-0d6a2f0c8f5b"
        first = ask_smart(key=key)
        changed(AN_HOUR, last_at=now)

        assert ask_smart(key=key) == first

    def test_leaves_another_device_and_whoever_lives_there_too_alone(
        self, ask_smart, changed, co_owner, battery, now
    ):
        changed(AN_HOUR, last_at=now - MINUTE)

        assert ask_smart(actor=co_owner.user, asked=SCHEDULE).outcome == "confirmed"


class TestAnOrganization:
    def test_and_a_homeowner_never_use_up_each_other_s_turns(
        self, ask_smart, changed, installer, homeowner, now
    ):
        changed(A_DAY, last_at=now - MINUTE)
        mine = ask_smart(actor=installer.user, reason="a case", asked=SCHEDULE)
        assert mine.outcome == "confirmed"

        models.Change.objects.all().delete()
        consent = mine.consent
        changed(BY_AN_ORGANIZATION[1].most, last_at=now - MINUTE, actor=installer.user, consent=consent)
        with pytest.raises(TooOften):
            ask_smart(actor=installer.user, reason="a case", asked=SCHEDULE)
        assert ask_smart(asked=SCHEDULE).outcome == "confirmed"

    def test_has_a_limit_for_all_its_people_together(
        self, ask_smart, changed, installer, installer_admin, now
    ):
        consent = ask_smart(actor=installer.user, reason="a case").consent
        for number in range(2):
            one = people.person(f"p{number}@sunfix.example")
            changed(AN_HOUR, last_at=now - MINUTE, actor=one, consent=consent)

        with pytest.raises(TooOften) as refused:
            ask_smart(actor=installer_admin.user, reason="a case", asked=SCHEDULE)
        assert refused.value.by_organization

    def test_proposes_ten_changes_of_a_device_a_day(self, installer, battery, homeowner, now):
        def propose(asked):
            return proposals.propose(
                actor=installer.user, device=battery, asked=asked, reason="because", now=now
            )

        for _ in range(quota.PROPOSALS[0].most):
            proposals.withdraw(proposal=propose(SCHEDULE), actor=installer.user, now=now)
        with pytest.raises(TooOften) as refused:
            propose(SCHEDULE)
        assert (refused.value.what, refused.value.by_organization) == (quota.PROPOSED, True)


class TestARefusal:
    def test_leaves_nothing_behind(self, ask_smart, changed, now, sandbox):
        changed(AN_HOUR, last_at=now)
        before = models.Change.objects.count()
        with pytest.raises(TooOften):
            ask_smart(asked=SCHEDULE, also=lambda change: pytest.fail("was asked"))

        assert models.Change.objects.count() == before and sandbox.calls(MODE) == 0


@pytest.mark.django_db(transaction=True)
class TestManyAtOnce:
    def test_are_as_many_as_the_limit_says(self, ask_smart, changed, now):
        changed(AN_HOUR - 1, last_at=now - MINUTE)

        def ask():
            try:
                return ask_smart(asked=SCHEDULE).outcome
            except (TooOften, changes.Busy) as refusal:
                return type(refusal).__name__

        came_of = threads.at_once(*[ask] * 6)

        assert came_of.count("confirmed") == 1
