"""Operations of migrations that let the portal go on writing while they run; docs/migrations.md says when."""

from __future__ import annotations

from django.apps.registry import Apps
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import AddIndex
from django.db.migrations.state import ProjectState
from django.db.utils import NotSupportedError

Editor = BaseDatabaseSchemaEditor
LEFT_INVALID = """
    SELECT 1 FROM pg_class JOIN pg_index ON pg_index.indexrelid = pg_class.oid
    WHERE pg_class.relname = %s AND NOT pg_index.indisvalid
"""


class AddIndexOnline(AddIndex):
    """AddIndex without a lock on PostgreSQL, where its migration has `atomic = False`; as usual on SQLite.

    What a try that failed left behind is dropped first, so that the migration can be run again.
    """

    atomic = False

    def database_forwards(
        self, app_label: str, schema_editor: Editor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        _refuse_transactions(schema_editor)
        model = _apps(to_state).get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        with schema_editor.connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            waits = cursor.fetchone()[0]
            cursor.execute("SET lock_timeout = 0")  # it waits for whoever is writing, and nobody waits for it
            cursor.execute(LEFT_INVALID, [self.index.name])
            if cursor.fetchone():
                schema_editor.remove_index(model, self.index, concurrently=True)  # type: ignore[call-arg]
            schema_editor.add_index(model, self.index, concurrently=True)  # type: ignore[call-arg]
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [waits])

    def database_backwards(
        self, app_label: str, schema_editor: Editor, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        if schema_editor.connection.vendor != "postgresql":
            super().database_backwards(app_label, schema_editor, from_state, to_state)
            return
        _refuse_transactions(schema_editor)
        model = _apps(from_state).get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            schema_editor.remove_index(model, self.index, concurrently=True)  # type: ignore[call-arg]


def _apps(state: ProjectState) -> Apps:
    found: Apps = state.apps
    return found


def _refuse_transactions(schema_editor: Editor) -> None:
    if schema_editor.connection.in_atomic_block:
        raise NotSupportedError("AddIndexOnline needs `atomic = False` in its migration, on PostgreSQL")
