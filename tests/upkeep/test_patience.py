"""Migrations on PostgreSQL take the time they need, and do not let others wait."""

import pytest
from django.core.management import call_command
from django.db import connection

from gridshare_portal.upkeep import patience

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def postgresql():
    if connection.vendor != "postgresql":
        pytest.skip("SQLite knows no such bounds")


def bounds():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout'), current_setting('lock_timeout')")
        return cursor.fetchone()


class TestMigrations:
    def test_have_no_deadline_but_for_locks_and_leave_none(self):
        usual = bounds()
        patience.begin(using="default")
        meanwhile = bounds()
        patience.end(using="default")

        assert (usual, meanwhile, bounds()) == (("5s", "0"), ("0", "3s"), ("5s", "0"))

    def test_are_run_so(self):
        said = []

        def listen(execute, sql, params, many, context):
            said.append(sql)
            return execute(sql, params, many, context)

        with connection.execute_wrapper(listen):
            call_command("migrate", "audit", verbosity=0)

        begin, end = (
            next(i for i, sql in enumerate(said) if word in sql) for word in ("SET stat", "RESET stat")
        )
        assert begin < end
