"""How long a session lasts, as rules and as its person meets them."""

from datetime import UTC, datetime, timedelta

import pytest
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from gridshare_portal.accounts.organizations import members
from gridshare_portal.accounts.signing_in import session_limits
from gridshare_portal.audit.models import Event

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def moved(visitor, by):
    """Let so much time pass for this visitor's session."""
    session = visitor.session
    for name in (session_limits.BEGAN, session_limits.SEEN, session_limits.PROVEN):
        session[name] = session.get(name, 0) - int(by.total_seconds())
    session.save()
    return visitor


class TestTheRule:
    @pytest.mark.parametrize(
        ("limits", "since_seen", "since_began", "end"),
        [
            (session_limits.STAFF, 29 * MINUTE, 11 * HOUR, None),
            (session_limits.STAFF, 30 * MINUTE, 30 * MINUTE, session_limits.End.IDLE),
            (session_limits.STAFF, MINUTE, 12 * HOUR, session_limits.End.WHOLE),
            (session_limits.HOMEOWNER, 14 * DAY - MINUTE, 29 * DAY, None),
            (session_limits.HOMEOWNER, 14 * DAY, 14 * DAY, session_limits.End.IDLE),
            (session_limits.HOMEOWNER, MINUTE, 30 * DAY, session_limits.End.WHOLE),
        ],
    )
    def test_ends_what_is_idle_or_old(self, limits, since_seen, since_began, end):
        moments = session_limits.Moments(began_at=NOON - since_began, seen_at=NOON - since_seen)

        assert session_limits.end_of(moments, limits, now=NOON) is end

    @given(st.integers(0, 60 * 24 * 40), st.integers(0, 60 * 24 * 40), st.integers(0, 60 * 24 * 40))
    def test_never_revives_what_has_ended(self, began, seen, later):
        moments = session_limits.Moments(began_at=NOON - began * MINUTE, seen_at=NOON - seen * MINUTE)
        for limits in (session_limits.STAFF, session_limits.HOMEOWNER):
            if session_limits.end_of(moments, limits, now=NOON):
                assert session_limits.end_of(moments, limits, now=NOON + later * MINUTE)


class TestAHomeowner:
    def test_stays_for_two_weeks(self, homeowner):
        assert moved(homeowner, 14 * DAY - HOUR).get("/sharing/").status_code == 200

    def test_is_signed_out_after_two_weeks_without_a_visit_and_told_why(self, homeowner):
        old_key = homeowner.session.session_key
        page = moved(homeowner, 14 * DAY + MINUTE).get("/sharing/", follow=True)

        assert page.redirect_chain[0][0] == "/accounts/login/?next=/sharing/"
        assert "because nothing was done here for 14 days" in page.text
        assert not Session.objects.filter(session_key=old_key).exists()
        assert Event.objects.get(name="signed_out", actor_id=homeowner.user.pk).details == {"why": "idle"}

    def test_is_signed_out_a_month_after_signing_in_however_often_they_come(self, homeowner):
        for _ in range(3):
            assert moved(homeowner, 9 * DAY).get("/sharing/").status_code == 200

        assert (
            "because you signed in 30 days ago"
            in moved(homeowner, 3 * DAY).get("/sharing/", follow=True).text
        )


class TestStaff:
    def test_are_signed_out_after_half_an_hour(self, installer):
        assert moved(installer, 29 * MINUTE).get("/support/sunfix/").status_code == 200
        page = moved(installer, 31 * MINUTE).get("/support/sunfix/", follow=True)

        assert (
            "nothing was done here for 30 minutes" in page.text
            and page.request["PATH_INFO"] == "/accounts/login/"
        )

    def test_are_signed_out_after_twelve_hours_of_work(self, installer):
        for _ in range(24):
            assert moved(installer, 29 * MINUTE).get("/support/sunfix/").status_code == 200

        assert (
            "you signed in 12 hours ago"
            in moved(installer, 29 * MINUTE).get("/support/sunfix/", follow=True).text
        )

    def test_are_not_kept_by_a_page_that_renews_itself(self, installer):
        for _ in range(2):
            moved(installer, 20 * MINUTE).get("/support/sunfix/", headers={"X-Renewed": "1"})

        assert installer.get("/support/sunfix/").status_code == 302

    def test_who_own_a_home_as_well_have_the_limits_of_staff(self, homeowner, sunfix):
        members.add(organization=sunfix, user=homeowner.user, role="viewer", now=timezone.now())

        assert moved(homeowner, HOUR).get("/sharing/").status_code == 302

    def test_who_run_the_portal_have_them_too(self, stranger):
        stranger.user.is_staff = True
        stranger.user.save()

        assert moved(stranger, HOUR).get("/sharing/").status_code == 302


