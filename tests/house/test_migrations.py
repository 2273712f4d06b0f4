"""Migrations after a package's first run while the version before still works: docs/migrations.md says how.

One that needs more is listed here, with the reason why it may.
"""

import inspect
import re
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection, migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

from gridshare_portal.upkeep.operations import AddIndexOnline

REASONS = {  # ("lunar", "0007_drop_old_names"): "contracts what 0005 of release 0.3.0 replaced"
}
LARGE = {  # grow with homes, or with time: nobody may wait while an index is built on one
    ("access", "entry"),
    ("access", "visit"),
    ("access", "word"),
    ("audit", "event"),
    ("cases", "case"),
    ("control", "change"),
    ("portfolio", "siterow"),
    ("runs", "line"),
    ("sites", "call"),
    ("sites", "device"),
    ("sites", "rawresponse"),
    ("sites", "sensor"),
    ("telemetry", "day"),
    ("telemetry", "latest"),
}
CONTRACTS = (
    migrations.DeleteModel,
    migrations.RenameModel,
    migrations.RenameField,
    migrations.RemoveField,
    migrations.AlterModelTable,
)
OURS = sorted(one.label for one in apps.get_app_configs() if one.name.startswith("gridshare_portal"))


def faults(migration, state):
    """Say what a migration may not do while the version before runs; `state` is the project's before it."""
    made = set()
    for operation in _of_the_database(migration.operations):
        if isinstance(operation, migrations.CreateModel):
            made.add(operation.name_lower)
        elif (named := getattr(operation, "model_name_lower", "")) not in made or not named:
            for fault in _faults(operation, state, migration):
                yield f"{migration.app_label}.{migration.name}: {operation.describe()}: {fault}"
        operation.state_forwards(migration.app_label, state)


def _of_the_database(operations):
    for operation in operations:
        if isinstance(operation, migrations.SeparateDatabaseAndState):
            yield from _of_the_database(operation.database_operations)
        else:
            yield operation


def _faults(operation, state, migration):
    is_large = (migration.app_label, getattr(operation, "model_name_lower", "")) in LARGE
    if isinstance(operation, CONTRACTS):
        yield "the version before still reads it"
    elif isinstance(operation, migrations.AddField):
        yield from _faults_of_new(operation.field, is_large)
    elif isinstance(operation, migrations.AlterField):
        before = state.models[migration.app_label, operation.model_name_lower].fields[operation.name]
        yield from _faults_of_changed(before, operation.field, is_large)
    elif isinstance(operation, migrations.AddConstraint):
        yield "the version before may write what it forbids, and all rows are looked at under a lock"
    elif isinstance(operation, AddIndexOnline):
        if migration.atomic:
            yield "needs atomic = False"
    elif isinstance(operation, migrations.AddIndex):
        if is_large:
            yield "nobody writes to a large table meanwhile: AddIndexOnline"
    elif isinstance(operation, migrations.RunPython):
        yield from _faults_of_code(operation)
    elif isinstance(operation, migrations.RunSQL):
        yield "what it does is for a reader to judge"


def _faults_of_new(field, is_large):
    if field.many_to_many or field.generated:
        return
    if not field.null and not field.has_db_default():
        yield "the version before writes rows without it: null, or db_default"
    if is_large and (field.db_index or field.unique):
        yield "nobody writes to a large table while its index is built: db_index=False, then AddIndexOnline"


def _faults_of_changed(before, after, is_large):
    if before.null and not after.null:
        yield "the version before writes rows without it"
    if before.has_db_default() and not after.has_db_default() and not after.null:
        yield "the version before leaves it to its default"
    if _kind(before) != _kind(after):
        yield "another type rewrites the table under a lock: a new column, filled in batches"
    if (after.max_length or before.max_length or 0) < (before.max_length or 0):
        yield "the version before writes longer values"
    if after.unique and not before.unique:
        yield "the version before may write what it forbids"
    if is_large and after.db_index and not before.db_index:
        yield "nobody writes to a large table while its index is built: AddIndexOnline"


def _kind(field):
    return re.sub(
        r"\(\d+\)", "", str(field.rel_db_type(connection) if field.is_relation else field.db_type(connection))
    )


def _faults_of_code(operation):
    if operation.reverse_code is None:
        yield "there is no way back: reverse_code, migrations.RunPython.noop where nothing is to be undone"
    if not re.search(r"\.iterator\(|batch", inspect.getsource(operation.code)):
        yield "all rows in one go: batches, by key"


