"""What a backup says of itself: which portal made it, of what, with which keys, and what its bytes add up to.

Keys are named by fingerprints. They are random and 32 bytes long, so that a fingerprint leads to none.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import connection
from django.db.migrations.loader import MigrationLoader

FILE = "manifest.json"
FORMAT = 1
PIECE = 1024 * 1024


class Unreadable(Exception):
    """This is no backup of ours, or not a whole one; the text is a sentence for the operator."""


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """One backup; `migrations` are each application's last ones, by its label."""

    version: str
    made_at: str
    vendor: str
    migrations: dict[str, list[str]]
    token_keys: list[str]
    file: str
    bytes: int
    sha256: str
    format: int = FORMAT


def describe(file: Path, *, version: str, keys: Iterable[str], now: datetime) -> Manifest:
    """Return what there is to say of a file that was made of this database just now."""
    return Manifest(
        version=version,
        made_at=now.isoformat(timespec="seconds"),
        vendor=connection.vendor,
        migrations=heads(),
        token_keys=fingerprints(keys),
        file=file.name,
        bytes=file.stat().st_size,
        sha256=digest(file),
    )


def write(folder: Path, manifest: Manifest) -> None:
    (folder / FILE).write_text(json.dumps(dataclasses.asdict(manifest), indent=2) + "\n")


def read(folder: Path) -> Manifest:
    """Return what the backup in this folder says of itself, if its file is as it was."""
    try:
        known = json.loads((folder / FILE).read_text())
        manifest = Manifest(**known) if isinstance(known, dict) else None
    except (OSError, ValueError, TypeError) as failure:
        raise Unreadable(
            f"{folder} is no backup of the portal: it has no {FILE} that can be read."
        ) from failure
    if manifest is None or manifest.format != FORMAT:
        raise Unreadable(f"{folder} was made by a portal that this one does not understand.")
    file = folder / Path(manifest.file).name
    if not file.is_file() or file.stat().st_size != manifest.bytes or digest(file) != manifest.sha256:
        raise Unreadable(f"{file.name} in {folder} is missing or damaged. Take another backup.")
    return manifest


def fingerprints(keys: Iterable[str]) -> list[str]:
    return [hashlib.sha256(b"portal token key " + key.encode()).hexdigest()[:16] for key in keys]


def heads() -> dict[str, list[str]]:
    """Return each application's last migrations that this database has seen."""
    loader = MigrationLoader(connection)
    passed = {
        parent.key
        for key in loader.applied_migrations
        for parent in (loader.graph.node_map[key].parents if key in loader.graph.node_map else ())
        if parent.key[0] == key[0]
    }
    found: dict[str, list[str]] = {}
    for label, name in sorted(set(loader.applied_migrations) - passed):
        found.setdefault(label, []).append(name)
    return found


def unknown(migrations: dict[str, list[str]]) -> list[str]:
    """Return the migrations that this portal does not have, as "application.name"."""
    loader = MigrationLoader(None)
    replaced = {old for migration in loader.disk_migrations.values() for old in migration.replaces}
    return [
        f"{label}.{name}"
        for label, names in migrations.items()
        for name in names
        if (label, name) not in loader.disk_migrations and (label, name) not in replaced
    ]


def digest(file: Path) -> str:
    found = hashlib.sha256()
    with file.open("rb") as read:
        while piece := read.read(PIECE):
            found.update(piece)
    return found.hexdigest()
