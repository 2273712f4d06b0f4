"""The rows of a version, as a file: what a database held that this version had made and filled.

Written once, when the version is released (`recording.py`), and read ever after: a later portal has to take it
over. Times are those of the recording. No token in it is anybody's.
"""

from __future__ import annotations

import base64
import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from django.core.management.color import no_style
from django.db import connection, models, transaction

FOLDER = Path(__file__).parent / "versions"
LEFT_OUT = {"sessions", "contenttypes", "auth", "admin"}  # made by migrate itself, or by a sign-in
WITHOUT = {"usersessions.UserSession", "accounts.CacheEntry"}  # as a backup has it
WITHOUT |= {"accounts.User_groups", "accounts.User_user_permissions"}  # lead to what migrate itself makes


def versions():
    """Return the versions that were recorded, the oldest first."""
    found = [path.stem for path in FOLDER.glob("*.json")]
    return sorted(found, key=lambda version: [int(part) for part in version.split(".")])


def read(version):
    return json.loads((FOLDER / f"{version}.json").read_text())


def write(version, *, migrations, rows):
    """Write a version's file, a row a line, so that two versions can be compared."""
    tables = []
    for label, table in rows.items():
        lines = ",\n   ".join(json.dumps(row, ensure_ascii=False) for row in table["rows"])
        tables.append(f' "{label}": {{"fields": {json.dumps(table["fields"])}, "rows": [\n   {lines}]}}')
    head = f'{{"version": "{version}",\n"migrations": {json.dumps(migrations)},\n"rows": {{\n'
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"{version}.json").write_text(head + ",\n".join(tables) + "\n}}\n")


def kept(apps):
    """Return the models that have rows worth recording, of whichever state of the portal these are."""
    found = [one for one in apps.get_models(include_auto_created=True) if one._meta.app_label not in LEFT_OUT]
    return [
        one for one in found if one._meta.managed and not one._meta.proxy and one._meta.label not in WITHOUT
    ]


def rows_of(apps):
    """Return all rows of the database as a file holds them, by model."""
    found = {}
    for model in kept(apps):
        fields = [field for field in model._meta.concrete_fields if not field.generated]
        values = model._base_manager.order_by("pk").values_list(*[field.attname for field in fields])
        rows = [[_plain(value) for value in row] for row in values]
        found[model._meta.label] = {"fields": [field.attname for field in fields], "rows": rows}
    return found


@transaction.atomic
def load(rows, apps):
    """Write recorded rows with the models of the state that `apps` is, as the portal of then would."""
    models_by_label = {model._meta.label: model for model in kept(apps)}
    for label, table in rows.items():
        model = models_by_label[label]
        fields = {field.attname: field for field in model._meta.concrete_fields}
        for field in fields.values():
            field.auto_now = field.auto_now_add = False  # of this state's own copies: what was recorded stays
        made = [
            model(
                **{
                    name: _meant(fields[name], value)
                    for name, value in zip(table["fields"], row, strict=True)
                }
            )
            for row in table["rows"]
        ]
        model._base_manager.bulk_create(made)
    counted = connection.ops.sequence_reset_sql(no_style(), list(models_by_label.values()))
    with connection.cursor() as cursor:
        for statement in counted:
            cursor.execute(statement)


@transaction.atomic
def clear(apps):
    """Delete all rows that are worth recording; what refers to what is asked at the end only."""
    with connection.cursor() as cursor:
        for model in kept(apps):
            cursor.execute(f'DELETE FROM "{model._meta.db_table}"')


def _plain(value):
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(bytes(value)).decode()
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID | Decimal) else value


def _meant(field, value):
    while isinstance(field, models.ForeignKey):
        field = field.target_field
    if isinstance(field, models.BinaryField) and value is not None:
        return base64.b64decode(value)
    return value if isinstance(field, models.JSONField) else field.to_python(value)
