"""The page's promises, one by one: before its time is over a row is there, and after it is gone."""

from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db.models import QuerySet

from gridshare_portal.access import models as access
from gridshare_portal.accounts import models as accounts
from gridshare_portal.audit import models as audit
from gridshare_portal.cases import models as cases
from gridshare_portal.lunar import models as lunar
from gridshare_portal.portfolio import models as portfolio
from gridshare_portal.reports import models as reports
from gridshare_portal.retention import rules, sweep
from gridshare_portal.runs import models as runs
from gridshare_portal.sites import models as sites
from gridshare_portal.sites.reading import handover
from tests import people
from tests.retention import kept, test_rules

pytestmark = pytest.mark.django_db
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
SOON = {"readings": DAY, "sums": DAY}  # a day is whole days old
NAMED = [f"{rule}: {make.__name__}" for rule, make in kept.ROWS]


@pytest.fixture
def world(now):
    return kept.World(now)


def swept(now):
    return sweep.run(now=now, for_s=60).gone


def is_there(row):
    if isinstance(row, QuerySet):
        return row.exists()
    return type(row)._base_manager.filter(pk=row.pk).exists()


class TestEveryRule:
    def test_with_a_length_is_tried_here(self):
        with_a_length = {rule.name for rule in rules.RULES if rule.lasting}

        assert {rule for rule, _make in kept.ROWS} | set(test_rules.ELSEWHERE) == with_a_length

    @pytest.mark.parametrize(("rule", "make"), kept.ROWS, ids=NAMED)
    def test_keeps_a_row_for_its_time_and_no_longer(self, world, now, rule, make):
        began = now - rules.length(rule)
        row = make(world, began)
        around = SOON.get(rule, MINUTE)
        tasks = tuple(task for task in sweep.TASKS if task.rule == rule)

        assert sweep.run(now=now - around, for_s=60, tasks=tasks).gone == {}
        assert is_there(row)

        assert sum(task.rows(now + around).count() for task in tasks) == 1
        assert sweep.run(now=now + around, for_s=60, tasks=tasks).gone == {rule: 1}
        assert not is_there(row)

    def test_takes_nobody_else_s_row(self, world, now):
        ben = people.person("ben@portal.example")
        home = world.make_home("site-of-ben", world.connect(ben, sub="sub-of-ben"))
        for rule, make in kept.ROWS:
            if rule not in ("home", "group", "case of an unshared home"):
                make(world, now - rules.length(rule))
        lunar.Connection.objects.filter(user=world.user).update(
            status="disconnected", status_since_at=now - 31 * DAY
        )

        swept(now + DAY)

        assert is_there(ben) and is_there(home) and is_there(world.user)
        assert not is_there(world.home)


class TestWhatIsInForce:
    """Whatever its age."""

    def test_stays(self, world, now):
        ago = now - 4000 * DAY
        sites.Site.objects.update(created_at=ago)
        run = world.run(ago, state="paused", ended_at=None)
        waiting = world.run(ago, state="checked", ended_at=None, start_at=now + 20000 * DAY)
        rows = [
            world.home,
            world.connection,
            world.consent,
            world.change(ago),  # the last of its device: it says who set what is in force
            world.case(ago, closed_at=None, closed_how=""),
            run,
            waiting,
            accounts.Membership.objects.create(user=world.user, organization=world.company, role="admin"),
            people.organization("installer", "SunFix"),
        ]
        open_change = world.change(ago, outcome="open", settled_at=None, kind="plan")
        lunar.Connection.objects.update(status_since_at=ago)

        swept(now + 4000 * DAY)

        assert [row for row in [*rows, open_change] if not is_there(row)] == []

    def test_of_a_home_is_a_connection_of_anybody(self, world, now):
        kept.home(world, now - 400 * DAY)
        ben = people.person("ben@portal.example")
        way = sites.ConnectionSite.objects.create(
            site=world.home, connection=world.connect(ben, sub="sub-of-ben"), seen_at=now
        )

        swept(now)

        assert is_there(world.home) and is_there(way)
        assert not is_there(world.connection)

    def test_of_a_home_is_the_connection_that_ended_last(self, world, now):
        kept.home(world, now - 400 * DAY)
        late = world.connect(people.person("ben@portal.example"), "disconnected", now - 5 * DAY, sub="b")
        sites.ConnectionSite.objects.create(site=world.home, connection=late, seen_at=now)

        swept(now)
        assert is_there(world.home) and is_there(late)

        swept(now + 26 * DAY)
        assert not is_there(world.home) and not is_there(late)

    def test_is_no_home_that_lunar_lists_no_longer(self, world, now):
        sites.ConnectionSite.objects.update(lost_at=now - 31 * DAY)

        swept(now)

        assert not is_there(world.home) and is_there(world.connection)

    def test_is_a_change_that_a_line_of_a_run_tells_of(self, world, now):
        change = kept.change(world, now - 1000 * DAY)
        run = world.run(now - 700 * DAY)
        runs.Line.objects.update(change=change)

        swept(now)
        assert is_there(change)

        swept(now + 100 * DAY)
        assert not is_there(run) and sweep.run(now=now + 100 * DAY, for_s=60).gone == {}
        assert not is_there(change)

    def test_is_a_declined_request_as_long_as_one_that_nobody_answered(self, world, now):
        asked = kept.request(world, now - 29 * DAY)
        access.Request.objects.update(answer="declined", answered_at=now - 42 * DAY)

        swept(now)
        assert is_there(asked)

        swept(now + 2 * DAY)
        assert not is_there(asked)

    @pytest.mark.parametrize("is_so", ["verified", "signed in", "operator"])
    def test_is_an_account_that_somebody_proved(self, world, now, is_so):
        user = kept.unproven_account(world, now - 31 * DAY)
        if is_so == "verified":
            EmailAddress.objects.filter(user=user).update(verified=True)
        accounts.User.objects.filter(pk=user.pk).update(
            is_staff=is_so == "operator", last_login=now if is_so == "signed in" else None
        )

        swept(now)

        assert is_there(user)


