"""Backups in a folder: each a folder of its own that is there as a whole or not at all, without any key.

A backup's tokens are sealed. Whoever has the keys too opens homeowners' Lunar accounts, so that a backup is
not written where the keys lie, and is restored only where its keys are known.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import connection

import gridshare_portal
from gridshare_portal.upkeep import databases, manifest

START, DRAFT = "portal-", ".draft-"
LARGEST_SETTINGS = 64 * 1024  # a file of settings is smaller


class Refused(Exception):
    """The backup is not made or not restored; the text is a sentence for the operator."""


def save(folder: Path, *, keep: int | None, now: datetime) -> Path:
    """Write a backup into the folder and return it; leave the newest `keep`, all where None."""
    folder = folder.resolve()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if found := keys_beside(folder):
        raise Refused(
            f"{found} holds the portal's keys. Whoever takes both opens homeowners' Lunar accounts: "
            "choose a folder, and better a machine, where no key lies."
        )
    with _alone(folder):
        for left in folder.glob(f"{DRAFT}*"):
            shutil.rmtree(left)
        draft, final = folder / f"{DRAFT}{now:%Y%m%dT%H%M%SZ}", folder / f"{START}{now:%Y%m%dT%H%M%SZ}"
        draft.mkdir(mode=0o700)
        try:
            _write(draft, now=now)
            draft.rename(final)
        except BaseException:
            shutil.rmtree(draft, ignore_errors=True)
            raise
        _sync(folder)
        for old in _complete(folder)[:-keep] if keep else ():
            shutil.rmtree(old)
    return final


def check(backup: Path, *, needs_keys: bool = True) -> manifest.Manifest:
    """Return what a backup is if it can be restored here, apart from what the database holds already."""
    found = manifest.read(backup)
    if found.vendor != connection.vendor:
        raise Refused(f"This backup is of {found.vendor}, and DATABASE_URL names {connection.vendor}.")
    if missing := manifest.unknown(found.migrations):
        raise Refused(
            f"This backup was made by a newer portal ({found.version}; {', '.join(missing)} is not known "
            "here). Restore it with that version."
        )
    lost = set(found.token_keys) - set(manifest.fingerprints(settings.TOKEN_KEYS))
    if lost and needs_keys:
        raise Refused(
            f"TOKEN_KEYS lacks the key {', '.join(sorted(lost))}, with which secrets in this backup are "
            f"sealed. Put the key of {found.made_at[:10]} behind the present ones; without it homeowners "
            "have to connect again, and second factors are lost (--without-keys)."
        )
    return found


def load(backup: Path, *, needs_keys: bool = True) -> manifest.Manifest:
    """Put a backup into the empty database that DATABASE_URL names."""
    found = check(backup, needs_keys=needs_keys)
    if not databases.is_empty():
        raise Refused("The database is not empty, and what it holds would be lost. Name an empty one.")
    databases.load(backup / found.file)
    return found


def keys_beside(folder: Path) -> Path | None:
    """Return a file in the folder or beside it that holds one of the portal's keys, if there is one."""
    keys = [
        key.encode() for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS, *settings.TOKEN_KEYS)
    ]
    for file in (*folder.iterdir(), *folder.parent.iterdir()):
        try:
            is_small = file.is_file() and file.stat().st_size <= LARGEST_SETTINGS
            if is_small and any(key in file.read_bytes() for key in keys):
                return file
        except OSError:  # not ours to read
            continue
    return None


def _write(draft: Path, *, now: datetime) -> None:
    # Described afterwards: a migration in between makes the backup seem newer than it is, never older.
    file = databases.dump(draft)
    file.chmod(0o600)
    version, keys = gridshare_portal.__version__, settings.TOKEN_KEYS
    manifest.write(draft, manifest.describe(file, version=version, keys=keys, now=now))
    for one in (*draft.iterdir(), draft):
        _sync(one)


def _complete(folder: Path) -> list[Path]:
    return sorted(one for one in folder.glob(f"{START}*") if (one / manifest.FILE).is_file())


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as failure:
            raise Refused("Another backup is being made in this folder.") from failure
        yield
