"""`python -m tests`: the whole suite, in a browser too where one can be had. With arguments, pytest is called
once, with them.

Everything runs on SQLite and a private Redis first. Where POSTGRES_URL and REDIS_SERVER_URL name servers, what
touches rows runs on those once more. Journeys, which start the whole portal, come last and once: on the servers
where there are any. COVERAGE=1 adds up which lines of the portal ran in all of it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from tests import chromium, nginx

SIDE_BY_SIDE = ("-n", str(min(4, os.cpu_count() or 1)))
BALANCED, BY_FILE = ("--dist", "worksteal"), ("--dist", "loadfile")
IN_PROCESS = ("-m", "not browser and not programs", *SIDE_BY_SIDE, *BALANCED)
JOURNEYS, JOURNEYS_UNSEEN = "browser or programs", "programs and not browser"
NOTHING_FAILED = {0, 5}  # 5: none of the tests asked for
COVERAGE = Path(".coverage-data")


def main() -> int:
    """Run the suite, or pytest with the arguments given; say last, and loudly, what could not run."""
    path = chromium.find()
    environment = {**os.environ, "CHROMIUM": path} if path else dict(os.environ)
    if sys.argv[1:]:
        return _pytest(environment, *(() if path else ("-m", "not browser")), *sys.argv[1:])
    parts = [_part("SQLite and a private Redis", environment, *IN_PROCESS)]
    servers = _servers()
    if servers:
        on_servers = {**environment, **servers}
        parts.append(
            _part("rows once more, on PostgreSQL and a Redis server", on_servers, "--rows", *IN_PROCESS)
        )
    journeys = ("-m", JOURNEYS if path else JOURNEYS_UNSEEN, *SIDE_BY_SIDE, *BY_FILE)
    parts.append(_part("journeys", {**environment, **servers}, *journeys))
    if os.environ.get("COVERAGE"):
        _print_coverage()
    if not path:
        print(f"\nNO CHROMIUM: {_marked('browser')} browser tests did NOT run.\n{chromium.HOW_TO}")
    if not nginx.find():
        print(f"\nNO NGINX: {_marked('nginx')} tests of deploy/ did NOT run.\n{nginx.HOW_TO}")
    return next((status for status in parts if status not in NOTHING_FAILED), 0)


def _servers() -> dict[str, str]:
    """Return the settings of the second pass; none where no servers were named."""
    named = {"DATABASE_URL": os.environ.get("POSTGRES_URL"), "REDIS_URL": os.environ.get("REDIS_SERVER_URL")}
    return {name: url for name, url in named.items() if url}


def _part(title: str, environment: dict[str, str], *arguments: str) -> int:
    print(f"\n== {title}", flush=True)
    began_s = time.monotonic()
    status = _pytest(environment, *arguments)
    print(f"== {title}: {time.monotonic() - began_s:.0f} s", flush=True)
    return status


def _pytest(environment: dict[str, str], *arguments: str) -> int:
    measured = ("coverage", "run", "-m") if environment.get("COVERAGE") else ()
    return subprocess.run([sys.executable, "-m", *measured, "pytest", *arguments], env=environment).returncode


def _print_coverage() -> None:
    for what in (("combine", "-q"), ("report", "--skip-covered", "--sort=miss")):
        subprocess.run([sys.executable, "-m", "coverage", *what], check=False)


def _marked(marker: str) -> int:
    command = [sys.executable, "-m", "pytest", "-m", marker, "--collect-only"]
    listed = subprocess.run(command, capture_output=True, text=True).stdout
    return len(re.findall(r"^\S+::", listed, flags=re.MULTILINE))


if __name__ == "__main__":
    sys.exit(main())