class TestAHomeInWhichOthersLive:
    def test_is_kept_for_whoever_may_look_at_it_while_they_are_connected(self, world, now):
        handover.leave(world.home, gone=[], now=now - 400 * DAY)

        swept(now)

        assert is_there(world.home) and is_there(world.connection)

    def test_goes_a_month_after_they_disconnect(self, world, now):
        handover.leave(world.home, gone=[], now=now - 400 * DAY)
        kept.home(world, now - rules.length("home"))

        swept(now - MINUTE)
        assert is_there(world.home)

        swept(now + MINUTE)
        assert not is_there(world.home)

    def test_goes_a_month_after_lunar_took_it_out_of_their_account(self, world, now):
        gone_at = now - rules.length("home")
        handover.leave(world.home, gone=[world.connection.pk], now=gone_at)

        swept(now - MINUTE)
        assert is_there(world.home)

        swept(now + MINUTE)
        assert not is_there(world.home) and is_there(world.connection)

    def test_takes_nothing_of_the_others_along(self, world, now):
        handover.leave(world.home, gone=[], now=now - 400 * DAY)
        ben = people.person("ben@portal.example")
        theirs = world.make_home("site-of-ada", world.connect(ben, sub="sub-of-ben"))
        kept.home(world, now - 31 * DAY)
        lunar.Connection.objects.filter(user=ben).update(status="active")

        swept(now)

        assert is_there(theirs) and not is_there(world.home)


class TestSignIns:
    def test_go_when_they_end(self, world, now):
        over = Session.objects.create(session_key="over", session_data="x", expire_date=now - MINUTE)
        alive = Session.objects.create(session_key="alive", session_data="x", expire_date=now + MINUTE)
        known = {"user": world.user, "ip": "10.0.0.1"}
        for key in ("over", "alive"):
            UserSession.objects.create(session_key=key, created_at=now - 3 * DAY, **known)
        UserSession.objects.update(created_at=now - 3 * DAY)

        swept(now)

        assert not is_there(over) and is_there(alive)
        assert list(UserSession.objects.values_list("session_key", flat=True)) == ["alive"]

    def test_of_this_moment_are_listed_before_they_are_stored(self, world, now):
        listed = UserSession.objects.create(user=world.user, ip="10.0.0.1", session_key="new")

        swept(now + MINUTE)

        assert is_there(listed)

    def test_leave_counters_that_end_by_themselves(self, now):
        for key, ends in (("over", now - MINUTE), ("alive", now + MINUTE)):
            accounts.CacheEntry.objects.create(cache_key=key, value="x", expires=ends)

        swept(now)

        assert list(accounts.CacheEntry.objects.values_list("cache_key", flat=True)) == ["alive"]


