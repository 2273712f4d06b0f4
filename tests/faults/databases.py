"""Databases that may be taken away: a file, or a PostgreSQL server of one's own.

Whoever restarts a server must not restart anybody else's, so this starts one, in memory where there is room.
Without PostgreSQL's programs on the machine there is only the file.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psycopg

from gridshare_portal.demo import supervisor
from tests import portal as portals

MEMORY = Path("/dev/shm")  # noqa: S108
PATIENCE_S = 60.0
LEAN = ("fsync=off", "max_connections=60", "autovacuum=off")  # a program dies here, never the machine


class SmallDisk:
    """A folder on a disk of its own that can be full, where this may make one; else a plain folder."""

    def __init__(self, size: str) -> None:
        where = MEMORY if os.access(MEMORY, os.W_OK) else None
        self.place = Path(tempfile.mkdtemp(prefix="faults-", dir=where))
        mount = ("mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(self.place))
        self.is_tight = _is_root() and _ran(*mount)

    def clear(self) -> None:
        """Leave nothing behind."""
        if self.is_tight:
            _ran("umount", "--lazy", str(self.place))
        shutil.rmtree(self.place, ignore_errors=True)


class Sqlite:
    """The portal's rows in a file."""

    name = "SQLite"

    def __init__(self) -> None:
        self.disk = SmallDisk("64m")
        self.file = self.disk.place / "portal.sqlite3"
        self.url = f"sqlite:///{self.file}"

    def start(self) -> None:
        """A file needs no server."""

    def remove(self) -> None:
        self.disk.clear()

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Let another program write and not come to its end."""
        with self._other() as other:
            other.execute("BEGIN IMMEDIATE")
            yield
            other.execute("ROLLBACK")

    def leave_no_room(self) -> None:
        """Have the next write need room: what was written is moved from the log to the file."""
        with self._other() as other:
            while other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]:
                time.sleep(0.01)

    def need_room(self) -> None:
        """Every write does."""

    def recover(self) -> None:
        """A file is as it was as soon as there is room."""

    def _other(self) -> contextlib.closing[sqlite3.Connection]:
        return contextlib.closing(sqlite3.connect(self.file, isolation_level=None, timeout=30))


class Postgres:
    """A PostgreSQL server of one's own, with the portal as a role without special rights."""

    name = "PostgreSQL"

    def __init__(self, *, room: str = "400m", host: str = "127.0.0.1", options: Sequence[str] = LEAN) -> None:
        self.host, self.options = host, options
        self.disk = SmallDisk(room)
        self.folder = self.disk.place
        self.port = portals.free_port()
        self.url = f"postgres://portal@{host}:{self.port}/portal"
        self.server: subprocess.Popen | None = None
        self.as_whom = {"user": "postgres", "group": "postgres", "extra_groups": []} if _is_root() else {}
        if _is_root():
            shutil.chown(self.folder, "postgres", "postgres")
        initdb = [bin_of("initdb"), "-D", str(self.folder / "db"), "-U", "postgres", "--auth=trust"]
        self._run(*initdb, "-E", "UTF8", "--no-sync")
        if host != "127.0.0.1":
            with open(self.folder / "db" / "pg_hba.conf", "a") as rules:
                rules.write(f"host all all {host}/24 trust\n")

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = [
            f"port={self.port}",
            f"listen_addresses={self.host}",
            f"unix_socket_directories={self.folder}",
        ]
        options += [f"log_directory={self.folder}", *self.options]
        with open(self.folder / "log", "a") as log:
            self.server = subprocess.Popen(
                [bin_of("postgres"), "-D", str(self.folder / "db"), *(f"-c{one}" for one in options)],
                stdout=log, stderr=log, cwd=self.folder, start_new_session=True,
                preexec_fn=supervisor.end_with_parent, **self.as_whom,
            )  # fmt: skip
        deadline = time.monotonic() + PATIENCE_S
        while True:
            with contextlib.suppress(psycopg.OperationalError), self.connected("postgres") as server:
                self._make(server)
                return
            if self.server.poll() is not None or time.monotonic() > deadline:
                raise AssertionError((self.folder / "log").read_text()[-2000:])
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT ends its connections, SIGQUIT ends it as a crash does."""
        if self.server is not None:
            with contextlib.suppress(ProcessLookupError):
                self.server.send_signal(how)
            self.server.wait(PATIENCE_S)
            self.server = None

    def remove(self) -> None:
        """Stop the server and leave nothing behind."""
        self.stop(signal.SIGQUIT)
        self.disk.clear()

    def connected(self, database: str = "portal") -> psycopg.Connection:
        """Return a connection of the server's own administrator."""
        address = f"postgres://postgres@{self.host}:{self.port}/{database}"
        return psycopg.connect(address, autocommit=True, connect_timeout=2)

    def cut(self) -> None:
        """End every connection of the portal."""
        with self.connected() as server:
            server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'portal'")

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Let another program hold tables that every page and every write needs."""
        with self.connected() as other, other.transaction():
            other.execute("LOCK TABLE sites_site, control_change IN ACCESS EXCLUSIVE MODE")
            yield

    @contextlib.contextmanager
    def full_of_clients(self) -> Iterator[None]:
        """Let the portal's role have no connection more than it has now."""
        with self.connected() as server:
            server.execute("ALTER ROLE portal CONNECTION LIMIT 0")
            self.cut()
            yield
            server.execute("ALTER ROLE portal CONNECTION LIMIT -1")

    def leave_no_room(self) -> None:
        """Nothing has to be done before the disk is full."""

    def need_room(self) -> None:
        """Have the server need another file for its log, and end when there is no room for one."""
        with contextlib.suppress(psycopg.OperationalError), self.connected() as server:
            for _ in range(100):
                server.execute("SELECT pg_switch_wal()")
                server.execute("CREATE TEMPORARY TABLE IF NOT EXISTS filler AS SELECT 1; CHECKPOINT")

    def recover(self) -> None:
        """Start the server again, once there is room."""
        self.stop(signal.SIGQUIT)
        self.start()

    def _make(self, server: psycopg.Connection) -> None:
        if not server.execute("SELECT 1 FROM pg_roles WHERE rolname = 'portal'").fetchone():
            server.execute("CREATE ROLE portal LOGIN")
            server.execute("CREATE DATABASE portal OWNER portal")

    def _run(self, *command: str) -> None:
        subprocess.run(
            command, check=True, cwd=self.folder, stdout=subprocess.DEVNULL, **self.as_whom, timeout=120
        )


def bin_of(program: str) -> str | None:
    """Return where a program of PostgreSQL lies, the newest there is; None where there is none."""
    kept = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=lambda path: int(path.parts[4]))
    return str(kept[-1]) if kept else shutil.which(program)


def _ran(*command: str) -> bool:
    return subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 0


def _is_root() -> bool:
    return os.getuid() == 0