class TestASessionFromBefore:
    def test_counts_from_its_first_request(self, homeowner):
        session = homeowner.session
        for name in (session_limits.BEGAN, session_limits.SEEN, session_limits.PROVEN):
            del session[name]
        session.save()

        assert homeowner.get("/sharing/").status_code == 200
        assert homeowner.session[session_limits.BEGAN] <= timezone.now().timestamp()
        assert moved(homeowner, 15 * DAY).get("/sharing/").status_code == 302


class TestANoteOfARequest:
    def test_is_written_now_and_then(self, homeowner, django_assert_num_queries):
        homeowner.get("/sharing/")
        before = homeowner.session[session_limits.SEEN]
        moved(homeowner, 30 * MINUTE).get("/sharing/")
        assert homeowner.session[session_limits.SEEN] == before - 1800
        moved(homeowner, HOUR).get("/sharing/")

        assert homeowner.session[session_limits.SEEN] >= before


class TestANewRole:
    def change(self, membership, role):
        members.change_role(membership=membership, role=role, actor=None, now=timezone.now())

    def test_gives_the_session_another_key_and_keeps_the_person_in(self, installer, sunfix):
        installer.get("/support/sunfix/")
        before = installer.session.session_key
        UserSession.objects.create(user=installer.user, session_key=before, ip="127.0.0.1", user_agent="x")
        self.change(installer.user.memberships.get(), "viewer")

        assert installer.get("/support/sunfix/").status_code == 200
        after = installer.session.session_key
        assert after != before and not Session.objects.filter(session_key=before).exists()
        assert set(UserSession.objects.values_list("session_key", flat=True)) == {after}
        installer.get("/support/sunfix/")
        assert installer.session.session_key == after

    def test_is_also_one_that_somebody_gets_or_gives_up(self, stranger, sunfix, installer_admin):
        stranger.get("/sharing/")
        keys = [stranger.session.session_key]
        member = members.add(organization=sunfix, user=stranger.user, role="viewer", now=timezone.now())
        for _ in range(2):
            stranger.get("/sharing/")
            keys.append(stranger.session.session_key)
            if len(keys) == 2:
                members.leave(membership=member, now=timezone.now())

        assert len(set(keys)) == 3

    def test_leaves_other_people_alone(self, installer, installer_admin):
        installer_admin.get("/support/sunfix/")
        before = installer_admin.session.session_key
        self.change(installer.user.memberships.get(), "viewer")
        installer_admin.get("/support/sunfix/")

        assert installer_admin.session.session_key == before


class TestANewSecretKey:
    OLD, NEW = "an earlier key " * 4, "a newer key " * 5

    def test_signs_nobody_out_while_the_old_one_is_named(self, settings, stranger):
        settings.SECRET_KEY = self.OLD
        stranger.force_login(stranger.user)
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = self.NEW, [self.OLD]
        assert stranger.get("/sharing/").status_code == 200

        settings.SECRET_KEY_FALLBACKS = []  # the session took the new key with that request
        assert stranger.get("/sharing/").status_code == 200

    def test_signs_everybody_out_when_the_old_one_is_forgotten(self, settings, stranger):
        settings.SECRET_KEY = self.OLD
        stranger.force_login(stranger.user)
        settings.SECRET_KEY = self.NEW

        assert stranger.get("/sharing/").status_code == 302