class TestLeavingACompany:
    def test_ends_its_letters_and_own_lists(self, world, now):
        rows = [
            cases.Digest.objects.create(user=world.user, organization=world.company, due_at=now),
            reports.Subscription.objects.create(user=world.user, organization=world.company),
            portfolio.SavedView.objects.create(owner=world.user, organization=world.company, name="Mine"),
        ]
        shared = portfolio.SavedView.objects.create(organization=world.company, name="Ours")
        works = accounts.Membership.objects.create(user=world.user, organization=world.company, role="admin")

        swept(now)
        assert all(map(is_there, rows))

        works.delete()
        swept(now)
        assert not any(map(is_there, rows)) and is_there(shared)


class TestAnAddressThatWasInvited:
    def test_goes_from_the_record_with_an_invitation_that_nobody_used(self, world, now):
        kept.invitation(world, now - 31 * DAY)
        details = {"email": "ned@new.example", "role": "viewer"}
        told = audit.Event.objects.create(
            at=now, name="member_invited", organization_id=world.company.pk, details=details
        )

        swept(now)

        told.refresh_from_db()
        assert told.details == {"email": "an address that is no longer kept", "role": "viewer"}


class TestAHomeThatGoes:
    def test_takes_its_connection_along_and_becomes_nameless_in_the_record(self, world, now):
        kept.home(world, now - 31 * DAY)
        about = {"at": now, "site_id": world.home.synth_id, "organization_id": world.company.pk}
        told = audit.Event.objects.create(name="site_opened", details={"words": "of ada"}, **about)

        swept(now)

        told.refresh_from_db()
        assert not is_there(world.home) and not is_there(world.connection)
        assert told.site_id.startswith("deleted-") and told.details == {}
        assert told.organization_id == world.company.pk


class TestASweep:
    def test_stops_when_its_time_is_over_and_goes_on_next_time(self, world, now, monkeypatch):
        monkeypatch.setattr(sweep, "TOGETHER", 2)
        for _ in range(5):
            kept.visit(world, now - 3 * rules.YEAR)
        counts = []
        while access.Visit.objects.exists() and len(counts) < 9:
            assert sweep.run(now=now, for_s=0).is_left
            counts.append(access.Visit.objects.count())

        assert counts == [3, 1, 0]

    def test_takes_the_lines_of_a_run_in_parts(self, world, now, monkeypatch):
        monkeypatch.setattr(sweep, "TOGETHER", 2)
        run = world.run(now - 3 * rules.YEAR)
        for number in range(1, 6):
            home = world.make_home(f"home-{number}", world.connection)
            runs.Line.objects.create(run=run, site=home, position=number)

        assert swept(now) == {"run": 1}
        assert not runs.Line.objects.exists()

    def test_reads_events_from_the_oldest_on(self, world, now, monkeypatch):
        monkeypatch.setattr(sweep, "EVENTS_TOGETHER", 2)
        for years in (5, 4, 3, 1, 0):
            kept.event(world, now - years * rules.YEAR)

        assert swept(now) == {"event": 3}
        assert audit.Event.objects.count() == 2

    def test_does_the_rest_where_one_rule_fails(self, world, now, monkeypatch, caplog):
        def fail(_now):
            raise RuntimeError("no such table")
            yield 0

        broken = sweep.Task(rule="visit", rows=lambda now: access.Visit.objects.none(), steps=fail)
        world.case(now - 3 * rules.YEAR)

        result = sweep.run(now=now, for_s=60, tasks=(broken, *sweep.TASKS))

        assert result.gone == {"case": 1}
        assert "visit could not be swept" in caplog.text

    def test_says_in_the_log_how_many_went(self, world, now, caplog):
        caplog.set_level("INFO", logger="gridshare_portal.retention.sweep")
        kept.visit(world, now - 3 * rules.YEAR)

        swept(now)

        assert [record.getMessage() for record in caplog.records] == ["retention: visit: 1 gone"]

    def test_by_hand_says_what_would_go_and_leaves_it(self, world, now, capsys):
        visit = kept.visit(world, now - 3 * rules.YEAR)

        call_command("sweep_retention", "--dry-run")
        assert "visit: 1\n" in capsys.readouterr().out and is_there(visit)

        call_command("sweep_retention")
        assert "1 rows are gone" in capsys.readouterr().out and not is_there(visit)

    def test_leaves_a_change_that_came_into_force_while_it_looked(self, world, now):
        """Rows are looked at again once they are locked."""
        run = kept.draft(world, now - 91 * DAY)
        rows = next(task.rows for task in sweep.TASKS if task.rule == "draft of a run")
        runs.Run.objects.filter(pk=run.pk).update(state="running")

        assert sweep._acted(rows, sweep._delete, now, run.pk) == 0
        assert is_there(run)
