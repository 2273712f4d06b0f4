"""The portal's programs as the Procfile starts them, each its own process group, so that any may be killed.

The pretended Lunar is a program of its own too, and hands out a token for each of its customers.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from gridshare_portal.demo import stage, supervisor
from gridshare_portal.sandbox import wsgi
from gridshare_portal.sandbox.login import grants
from gridshare_portal.sandbox.simulation import cast, ledger, world
from gridshare_portal.sandbox.simulation.homes import Customer

OPEN_FOR_S = 36_000


class Programs:
    """Redis, worker and beat of one portal, and the pretended Lunar beside them."""

    def __init__(self, folder: Path, homes: int, *, days: int = world.HISTORY_DAYS) -> None:
        """`days` is how far back the pretended homes go: few make many homes cheap."""
        self.folder, self.homes = folder, homes
        self.socket = f"{folder}/redis.sock"
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        celery = [sys.executable, "-m", "celery", "-A", "gridshare_portal", "--quiet"]
        lean = ["--without-gossip", "--without-mingle", "--loglevel", "critical"]
        place = ["--port", "0", "--unixsocket", self.socket, "--dir", str(folder), "--save", ""]
        self.commands = {
            "Redis": [stage.redis_binary(), *place, "--appendonly", "no", "--loglevel", "warning"],
            "worker": [*celery, "worker", "-Q", "interactive,sync,runs", "-c", "4", *lean],
            "beat": [*celery, "beat", "--pidfile=", "-s", f"{folder}/beat", "--loglevel", "critical"],
            "Lunar": pretender(folder / "lunar.json", days=days, homes=homes),
        }

    def start(self, *names: str) -> None:
        """Start programs that do not run."""
        for name in names:
            self.running[name] = subprocess.Popen(
                self.commands[name],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=supervisor.end_with_parent,
            )

    def kill(self, *names: str) -> None:
        """Kill programs and whatever they started with -9, all at the same time."""
        killed = [self.running.pop(name) for name in names]
        for child in killed:
            os.killpg(child.pid, signal.SIGKILL)
        for child in killed:
            child.wait()

    def halt(self, name: str, for_s: float) -> None:
        """Let a program hang for a while."""
        os.killpg(self.running[name].pid, signal.SIGSTOP)
        time.sleep(for_s)
        os.killpg(self.running[name].pid, signal.SIGCONT)

    def flush(self) -> None:
        """Empty Redis while all are at work."""
        import redis

        redis.Redis(unix_socket_path=self.socket).flushall()

    def lunar(self) -> Lunar:
        """Start the pretended Lunar and return it as it is reached over HTTP."""
        self.start("Lunar")
        told = self.folder / "lunar.json"
        while not told.exists():
            assert self.running["Lunar"].poll() is None, "the pretended Lunar did not start"
            time.sleep(0.1)
        return Lunar(self.homes, **json.loads(told.read_text()))

    def clear(self) -> None:
        """End everything that still runs."""
        self.kill(*self.running)


@dataclass(frozen=True)
class World:
    """Whom the pretended Lunar knows."""

    customers: tuple[Customer, ...]


@dataclass(frozen=True)
class Pool:
    """The tokens that it handed out at its start, by the customer's name: for access, and to renew it."""

    tokens: dict[str, tuple[str, str]]

    def grant(self, username: str, scopes: Sequence[str] = ()) -> grants.Tokens:
        """Return the tokens of a customer, whatever the scopes: they have them all."""
        access, refresh = self.tokens[username]
        answer: grants.Tokens = {"access_token": access, "token_type": "Bearer", "expires_in": OPEN_FOR_S}
        return {**answer, "refresh_token": refresh}


class Lunar:
    """The pretended Lunar from outside: its customers and their tokens, what it counted, what goes wrong."""

    def __init__(
        self, count: int, *, url: str, issuer: str, begin: str, tokens: dict[str, tuple[str, str]]
    ) -> None:
        self.count, self.url, self.issuer, self.begin = count, url, issuer, begin
        self.world, self.pool = World(cast.customers(count, seed=1)), Pool(tokens)

    def calls(self) -> dict[str, int]:
        """Return how often each operation was called."""
        counts: dict[str, int] = self._ask("GET", "calls")
        return counts

    def asked(self) -> dict[str, ledger.Stored]:
        """Return what each device was asked for and took, with the moments."""
        devices: dict[str, ledger.Stored] = self._ask("GET", "accepted")
        return devices

    def go_wrong(self, operation: str, kind: str, **options: object) -> None:
        """Switch a fault on."""
        self._ask("POST", "faults", {"operation": operation, "kind": kind, **options})

    def heal(self) -> None:
        """Switch every fault off."""
        self._ask("DELETE", "faults")

    def _ask(self, method: str, what: str, wish: dict[str, object] | None = None) -> Any:
        answer = requests.request(method, f"{self.url}/_sandbox/{what}", json=wish, timeout=20)
        answer.raise_for_status()
        return answer.json()


def pretender(told: Path, *, days: int, port: int = 0, **settings: object) -> list[str]:
    """Return the command that serves a pretended Lunar; the rest are settings of the sandbox."""
    own = json.dumps({"days": days, "port": port, "settings": settings})
    return [sys.executable, "-m", "benchmarks.programs", str(told), own]


def pretend(told: Path, *, days: int, port: int, settings: dict[str, Any]) -> None:
    """Serve a pretended Lunar for good, after telling where it is and who may come in."""
    logging.getLogger("werkzeug").disabled = True
    world.HISTORY_DAYS = days
    given = wsgi.Settings(faults=True, access_token_s=OPEN_FOR_S, **settings)
    server, sandbox = wsgi.served(given, host="127.0.0.1", port=port)
    tokens = {}
    for one in sandbox.world.customers:
        granted = sandbox.pool.grant(one.username)
        tokens[one.username] = granted["access_token"], granted["refresh_token"]
    draft = told.with_suffix(".draft")
    where = {"url": sandbox.url, "issuer": sandbox.issuer, "begin": sandbox.world.packed()["begin"]}
    draft.write_text(json.dumps({**where, "tokens": tokens}))
    draft.rename(told)
    server.serve_forever(0.1)


if __name__ == "__main__":
    pretend(Path(sys.argv[1]), **json.loads(sys.argv[2]))
