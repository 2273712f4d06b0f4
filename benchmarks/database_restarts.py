"""What people are answered while PostgreSQL restarts, is away, and while a table is locked.

    .venv/bin/python -m benchmarks.database_restarts [--seconds 10]

The web server runs as in the Procfile on a PostgreSQL server of its own; eight callers read pages and rename
a home without a pause. Prints the statuses of each stretch. Ends with 1 if an answer was an error of ours, or
a 503 that does not say when to come again.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from gridshare_portal.demo import visitor
from tests.faults import checker, databases, deployment, inside, load
from tests.faults.history import Answer, History, Window

CALLERS = 8
PAGES = ("", "now/", "history.json", "devices/", "activity/", "settings/")
AWAY_S = 5.0


def main() -> None:
    """Live through each trouble under load, and print what people were answered."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=10.0, help="of load around each trouble")
    seconds = parser.parse_args().seconds
    found: list[str] = []
    with running() as (portal, database, home, cookies):
        troubles: dict[str, Callable[[], None]] = {
            "in peace": lambda: None,
            "restarted (fast)": lambda: restart(database, signal.SIGINT, 0),
            "crashed and restarted": lambda: restart(database, signal.SIGQUIT, 0),
            f"away for {AWAY_S:.0f} s": lambda: restart(database, signal.SIGINT, AWAY_S),
            "all connections cut": database.cut,
            "tables locked for 8 s": lambda: hold(database, 8.0),
        }
        for name, trouble in troubles.items():
            answers = under_load(portal.url, home, cookies, trouble, seconds)
            allowed = frozenset({503}) if name != "in peace" else frozenset()
            window = Window(fault=name, began=0, ended=time.time(), allows=allowed)
            found += checker.of_answers(History(answers=answers, windows=[window]))
            print(row(name, answers), flush=True)
    print("\n".join(found) if found else "no answer was an error of ours, and each 503 says when")
    sys.exit(bool(found))


def row(name: str, answers: list[Answer]) -> str:
    """Return one line of the table: how often each status was the answer, by method."""
    counts = Counter((one.method, one.status) for one in answers)
    told = ", ".join(f"{method} {status}: {count}" for (method, status), count in sorted(counts.items()))
    return f"{name:24}{len(answers):6} answers  {told}"


def restart(database: databases.Postgres, how: signal.Signals, away_s: float) -> None:
    """Stop the server in this way, and start it again after a while."""
    database.stop(how)
    time.sleep(away_s)
    database.start()


def hold(database: databases.Postgres, for_s: float) -> None:
    """Lock tables for a while."""
    with database.locked():
        time.sleep(for_s)


def under_load(
    url: str, home: str, cookies: dict[str, str], trouble: Callable[[], None], seconds: float
) -> list[Answer]:
    """Let callers come without a pause, have the trouble in their midst, and return the answers."""
    noted: list[Answer] = []
    ends = threading.Event()

    def call(number: int) -> None:
        one = load.Person(url, f"caller {number}", noted, cookies["session"])
        chance = random.Random(number)
        while not ends.is_set():
            with contextlib.suppress(load.NoAnswer):
                path = chance.choice(PAGES)
                page = one.look(home + path)
                if path == "settings/" and page.status_code == 200:
                    form = next(form for form in visitor.forms_of(page) if "name" in dict(form.fields))
                    one.fill(page, form, name=f"Home {number}", time_zone="America/Los_Angeles")

    callers = [threading.Thread(target=call, args=(number,)) for number in range(CALLERS)]
    for caller in callers:
        caller.start()
    time.sleep(seconds / 2)
    trouble()
    time.sleep(seconds / 2)
    ends.set()
    for caller in callers:
        caller.join()
    return noted


@contextlib.contextmanager
def running() -> Iterator[tuple[deployment.Deployment, databases.Postgres, str, dict[str, str]]]:
    """Run the portal on PostgreSQL with a homeowner whose home was read, and return page and session."""
    with tempfile.TemporaryDirectory(prefix="restarts-") as folder:
        database = databases.Postgres()
        portal = deployment.Deployment(Path(folder), database)
        try:
            people = load.Load(portal.url, portal.gather(), Path(folder) / "mail", seed=1)
            people.connect()
            portal.until(people.find_homes, "everybody's home")
            ada = people.people[next(iter(inside.HOMEOWNERS))]
            yield portal, database, ada.home, ada.cookies.get_dict()
        finally:
            portal.dismiss()


if __name__ == "__main__":
    main()
