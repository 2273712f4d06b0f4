"""`python -m tests.faults`, also `make test-faults`: the 52 faults, row by row, on both databases.

Runs the tests that the table in `matrix.py` names, on SQLite and, where POSTGRES_URL and REDIS_SERVER_URL name
servers, on those too; the whole portal gets a PostgreSQL server of its own there, which may be stopped. In the end
each row says whether all of its tests held. SEED orders the faults that the whole portal lives through; with
ROUNDS=long there are three orders for each database. Arguments are numbers of rows: those alone.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

from tests.faults import databases, matrix

SEEDS = 3 if os.environ.get("ROUNDS") == "long" else 1
HELD, FAILED, NOT_RUN = "holds", "FAILS", "not run"
Verdicts = dict[str, set[str]]  # what became of each test, by its id without parameters and with them


def main() -> int:
    """Run the table's tests, print the table, and end with 1 where a row does not hold."""
    rows = {number: matrix.ROWS[number] for number in map(int, sys.argv[1:])} or matrix.ROWS
    found = {name: _ran(name, environment, rows) for name, environment in _databases().items()}
    print(f"\n{'':4}{'fault':66}{''.join(f'{name:>14}' for name in found)}")
    for number, row in rows.items():
        held = "".join(f"{verdict(row, verdicts):>14}" for verdicts in found.values())
        print(f"{number:3} {row.fault:66}{held}")
    counts = {
        name: sum(verdict(row, verdicts) == HELD for row in rows.values()) for name, verdicts in found.items()
    }
    print("\n" + ", ".join(f"{name}: {count} of {len(rows)}" for name, count in counts.items()))
    if len(found) == 1:
        print(
            "NO POSTGRESQL: name servers in POSTGRES_URL and REDIS_SERVER_URL, and have its programs installed."
        )
    return int(any(count < len(rows) for count in counts.values()))


def verdict(row: matrix.Row, verdicts: Verdicts) -> str:
    """Return whether a row holds: none of its tests failed, each was there, and at least one ran."""
    ends = [verdicts.get(test, set()) for test in row.tests]
    if any("failed" in some for some in ends):
        return FAILED
    is_run = all(ends) and any("passed" in some for some in ends)
    return HELD if is_run else NOT_RUN


def read(report: str) -> Verdicts:
    """Return what a report in JUnit's format says of each test, by its id with and without parameters."""
    verdicts: Verdicts = defaultdict(set)
    for case in ElementTree.fromstring(report).iter("testcase"):  # noqa: S314 (pytest's own)
        tags = {child.tag for child in case}
        end = "failed" if tags & {"failure", "error"} else "skipped" if "skipped" in tags else "passed"
        name, parameters = case.get("name", "").partition("[")[::2]
        verdicts[f"{case.get('classname')}.{name}"].add(end)
        if parameters:
            verdicts[f"{case.get('classname')}.{name}[{parameters}"].add(end)
    return verdicts


def _databases() -> dict[str, dict[str, str]]:
    given = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL")}
    found = {"SQLite": given}
    if os.environ.get("POSTGRES_URL") and os.environ.get("REDIS_SERVER_URL") and databases.bin_of("initdb"):
        servers = {
            "DATABASE_URL": os.environ["POSTGRES_URL"],
            "REDIS_URL": os.environ["REDIS_SERVER_URL"],
        }
        found["PostgreSQL"] = given | servers
    return found


def _ran(name: str, environment: dict[str, str], rows: dict[int, matrix.Row]) -> Verdicts:
    tests = sorted({test for row in rows.values() for test in row.tests})
    ends = [test for test in tests if test.startswith(matrix.NEMESIS)]
    verdicts: Verdicts = defaultdict(set)
    for seed in range(SEEDS if ends else 1):
        print(f"\n== {name}, seed {seed + 1}", flush=True)
        began_s = time.monotonic()
        # What the whole portal lives through is one story, told from its beginning.
        chosen = tests if seed == 0 else []
        story = [matrix.NEMESIS.rstrip(":")] if ends else []
        others = [test for test in chosen if not test.startswith(matrix.NEMESIS)]
        for test, heard in _pytest(
            environment | {"FAULTS": "all", "SEED": str(seed + 1)}, others + story
        ).items():
            verdicts[test] |= heard
        print(f"== {name}: {time.monotonic() - began_s:.0f} s", flush=True)
    return {_id(test): heard for test, heard in verdicts.items()}


def _pytest(environment: dict[str, str], tests: list[str]) -> Verdicts:
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [
            sys.executable,
            "-m",
            "pytest",
            f"--junitxml={report}",
            "-o",
            "junit_family=xunit1",
            *tests,
        ]
        subprocess.run(command, env=environment, check=False)
        return read(report.read_text()) if report.exists() else {}


def _id(name: str) -> str:
    """Return the id of a test that JUnit's format calls tests.a.test_b.TestC.test_d[e]."""
    plain, bracket, parameters = name.partition("[")
    parts = plain.split(".")
    file = next(place for place, part in enumerate(parts) if part.startswith("test_"))
    return "::".join(["/".join(parts[: file + 1]) + ".py", *parts[file + 1 :]]) + bracket + parameters


if __name__ == "__main__":
    sys.exit(main())
