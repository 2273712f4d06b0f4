"""Who works for an organization: roles, removal, and that there always is an admin."""

import threading

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connections

from gridshare_portal.accounts import models, staff
from gridshare_portal.accounts.organizations import invitations, members
from gridshare_portal.audit.models import Event
from tests import people

pytestmark = pytest.mark.django_db


def membership(visitor):
    return models.Membership.objects.get(user=visitor.user, organization=visitor.organization)


class TestAnotherRole:
    def test_holds_at_once_and_is_recorded(self, igor, ines, now):
        members.change_role(membership=membership(ines), role="admin", actor=igor.user, now=now)

        event = Event.objects.get(name="member_role_changed")
        assert membership(ines).role == "admin"
        assert (event.organization_id, event.subject_id, event.actor_id) == (
            igor.organization.pk, ines.user.pk, igor.user.pk,
        )  # fmt: skip
        assert event.details == {"member": "Ines", "before": "Operator", "after": "Admin"}

    def test_that_is_the_same_leaves_no_event(self, igor, ines, now):
        members.change_role(membership=membership(ines), role="operator", actor=igor.user, now=now)

        assert not Event.objects.filter(name="member_role_changed").exists()

    @pytest.mark.parametrize("role", ["", "owner", "ADMIN", "admin\x00", "x" * 10_000])
    def test_that_does_not_exist_is_refused(self, igor, ines, now, role):
        with pytest.raises(members.MemberRefused) as refusal:
            members.change_role(membership=membership(ines), role=role, actor=igor.user, now=now)

        assert refusal.value.field == "role" and membership(ines).role == "operator"

    def test_of_the_last_admin_is_refused(self, igor, ines, now):
        with pytest.raises(members.MemberRefused, match="without an admin"):
            members.change_role(membership=membership(igor), role="viewer", actor=igor.user, now=now)

        assert membership(igor).role == "admin"

    def test_is_not_saved_by_an_admin_who_may_not_sign_in(self, igor, ines, now):
        members.change_role(membership=membership(ines), role="admin", actor=igor.user, now=now)
        models.User.objects.filter(pk=ines.user.pk).update(is_active=False)

        with pytest.raises(members.MemberRefused, match="without an admin"):
            members.change_role(membership=membership(igor), role="viewer", actor=igor.user, now=now)

    def test_needs_an_admin_at_that_moment(self, igor, ines, sunfix, now):
        zoe = people.staff("zoe@sunfix.example", sunfix, "admin")
        members.change_role(membership=membership(zoe), role="viewer", actor=igor.user, now=now)

        for somebody in (zoe, ines):
            with pytest.raises(members.MemberRefused, match="Only an admin"):
                members.change_role(membership=membership(ines), role="admin", actor=somebody.user, now=now)

    def test_is_not_given_by_the_admin_of_another_organization(self, ines, now):
        other = people.staff("rita@other.example", people.organization("retailer", "Other"), "admin")

        with pytest.raises(members.MemberRefused, match="Only an admin of SunFix"):
            members.change_role(membership=membership(ines), role="viewer", actor=other.user, now=now)


class TestRemoving:
    def test_ends_the_membership_and_is_recorded(self, igor, ines, now):
        members.remove(membership=membership(ines), actor=igor.user, now=now)

        event = Event.objects.get(name="member_removed")
        assert list(staff.active_memberships(ines.user)) == []
        assert (event.subject_id, event.details) == (ines.user.pk, {"member": "Ines", "role": "operator"})

    def test_signs_out_of_every_browser(self, igor, ines, now):
        telephone = people.Visitor()
        telephone.force_login(ines.user)
        assert (
            telephone.get("/accounts/email/").status_code == ines.get("/accounts/email/").status_code == 200
        )

        members.remove(membership=membership(ines), actor=igor.user, now=now)

        assert (
            telephone.get("/accounts/email/").status_code == ines.get("/accounts/email/").status_code == 302
        )
        assert igor.get("/accounts/email/").status_code == 200

    def test_also_ends_a_session_that_no_list_knows(self, igor, ines, now):
        UserSession.objects.all().delete()
        members.remove(membership=membership(ines), actor=igor.user, now=now)

        assert Session.objects.filter(session_key=ines.session.session_key).exists()
        assert ines.get("/accounts/email/").status_code == 302

    def test_lets_them_sign_in_again_as_the_homeowner_they_are(self, igor, ines, now):
        members.remove(membership=membership(ines), actor=igor.user, now=now)
        ines.user.refresh_from_db()
        ines.force_login(ines.user)

        assert ines.get("/accounts/email/").status_code == 200

    def test_takes_their_open_invitations_back(self, igor, sunfix, now):
        zoe = people.staff("zoe@sunfix.example", sunfix, "admin")
        made = invitations.invite(
            organization=sunfix, email="zoe.private@mail.example", role="admin", actor=zoe.user, now=now
        )
        members.remove(membership=membership(zoe), actor=igor.user, now=now)

        again = people.signed_in("zoe.private@mail.example")
        with pytest.raises(members.MemberRefused, match="taken this invitation back"):
            invitations.accept(secret=made.secret, user=again.user, now=now)

    def test_of_the_last_admin_is_refused(self, igor, now):
        with pytest.raises(members.MemberRefused, match="without an admin"):
            members.remove(membership=membership(igor), actor=None, now=now)

    def test_twice_is_said(self, igor, ines, now):
        gone = membership(ines)
        members.remove(membership=gone, actor=igor.user, now=now)

        with pytest.raises(members.MemberRefused, match="any more"):
            members.remove(membership=gone, actor=igor.user, now=now)