LOADER = MigrationLoader(None)
LATER = sorted(
    key for key, migration in LOADER.disk_migrations.items() if key[0] in OURS and not migration.initial
)


class TestMigrations:
    @pytest.mark.parametrize("key", LATER, ids=".".join)
    def test_run_while_the_version_before_works(self, key):
        migration = LOADER.disk_migrations[key]
        found = list(faults(migration, LOADER.project_state(key, at_end=False)))

        assert found == [] or key in REASONS, "docs/migrations.md says how it goes in two steps"

    def test_have_a_reason_only_where_they_are(self):
        assert set(REASONS) <= set(LATER) and all(len(reason) > 20 for reason in REASONS.values())

    def test_of_tables_that_grow_are_known_by_their_names(self):
        assert {apps.get_model(*one)._meta.model_name for one in LARGE} == {name for _app, name in LARGE}

    @pytest.mark.parametrize("label", OURS)
    def test_begin_with_one_that_is_called_the_first(self, label):
        first = [key for key, one in LOADER.disk_migrations.items() if key[0] == label and one.initial]

        assert first in ([], [(label, "0001_initial")])


def all_at_once(apps, _editor):
    apps.get_model("audit", "Event").objects.update(actor_name="")


def in_batches(apps, _editor):
    for batch in range(3):
        apps.get_model("audit", "Event").objects.filter(pk=batch).update(actor_name="")


INDEX = models.Index(fields=["name"], name="by_name")
TEXT = {"max_length": 20}


def judged(operation, *, atomic=True, table="event"):
    fields = [
        ("id", models.BigAutoField(primary_key=True)),
        ("name", models.CharField(null=True, **TEXT)),
        ("kind", models.CharField(db_default="x", **TEXT)),
    ]
    state = ProjectState()
    state.add_model(ModelState("audit", table.title(), fields))
    known = {"app_label": "audit", "name": "0002_planted", "atomic": atomic, "operations": [operation]}
    return list(faults(SimpleNamespace(**known), state))


class TestTheJudge:
    @pytest.mark.parametrize(
        "operation",
        [
            migrations.RemoveField("event", "name"),
            migrations.RenameField("event", "name", "title"),
            migrations.RenameModel("Event", "Line"),
            migrations.DeleteModel("Event"),
            migrations.AddField("event", "new", models.TextField(default="")),
            migrations.AddField("event", "new", models.TextField(null=True, db_index=True)),
            migrations.AlterField("event", "name", models.CharField(default="", **TEXT)),
            migrations.AlterField("event", "name", models.CharField(null=True, max_length=10)),
            migrations.AlterField("event", "name", models.IntegerField(null=True)),
            migrations.AlterField("event", "name", models.CharField(null=True, unique=True, **TEXT)),
            migrations.AlterField("event", "kind", models.CharField(**TEXT)),
            migrations.AddIndex("event", INDEX),
            AddIndexOnline("event", INDEX),  # in a transaction
            migrations.AddConstraint("event", models.UniqueConstraint(fields=["name"], name="one")),
            migrations.RunPython(all_at_once, migrations.RunPython.noop),
            migrations.RunPython(in_batches),
            migrations.RunSQL("DELETE FROM audit_event"),
            migrations.SeparateDatabaseAndState([migrations.RemoveField("event", "name")], []),
        ],
        ids=lambda one: one.describe(),
    )
    def test_sees_what_the_version_before_would_not_bear(self, operation):
        assert judged(operation)

    @pytest.mark.parametrize(
        ("operation", "how"),
        [
            (migrations.AddField("event", "new", models.TextField(null=True)), {}),
            (migrations.AddField("event", "new", models.TextField(db_default="")), {}),
            (migrations.AlterField("event", "name", models.CharField(null=True, max_length=40)), {}),
            (migrations.AddIndex("note", INDEX), {"table": "note"}),
            (AddIndexOnline("event", INDEX), {"atomic": False}),
            (migrations.RunPython(in_batches, migrations.RunPython.noop), {}),
            (migrations.CreateModel("New", [("id", models.BigAutoField(primary_key=True))]), {}),
        ],
        ids=lambda one: one.describe() if isinstance(one, migrations.operations.base.Operation) else "",
    )
    def test_lets_pass_what_it_does_not_notice(self, operation, how):
        assert judged(operation, **how) == []
