"""One consistent copy of the database as a file, made while the portal runs, and back from it.

PostgreSQL's own programs do it, and SQLite itself. Who is signed in and what the cache counted is left out:
a backup that somebody takes opens no session, and everybody signs in anew after it was restored.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from django.db import connection

LEFT_OUT = ("django_session", "usersessions_usersession", "portal_cache")
NAMES = {"postgresql": "database.dump", "sqlite": "database.sqlite3"}
GIVEN_ON = ("PATH", "HOME", "LANG", "TMPDIR")  # to the programs: nothing of the portal's own environment


class Failed(Exception):
    """The copy could not be made, or not be put back; the text is a sentence for the operator."""


def is_empty() -> bool:
    return not connection.introspection.table_names()


def dump(folder: Path) -> Path:
    """Write a copy of the database into the folder; return its file."""
    file = folder / NAMES[connection.vendor]
    if connection.vendor == "postgresql":
        without = [f"--exclude-table-data={table}" for table in LEFT_OUT]
        shape = ["--format=custom", "--no-owner", "--no-privileges", "--no-comments"]
        _run("pg_dump", [*shape, *without, f"--file={file}"])
        _run("pg_restore", ["--list", str(file)], is_about_a_file=True)
    else:
        _copy_sqlite(file)
    return file


def load(file: Path) -> None:
    """Put a copy into the database, which is empty; as a whole or not at all."""
    if connection.vendor == "postgresql":
        careful = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
        _run("pg_restore", [*careful, "--dbname"], after=[str(file)])
    else:
        _replace_sqlite(file)


def _run(
    program: str, arguments: Sequence[str], *, after: Sequence[str] = (), is_about_a_file: bool = False
) -> None:
    """Run one of PostgreSQL's programs; the password goes by the environment, where nobody sees it."""
    client, secrets = connection.client, {}
    if is_about_a_file:
        command = [program, *arguments]
    else:
        asked, given = client.settings_to_cmd_args_env(connection.settings_dict, list(arguments))
        command, secrets = [program, *asked[1:], *after], given or {}
    environment = {name: os.environ[name] for name in GIVEN_ON if name in os.environ}
    try:
        ran = subprocess.run(  # noqa: S603
            command, env={**environment, **secrets}, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
    except FileNotFoundError as failure:
        raise Failed(f"{program} is not here. Install PostgreSQL's client programs.") from failure
    if ran.returncode != 0:
        said = ran.stderr.strip().splitlines() or [f"status {ran.returncode}"]
        raise Failed(f"{program} could not do it: {said[0]}")


def _copy_sqlite(file: Path) -> None:
    try:
        with closing(sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)) as here:
            here.execute("PRAGMA busy_timeout = 60000")
            here.execute("VACUUM INTO ?", [str(file)])
        with closing(sqlite3.connect(file, isolation_level=None)) as copy:
            there = {name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            for table in sorted(there & set(LEFT_OUT)):
                # One of our own names, which no parameter can stand for.
                copy.execute(f'DELETE FROM "{table}"')  # noqa: S608  # nosec B608  # nosemgrep: sql-put-together
            copy.execute("VACUUM")  # what was deleted leaves the file
            _check_sqlite(copy)
    except sqlite3.Error as failure:
        raise Failed(f"SQLite could not do it: {failure}") from failure


def _replace_sqlite(file: Path) -> None:
    target = Path(connection.settings_dict["NAME"])
    connection.close()
    draft = target.with_name(f"{target.name}.restored")
    try:
        shutil.copyfile(file, draft)
        with closing(sqlite3.connect(draft)) as copy:
            _check_sqlite(copy)
    except (sqlite3.Error, OSError) as failure:
        draft.unlink(missing_ok=True)
        raise Failed(f"the copy could not be put back: {failure}") from failure
    draft.chmod(0o600)
    for left in ("-wal", "-shm"):
        target.with_name(target.name + left).unlink(missing_ok=True)
    draft.replace(target)


def _check_sqlite(copy: sqlite3.Connection) -> None:
    (said,) = copy.execute("PRAGMA quick_check").fetchone()
    if said != "ok":
        raise Failed(f"the copy is damaged: {said}")
