"""The database goes away, restarts or is locked, on whichever of the two the suite runs."""

import contextlib
import sqlite3
import threading
from contextlib import contextmanager

import psycopg
import pytest
from django.db import OperationalError, ProgrammingError, connection
from django.urls import reverse

from gridshare_portal import database_outage
from gridshare_portal.access import policy
from gridshare_portal.sites import models as sites
from gridshare_portal.sites import settings as site_settings

WITH_DATABASE = pytest.mark.django_db(transaction=True)
IS_POSTGRES = connection.vendor == "postgresql"
NAME = {"name": "Oak Street", "time_zone": "America/Los_Angeles"}


@pytest.fixture
def visitor(homeowner):
    homeowner.raise_request_exception = False
    yield homeowner
    connection.close()  # broken, perhaps: the next test takes a new one


@contextmanager
def away():
    """Point the portal's connection where no database answers."""
    known = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict |= (
        {"HOST": "127.0.0.1", "PORT": "1"} if IS_POSTGRES else {"NAME": "/nonexistent/x"}
    )
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(known)


@contextmanager
def locked(table):
    """Let somebody else hold a table, or the whole file, for longer than the portal waits."""
    held, free = threading.Event(), threading.Event()

    def hold():
        other = connection.copy()
        try:
            with other.cursor() as cursor:
                cursor.execute("BEGIN" if IS_POSTGRES else "BEGIN IMMEDIATE")
                cursor.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE") if IS_POSTGRES else None
                held.set()
                free.wait(30)
                cursor.execute("ROLLBACK")
        finally:
            other.close()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 200" if IS_POSTGRES else "PRAGMA busy_timeout = 200")
    try:
        yield
    finally:
        free.set()
        thread.join(10)
        connection.close()


def is_calm(page):
    return page.status_code == 503 and page["Retry-After"] == "5" and "cannot be reached" in page.text


@WITH_DATABASE
class TestADatabaseThatIsAway:
    def test_is_a_calm_page_and_no_fault_of_ours(self, visitor):
        with away():
            assert is_calm(visitor.get("/homes/"))

        assert visitor.get("/homes/", follow=True).status_code == 200

    def test_costs_nobody_the_session(self, visitor):
        address = reverse("homeowner:settings", args=[visitor.site.synth_id])
        with away():
            assert is_calm(visitor.post(address, NAME))

        assert visitor.get(address).status_code == 200
        assert sites.Site.objects.get(pk=visitor.site.pk).name != NAME["name"]


@WITH_DATABASE
class TestALock:
    def test_that_lasts_too_long_is_a_503_and_leaves_nothing_half_done(self, visitor):
        address = reverse("homeowner:settings", args=[visitor.site.synth_id])
        with locked(sites.Site._meta.db_table):
            page = visitor.post(address, NAME)

        assert is_calm(page)
        assert sites.Site.objects.get(pk=visitor.site.pk).name != NAME["name"]


@WITH_DATABASE
@pytest.mark.skipif(not IS_POSTGRES, reason="a file has no connection that breaks")
class TestAConnectionThatBreaks:
    def end_own(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    def broken(self, monkeypatch, module, name, times):
        """Have the server end the connection in the middle of a request, so many times."""
        real, ends = getattr(module, name), [True] * times

        def breaking(*args, **kwargs):
            if ends:
                ends.pop()
                self.end_own()
            return real(*args, **kwargs)

        monkeypatch.setattr(module, name, breaking)

    def test_under_a_read_is_not_noticed(self, visitor, monkeypatch):
        self.broken(monkeypatch, policy, "own_sites", times=1)

        assert visitor.get("/homes/", follow=True).status_code == 200

    def test_again_is_a_calm_page(self, visitor, monkeypatch):
        self.broken(monkeypatch, policy, "own_sites", times=2)

        assert is_calm(visitor.get("/homes/", follow=True))

    def test_under_a_write_is_said_and_never_repeated(self, visitor, monkeypatch):
        self.broken(monkeypatch, site_settings, "rename", times=1)
        page = visitor.post(reverse("homeowner:settings", args=[visitor.site.synth_id]), NAME)

        assert is_calm(page) and "look at the activity page" in page.text
        assert sites.Site.objects.get(pk=visitor.site.pk).name != NAME["name"]


class TestAFullDisk:
    def test_is_an_outage(self):
        with contextlib.closing(sqlite3.connect(":memory:")) as small, pytest.raises(sqlite3.Error) as full:
            small.execute("PRAGMA max_page_count = 2")
            small.execute("CREATE TABLE a AS SELECT randomblob(100000)")

        assert "full" in str(full.value)
        assert database_outage.is_outage(full.value)
        assert database_outage.is_outage(psycopg.errors.DiskFull())


class TestAFaultOfOurs:
    @WITH_DATABASE
    def test_stays_a_500(self, visitor, monkeypatch):
        def wrong(*_args, **_kwargs):
            with connection.cursor() as cursor:
                cursor.execute("SELECT nothing FROM nowhere")

        monkeypatch.setattr(policy, "own_sites", wrong)
        page = visitor.get("/homes/", follow=True)

        assert page.status_code == 500 and "Something broke on our side" in page.text

    @pytest.mark.parametrize(
        "error",
        [
            None,
            ValueError(),
            ProgrammingError(),
            OperationalError("of no database"),
            sqlite3.OperationalError("no such table"),
        ],
    )
    def test_is_no_outage(self, error):
        assert not database_outage.is_outage(error)

    @pytest.mark.parametrize(
        ("error", "is_broken"),
        [
            (psycopg.OperationalError("refused"), True),
            (psycopg.InterfaceError("closed"), True),
            (psycopg.errors.AdminShutdown(), True),
            (psycopg.errors.TooManyConnections(), True),
            (psycopg.errors.LockNotAvailable(), False),
            (psycopg.errors.QueryCanceled(), False),
            (psycopg.errors.DeadlockDetected(), False),
        ],
    )
    def test_is_not_what_a_server_says_that_goes_away(self, error, is_broken):
        assert database_outage.is_outage(error) and database_outage.is_broken(error) is is_broken
