"""`python -m tests.gate`, also `make check`: what is checked without running the portal, two checks at a time.

Each line says how long a check took; a check that fails shows what its tool said and, where there is one,
the command that mends it. `--quick` leaves out what takes longer than a commit should.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PYTHON = sys.executable
BIOME = str(ROOT / "node_modules" / ".bin" / "biome")
PRODUCTION = {  # as on a server: nothing here opens anything
    "SECRET_KEY": "5vJ0lqf2C8dTn7YxW4sZkPbE9uGhR1mA6oQiNcXeLtVyKwDfSgJpUzBrHaMj",
    "TOKEN_KEYS": "dGVzdHMtb25seS10ZXN0cy1vbmx5LXRlc3RzLW9ubHk=",
    "ALLOWED_HOSTS": "portal.example",
    "PUBLIC_URL": "https://portal.example",
    "LUNAR_LOGIN_URL": "https://login.example",
    "LUNAR_ISSUER": "https://issuer.example/pool",
    "LUNAR_CLIENT_ID": "portal",
    "LUNAR_CLIENT_SECRET": "only for checks",
    "GRIDSHARE_URL": "https://gridshare.example",
    "REDIS_URL": "redis://127.0.0.1:9",
    "ENV_FILE": "/nonexistent",
    "STATIC_FROM_SOURCE": "0",
    "DEBUG": "0",
    "DEMO": "0",
}


@dataclass(frozen=True, kw_only=True)
class Check:
    """One tool: what it is asked, and what mends what it finds."""

    name: str
    command: tuple[str, ...]
    mend: str = ""
    is_quick: bool = True


CHECKS = (  # the longest first
    Check(name="types", command=(PYTHON, "-m", "mypy"), is_quick=False),
    Check(
        name="templates compile",
        command=(PYTHON, "-m", "pytest", "-q", "tests/frame/test_templates.py"),
        is_quick=False,
    ),
    Check(
        name="migrations",
        command=(PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"),
        mend="python manage.py makemigrations",
    ),
    Check(
        name="deployment",
        command=(PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"),
        is_quick=False,
    ),
    Check(name="templates", command=(str(BIN / "djlint"), "templates", "--lint", "--quiet"), is_quick=False),
    Check(
        name="templates' format",
        command=(str(BIN / "djangofmt"), "--check", "templates"),
        mend="make format",
    ),
    Check(
        name="dependencies",
        command=(str(BIN / "deptry"), "."),
        mend="declare it in pyproject.toml; make lock",
    ),
    Check(name="scripts and styles", command=(BIOME, "ci", "static"), mend="make format"),
    Check(name="Python", command=(str(BIN / "ruff"), "check", "."), mend="make format"),
    Check(name="Python's format", command=(str(BIN / "ruff"), "format", "--check", "."), mend="make format"),
)


def main() -> int:
    """Run the checks; the exit status says whether all hold."""
    checks = [check for check in CHECKS if check.is_quick or "--quick" not in sys.argv[1:]]
    with tempfile.TemporaryDirectory() as data, ThreadPoolExecutor(2) as side_by_side:
        environment = {**os.environ, **PRODUCTION, "DATA_DIR": data}
        environment.pop("DATABASE_URL", None)
        failed = sum(not held for held in side_by_side.map(lambda check: _holds(check, environment), checks))
    print(f"{len(checks) - failed} checks hold, {failed} do not")
    return int(failed > 0)


def _holds(check: Check, environment: dict[str, str]) -> bool:
    began_s = time.monotonic()
    ran = subprocess.run(
        check.command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    said = f"{'ok  ' if ran.returncode == 0 else 'FAIL'} {check.name} ({time.monotonic() - began_s:.1f} s)"
    if ran.returncode != 0:
        said += f"\n{ran.stdout.rstrip()}" + (f"\n  → {check.mend}" if check.mend else "")
    print(said, flush=True)
    return ran.returncode == 0


if __name__ == "__main__":
    sys.exit(main())
