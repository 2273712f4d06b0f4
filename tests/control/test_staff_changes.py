from datetime import timedelta

import pytest

from gridshare_portal.access import models as access
from gridshare_portal.access import policy
from gridshare_portal.accounts import models as accounts
from gridshare_portal.audit import queries as record
from gridshare_portal.control import models, operations, permission, read_back
from gridshare_portal.lunar import models as lunar
from tests import people

pytestmark = pytest.mark.django_db
MODE, DETAILS = "setDeviceOperationMode", "patchDevice"
A_SECOND = timedelta(seconds=1)


@pytest.fixture
def help_smart(installer, ask_smart, now):
    """Ask for Smart as the installer, with a reason, unless told otherwise."""

    def ask(**other):
        return ask_smart(**({"actor": installer.user, "reason": "The tariff changed"} | other))

    return ask


@pytest.fixture
def while_looking(monkeypatch):
    """Do something just after the device was looked at, before anything is sent."""

    def then(action):
        real = operations.AskMode.look

        def look(self, client, synth_id):
            read = real(self, client, synth_id)
            action()
            return read

        monkeypatch.setattr(operations.AskMode, "look", look)

    return then


def end_all(now):
    access.Consent.objects.update(ended_at=now)


class TestAChangeByStaff:
    def test_bears_their_name_their_organization_and_the_consent(self, help_smart, installer, homeowner):
        change = help_smart()

        assert change.outcome == "confirmed"
        assert change.actor_label == "Ines (SunFix)"
        assert change.consent == access.Consent.objects.get(organization=installer.organization)
        assert models.Change.objects.get().reason == "The tariff changed"

    def test_is_recorded_for_their_organization(self, help_smart, installer):
        help_smart()

        told = record.events_of_organization(installer.organization.pk).filter(name__startswith="change_")
        assert [event.name for event in told] == ["change_settled", "change_asked"]
        assert {event.actor_id for event in told} == {installer.user.pk}

    def test_goes_through_the_connection_of_whoever_gave_the_consent(
        self, help_smart, homeowner, co_owner, sandbox
    ):
        lunar.Connection.objects.filter(user=homeowner.user).update(scopes="lunar/device.read")

        with pytest.raises(permission.ChangeNotPermitted) as refused:
            help_smart()

        assert refused.value.reason == policy.OWNER_PERMISSION
        assert sandbox.calls(MODE) == 0

    @pytest.mark.parametrize("reason", ["", "  \n"])
    def test_needs_a_reason(self, help_smart, reason, sandbox):
        with pytest.raises(permission.NoReason):
            help_smart(reason=reason)

        assert sandbox.calls(MODE) == 0 and not models.Change.objects.exists()

    def test_may_correct_details(self, help_smart, battery):
        change = help_smart(asked=operations.AskDetails(changes={"model": "Battery 30"}))

        battery.refresh_from_db()
        assert (change.outcome, battery.model) == ("confirmed", "Battery 30")

    @pytest.mark.parametrize(
        ("terms", "reason"),
        [
            ({"right": "view"}, policy.ONLY_SEEN),
            ({"ask_first": True}, policy.ASK_FIRST),
            ({"ended_at": "now"}, policy.UNSEEN.reason),
        ],
    )
    def test_is_refused_by_other_terms(self, help_smart, terms, reason, sandbox, now, installer):
        terms = {name: now - A_SECOND if value == "now" else value for name, value in terms.items()}
        access.Consent.objects.update(**terms)

        with pytest.raises(permission.ChangeNotPermitted) as refused:
            help_smart()

        assert refused.value.reason == reason
        assert sandbox.calls(MODE) == 0 and not models.Change.objects.exists()

    def test_is_not_for_lookers_and_not_for_strangers(self, help_smart, viewer, outsider, retailer, sandbox):
        for who in (viewer, outsider, retailer):
            with pytest.raises(permission.ChangeNotPermitted):
                help_smart(actor=who.user)

        assert sandbox.calls(MODE) == 0

    def test_acts_for_the_organization_named_and_no_other(self, help_smart, installer, homeowner, sandbox):
        other = people.organization("retailer", "BrightGrid")
        accounts.Membership.objects.create(user=installer.user, organization=other, role="admin")
        people.share(homeowner.site, other, homeowner.user, right="view")

        with pytest.raises(permission.ChangeNotPermitted) as refused:
            help_smart(organization_id=other.pk)

        assert refused.value.reason == policy.ONLY_SEEN
        assert help_smart(organization_id=installer.organization.pk).actor_label == "Ines (SunFix)"


class TestAccessThatEndsMeanwhile:
    def test_sends_nothing_although_it_ended_only_a_second_ago(self, help_smart, while_looking, sandbox, now):
        while_looking(lambda: end_all(now - A_SECOND))

        change = help_smart()

        assert (change.outcome, change.sentence) == ("refused", permission.ACCESS_ENDED)
        assert (sandbox.calls(MODE), change.sent_at) == (0, None)

    def test_sends_nothing_when_the_consent_was_replaced(
        self, help_smart, while_looking, homeowner, installer, sandbox, now
    ):
        def replace():
            end_all(now)
            people.share(homeowner.site, installer.organization, homeowner.user)

        while_looking(replace)

        assert help_smart().outcome == "refused"
        assert sandbox.calls(MODE) == 0

    def test_sends_nothing_when_the_member_was_removed(self, help_smart, while_looking, installer, sandbox):
        while_looking(lambda: accounts.Membership.objects.filter(user=installer.user).delete())

        assert help_smart().sentence == permission.ACCESS_ENDED
        assert sandbox.calls(MODE) == 0

    def test_sends_nothing_when_it_ends_between_the_last_question_and_the_sending(
        self, help_smart, monkeypatch, sandbox, now
    ):
        real = operations.what_differs

        def then_ended(asked, known):
            end_all(now - A_SECOND)
            return real(asked, known)

        monkeypatch.setattr(operations, "what_differs", then_ended)

        change = help_smart()

        assert (change.outcome, change.sentence) == ("refused", permission.ACCESS_ENDED)
        assert (sandbox.calls(MODE), change.sent_at) == (0, None)

    def test_leaves_a_homeowner_s_own_change_alone(self, ask_smart, while_looking, sunfix, now):
        while_looking(lambda: end_all(now - A_SECOND))

        assert ask_smart().outcome == "confirmed"

    def test_lets_an_unconfirmed_change_be_read_again_and_never_written(self, help_smart, sandbox, now):
        sandbox.faults.lose_reply_to(MODE)
        change = help_smart()
        end_all(now)

        read_back.read_again(change_pk=change.pk, now=now + timedelta(minutes=2))

        change.refresh_from_db()
        assert change.outcome in ("confirmed", "contradicted")
        assert sandbox.calls(MODE) == 1
