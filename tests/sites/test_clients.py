import threading
from datetime import timedelta

import pytest
from django.db import connections as databases

from gridshare_portal import seal
from gridshare_portal.gridshare import errors
from gridshare_portal.gridshare.http import parallel
from gridshare_portal.lunar import models as lunar
from gridshare_portal.lunar.tokens import refresh
from gridshare_portal.sites import clients
from gridshare_portal.sites import models as sites

pytestmark = pytest.mark.django_db

READ, WRITE = "lunar/device.read", "lunar/plan.write"


def change(visitor, **fields):
    lunar.Connection.objects.filter(pk=visitor.connection.pk).update(**fields)


class TestTheWayToAHome:
    def test_leads_through_the_connection_that_may_do_this(self, homeowner, co_owner):
        change(homeowner, scopes=READ)

        assert clients.connection_for(homeowner.site, scope=WRITE) == co_owner.connection

    def test_leads_through_the_one_that_failed_least_then_was_read_last(self, homeowner, co_owner, now):
        change(homeowner, last_read_at=now - timedelta(hours=1))
        change(co_owner, last_read_at=now)
        assert clients.connection_for(homeowner.site, scope=READ) == co_owner.connection

        change(co_owner, failures=1)
        assert clients.connection_for(homeowner.site, scope=READ) == homeowner.connection

    @pytest.mark.parametrize("status", ["reconnect", "disconnected"])
    def test_says_that_it_ended(self, homeowner, status):
        change(homeowner, status=status)

        with pytest.raises(clients.NoAccessPath) as found:
            clients.for_site(homeowner.site, scope=READ)

        assert found.value.reason == "ended" and "Connect again" in str(found.value)

    def test_names_the_permission_that_is_missing(self, homeowner):
        change(homeowner, scopes=READ)

        with pytest.raises(clients.NoAccessPath) as found:
            clients.for_site(homeowner.site, scope=WRITE)

        assert (found.value.reason, found.value.scope) == ("missing_scope", WRITE)

    def test_does_not_exist_where_the_home_is_no_longer_listed(self, homeowner, now):
        sites.ConnectionSite.objects.update(lost_at=now)

        with pytest.raises(clients.NoAccessPath) as found:
            clients.for_site(homeowner.site, scope=READ)

        assert found.value.reason == "none"

    def test_leads_there(self, homeowner):
        client = clients.for_site(homeowner.site, scope=READ)

        assert client.list_sites() == (homeowner.site.synth_id,)


class TestATokenThatCannotBeHad:
    @pytest.mark.parametrize(
        ("raised", "kind", "reason"),
        [
            (refresh.ReconnectRequired("invalid_grant"), clients.NoAccessPath, "ended"),
            (refresh.Busy(), clients.NotNow, "busy"),
            (refresh.Transient("timeout"), clients.NotNow, "transient"),
            (refresh.Misconfigured("invalid_client"), clients.NotNow, "misconfigured"),
            (seal.SecretUnreadable(), clients.NotNow, "misconfigured"),
        ],
    )
    def test_is_one_of_two_kinds_for_callers(self, homeowner, monkeypatch, raised, kind, reason):
        def refuse(*_args, **_rest):
            raise raised

        monkeypatch.setattr(refresh, "access_token", refuse)

        with pytest.raises(kind) as found:
            clients.for_site(homeowner.site, scope=READ)

        assert found.value.reason == reason and str(found.value).endswith(".")
        assert isinstance(found.value, clients.AccessPathError)

    def test_ends_the_way_where_lunar_revoked_it(self, homeowner, sandbox):
        sandbox.faults.switch_on("oauthToken", "invalid_grant")
        change(homeowner, access_expires_at=None)

        with pytest.raises(clients.NoAccessPath) as found:
            clients.for_site(homeowner.site, scope=READ)

        assert found.value.reason == "ended"
        assert homeowner.connection.status == "reconnect"


@pytest.mark.django_db(transaction=True)
class TestCallsSideBySide:
    def test_renew_a_refused_token_once_for_all_of_them(self, homeowner, sandbox):
        token = clients._Token(homeowner.connection.pk)
        refused, before = token(), sandbox.calls("oauthToken")

        came = parallel.gather([lambda: token(force=True)] * 6, at_most=6)

        assert sandbox.calls("oauthToken") - before == 1
        assert len(set(came)) == 1 and came[0] != refused

    def test_succeed_after_one_was_refused(self, homeowner, sandbox):
        client = clients.for_site(homeowner.site, scope=READ)
        sandbox.faults.switch_on("listSites", "token_expired", times=1)

        came = parallel.gather([client.list_sites] * 6, at_most=6)

        assert [len(answer) for answer in came] == [1] * 6

    def test_give_up_where_the_new_token_is_refused_too(self, homeowner, sandbox):
        client = clients.for_site(homeowner.site, scope=READ)
        before = sandbox.calls("oauthToken")
        sandbox.faults.switch_on("listSites", "token_expired")

        came = parallel.gather([client.list_sites] * 6, at_most=6)

        assert all(isinstance(answer, errors.Unauthorized) for answer in came)
        assert sandbox.calls("oauthToken") - before == 1

    def test_leave_no_database_connection_behind(self, homeowner):
        token = clients._Token(homeowner.connection.pk)
        left = []

        def elsewhere():
            token(force=True)
            left.append(databases["default"].connection)

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()

        assert left == [None]


class TestASuccess:
    def test_is_noted_at_most_once_a_minute(self, homeowner, now, django_assert_num_queries):
        connection = homeowner.connection
        later = now + timedelta(minutes=2)

        clients.note_success(connection, now=later)
        with django_assert_num_queries(0):
            clients.note_success(connection, now=later + timedelta(seconds=59))
        clients.note_success(connection, now=later + timedelta(seconds=60))

        assert homeowner.connection.last_read_at == later + timedelta(seconds=60)
