"""Empties the database after a test that commits: only the tables that were written to.

Django empties every table and then makes anew what migrations make, permissions and the like, which takes longer
than most tests. Here these stay, as nothing changes them.
"""

from functools import cache

from django.db import connections, transaction
from django.test import TransactionTestCase

MADE_BY_MIGRATIONS = {"django_migrations", "django_content_type", "auth_permission"}


def install():
    """Have Django empty the database like this after every test with transactions of its own."""
    TransactionTestCase._fixture_teardown = empty_all


def empty_all(case):
    for alias in case._databases_names(include_mirrors=False):
        empty(alias)


def empty(alias):
    """Delete all rows, in one transaction whose end checks what refers to what."""
    connection = connections[alias]
    with transaction.atomic(using=alias), connection.cursor() as cursor:
        cursor.execute(_written_to(alias, connection.settings_dict["NAME"]))
        for (table,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {connection.ops.quote_name(table)}")


@cache
def _written_to(alias, _name):
    """Return the question which tables have rows; the tables of a database are the same all the time."""
    connection = connections[alias]
    there = connection.introspection.django_table_names(only_existing=True, include_views=False)
    quote = connection.ops.quote_name
    return " UNION ALL ".join(
        f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {quote(table)})"
        for table in sorted(set(there) - MADE_BY_MIGRATIONS)
    )
