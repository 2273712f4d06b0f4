"""Indexes that are built while others write."""

import pytest
from django.db import NotSupportedError, connection, models
from django.db.migrations.state import ModelState, ProjectState

from gridshare_portal.upkeep.operations import AddIndexOnline

OPERATION = AddIndexOnline("line", models.Index(fields=["name"], name="line_by_name"))


@pytest.fixture
def table(another_database):
    """A table of its own, and the project's states before and after the index."""
    fields = [("id", models.BigAutoField(primary_key=True)), ("name", models.TextField())]
    before = ProjectState()
    before.add_model(ModelState("audit", "Line", fields))
    with connection.schema_editor() as editor:
        editor.create_model(before.apps.get_model("audit", "Line"))
    after = before.clone()
    OPERATION.state_forwards("audit", after)
    return before, after


def indexes():
    with connection.cursor() as cursor:
        return set(connection.introspection.get_constraints(cursor, "audit_line"))


def forwards(table, **how):
    with connection.schema_editor(**{"atomic": False, **how}) as editor:
        OPERATION.database_forwards("audit", editor, *table)


class TestAnIndex:
    def test_comes_and_goes(self, table):
        forwards(table)
        assert "line_by_name" in indexes()

        with connection.schema_editor(atomic=False) as editor:
            OPERATION.database_backwards("audit", editor, *reversed(table))
        assert "line_by_name" not in indexes()


class TestOnPostgresql:
    @pytest.fixture(autouse=True)
    def postgresql(self, table):
        if connection.vendor != "postgresql":
            pytest.skip("SQLite builds no index beside its writers")

    def test_it_locks_nobody_out_and_waits_for_whoever_writes(self, table):
        said, waits = [], set()

        def listen(execute, sql, params, many, context):
            said.append(sql)
            if "CREATE INDEX" in sql:
                waits.update(connection.connection.execute("SHOW lock_timeout").fetchone())
            return execute(sql, params, many, context)

        with connection.execute_wrapper(listen):
            connection.cursor().execute("SET lock_timeout = '3s'")
            forwards(table)

        assert [sql for sql in said if "CREATE INDEX" in sql and "CONCURRENTLY" not in sql] == []
        assert waits == {"0"}
        assert connection.connection.execute("SHOW lock_timeout").fetchone() == ("3s",)

    def test_it_refuses_to_be_built_in_a_transaction(self, table):
        with pytest.raises(NotSupportedError, match="atomic = False"):
            forwards(table, atomic=True)

    def test_what_a_failed_try_left_behind_is_built_anew(self, table):
        forwards(table)
        mark = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'line_by_name'::regclass"
        connection.cursor().execute(mark)

        forwards(table)

        with connection.cursor() as cursor:
            cursor.execute("SELECT indisvalid FROM pg_index WHERE indexrelid = 'line_by_name'::regclass")
            assert cursor.fetchone() == (True,)
