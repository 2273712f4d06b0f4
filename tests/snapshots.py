"""The rows of a home that was read once, put into the database of each test that needs such a home.

Reading a home takes a dozen calls and a hundred queries. It is really read once in each process, inside a
transaction that is undone; a test gets the same rows, as old as if they had just been written, and tokens of
its own. Only tests about reading homes read them anew.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.apps import apps
from django.db import connection, models, transaction
from django.utils import timezone

from gridshare_portal import seal
from gridshare_portal.lunar import connections
from gridshare_portal.lunar.models import Connection

APART = 1_000_000  # rows of each snapshot have numbers that no other row of a test gets
LEFT_ALONE = {"sessions", "contenttypes", "auth", "admin"}


@dataclass(frozen=True)
class Snapshot:
    """What reading a home wrote: rows by model, in an order that needs no row of a later one first."""

    taken_at: datetime
    rows: list[tuple[type[models.Model], list[dict[str, object]]]]

    def load(self, *, sandbox):
        """Write the rows as of now, with tokens that the sandbox granted just now."""
        now = timezone.now()
        for model, rows in self.rows:
            made = [model(**_as_of(row, now - self.taken_at)) for row in rows]
            for row in made if model is Connection else ():
                _give_tokens(row, sandbox.pool.grant(row.username, scopes=row.scopes.split()), now)
            model._base_manager.bulk_create(made)
        _number_on(self.rows)


def _number_on(rows):
    """Let rows made from now on get higher numbers than these, as if these had been made by themselves."""
    last = [
        (one._meta, max(row[one._meta.pk.attname] for row in made)) for one, made in rows if _is_counted(one)
    ]
    if connection.vendor != "sqlite":  # which does so by itself
        names = [(f"pg_get_serial_sequence('{meta.db_table}', '{meta.pk.column}')", pk) for meta, pk in last]
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT " + ", ".join(f"setval({n}, greatest(nextval({n}), {pk}))" for n, pk in names)
            )


def _is_counted(model):
    return isinstance(model._meta.pk, models.AutoField)


_taken: dict[tuple[object, ...], Snapshot] = {}


def of(key, write) -> Snapshot:
    """Return the snapshot of this name; `write` makes the rows when nobody asked for it before."""
    if key not in _taken:
        with transaction.atomic():
            with _numbered_from((len(_taken) + 1) * APART):
                before = {model: set(model._base_manager.values_list("pk", flat=True)) for model in _kept()}
                write()
                _taken[key] = Snapshot(timezone.now(), _written_since(before))
            transaction.set_rollback(True)
    return _taken[key]


def _kept():
    """Return the models that have tables, each after those it refers to, as far as that can be."""
    left = [
        one for one in apps.get_models(include_auto_created=True) if one._meta.app_label not in LEFT_ALONE
    ]
    left = [one for one in left if one._meta.managed and not one._meta.proxy]
    ordered: list[type[models.Model]] = []
    while left:
        free = [one for one in left if not (_referred_to(one) & set(left)) - {one}]
        ordered += free or left
        left = [one for one in left if one not in ordered]
    return ordered


def _referred_to(model):
    return {field.related_model for field in model._meta.concrete_fields if field.is_relation}


def _written_since(before):
    found = []
    for model, known in before.items():
        names = [field.attname for field in model._meta.concrete_fields if not field.generated]
        rows = model._base_manager.exclude(pk__in=known).order_by("pk").values(*names)
        if rows:
            found.append((model, list(rows)))
    return found


def _as_of(row, later: timedelta):
    return {name: _later(value, later) for name, value in row.items()}


def _later(value, later):
    if isinstance(value, datetime):
        return value + later
    return value + timedelta(days=later.days) if isinstance(value, date) else value


def _give_tokens(row, granted, now):
    row.access_sealed = seal.seal(granted["access_token"], row.context("access"))
    row.refresh_sealed = seal.seal(granted["refresh_token"], row.context("refresh"))
    row.access_expires_at, row.refresh_due_at = connections.times_of(granted["expires_in"], now)


@contextmanager
def _numbered_from(first: int):
    """Let new rows get numbers from here on; as before when the block, which is undone, is over."""
    counted = [(one._meta.db_table, one._meta.pk.column) for one in _kept() if _is_counted(one)]
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DELETE FROM sqlite_sequence")
            cursor.executemany(
                "INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [(t, first) for t, _ in counted]
            )
            yield
            return
        sequences = [f"pg_get_serial_sequence('{table}', '{column}')" for table, column in counted]
        cursor.execute("SELECT " + ", ".join(sequences))
        names = cursor.fetchone()
        cursor.execute("SELECT schemaname || '.' || sequencename, last_value FROM pg_sequences")
        known = dict(cursor.fetchall())
        cursor.execute("SELECT " + ", ".join(f"setval('{name}', {first})" for name in names))
        try:
            yield
        finally:
            before = [(name, known[name] or 1, known[name] is not None) for name in names]
            cursor.execute(
                "SELECT " + ", ".join(f"setval('{n}', {at}, {called})" for n, at, called in before)
            )