class TestLeaving:
    def test_keeps_one_signed_in(self, igor, ines, now):
        members.leave(membership=membership(ines), now=now)

        assert ines.get("/accounts/email/").status_code == 200
        assert list(staff.memberships_of(ines.user)) == []
        assert Event.objects.get(name="member_removed").actor_id == ines.user.pk

    def test_is_refused_to_the_last_admin_also_with_the_account(self, igor, ines, now):
        with pytest.raises(members.MemberRefused):
            members.leave(membership=membership(igor), now=now)
        with pytest.raises(members.MemberRefused):
            members.leave_all(user=igor.user, now=now)

        assert membership(igor).role == "admin"


def at_the_same_time(*actions):
    """Run actions in threads that begin together; return what each of them raised, or None."""
    ready, came = threading.Barrier(len(actions)), [None] * len(actions)

    def run(number, action):
        try:
            ready.wait()
            action()
        except members.MemberRefused as refusal:
            came[number] = refusal
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=one) for one in enumerate(actions)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return came


@pytest.mark.django_db(transaction=True)
class TestAtTheSameMoment:
    @pytest.fixture
    def two_admins(self, sunfix):
        return [people.staff(f"{name}@sunfix.example", sunfix, "admin") for name in ("igor", "zoe")]

    @pytest.mark.parametrize("attempt", range(3))
    def test_two_admins_who_remove_each_other_leave_one(self, two_admins, sunfix, now, attempt):
        igor, zoe = two_admins
        of_igor, of_zoe = membership(igor), membership(zoe)
        refused = at_the_same_time(
            lambda: members.remove(membership=of_zoe, actor=igor.user, now=now),
            lambda: members.remove(membership=of_igor, actor=zoe.user, now=now),
        )

        assert [one is None for one in refused].count(True) == 1
        assert sunfix.memberships.filter(role="admin").count() == 1

    def test_two_admins_who_step_down_leave_one(self, two_admins, sunfix, now):
        igor, zoe = map(membership, two_admins)
        refused = at_the_same_time(
            lambda: members.change_role(membership=igor, role="viewer", actor=two_admins[0].user, now=now),
            lambda: members.leave(membership=zoe, now=now),
        )

        assert [one is None for one in refused].count(True) == 1
        assert sunfix.memberships.filter(role="admin").count() == 1

    def test_an_invitation_makes_one_member_once(self, two_admins, sunfix, now):
        made = invitations.invite(
            organization=sunfix, email="new@sunfix.example", role="viewer", actor=two_admins[0].user, now=now
        )
        new = people.person("new@sunfix.example")

        def accept():
            invitations.accept(secret=made.secret, user=new, now=now)

        refused = at_the_same_time(accept, accept, accept)

        assert sorted(str(one) for one in refused).count("None") == 1
        assert sunfix.memberships.filter(user=new).count() == 1
        assert Event.objects.filter(name="member_joined").count() == 1

    def test_one_address_is_invited_once(self, two_admins, sunfix, now):
        def invite():
            invitations.invite(
                organization=sunfix, email="a@b.example", role="viewer", actor=two_admins[0].user, now=now
            )

        assert [one is None for one in at_the_same_time(invite, invite)].count(True) == 1
        assert sunfix.invitations.count() == 1
