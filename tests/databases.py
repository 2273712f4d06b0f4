"""Empty databases beside the one of the tests, for what is about a whole database: migrations and backups."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader


@pytest.fixture(scope="session")
def other_databases(django_db_setup, django_db_blocker):
    """Return what makes a new database, to be pointed at, for as long as a block runs: empty, or a copy."""

    @contextmanager
    def begun(*, like=None):
        with django_db_blocker.unblock(), _new(like) as name:
            yield name

    return begun


@pytest.fixture
def another_database(other_databases, django_db_blocker):
    """A new and empty database, at which the portal points."""
    with other_databases() as name, django_db_blocker.unblock(), pointed_at(name):
        yield name


@contextmanager
def _new(like):
    if connection.vendor == "sqlite":
        with tempfile.TemporaryDirectory(prefix="portal-tests-") as folder:
            name = Path(folder) / "another.sqlite3"
            if like:
                shutil.copyfile(like, name)
            yield str(name)
        return
    name = f"another_{uuid.uuid4().hex[:12]}"
    with connection._nodb_cursor() as server:
        server.execute(f'CREATE DATABASE "{name}"' + (f' TEMPLATE "{like}"' if like else ""))
    try:
        yield name
    finally:
        with connection._nodb_cursor() as server:
            server.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def pointed_at(name):
    """Let the portal point at this database for as long as a block runs."""
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    ContentType.objects.clear_cache()
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before
        ContentType.objects.clear_cache()


def migrate(heads=None):
    """Bring the database to these migrations, by application, or to the newest of all."""
    executor = MigrationExecutor(connection)
    executor.migrate(_nodes(heads) if heads else executor.loader.graph.leaf_nodes())


def models_at(heads):
    """Return the models as they were after these migrations."""
    return MigrationLoader(None).project_state(_nodes(heads)).apps


def _nodes(heads):
    return [(app, name) for app, names in heads.items() for name in names]
