"""What it costs to hand out the next homes of a run, in a run of 100,000 homes as in one of 1,000.

    .venv/bin/python -m benchmarks.turns
    DATABASE_URL=postgres://… .venv/bin/python -m benchmarks.turns

Both runs are half way, some homes have failed, and the limit of failures is above that, so each turn has to
judge whether the run goes on.
"""

from __future__ import annotations

import logging
import os
import statistics
import time
from datetime import datetime
from typing import TYPE_CHECKING

from benchmarks import bulk_run, world

if TYPE_CHECKING:
    from gridshare_portal.runs import models as runs

SIZES = (1_000, 100_000)
ROUNDS = 60
STATES = ("confirmed",) * 48 + ("failed",) * 2 + ("waiting",) * 50  # of a hundred homes in a row


def main() -> None:
    """Make both runs, take turns in each, and print the ratio."""
    os.environ["RUNS_PER_MINUTE"] = "1000000"
    with world.portal() as database:
        from django.utils import timezone

        from gridshare_portal.runs.dispatch import slots

        made = {size: _run(size, timezone.now()) for size in SIZES}
        times: dict[int, list[float]] = {size: [] for size in SIZES}
        for _ in range(ROUNDS):
            for size, run in made.items():
                began_s = time.monotonic()
                _, lines = slots.take(run_pk=run.pk, owner="me", now=timezone.now())
                times[size].append(time.monotonic() - began_s)
                assert lines, "there was nothing to take"
        small, large = (statistics.median(times[size]) for size in SIZES)
        print(
            f"{database}: {small * 1000:.1f} ms in a run of {SIZES[0]:,} homes, "
            f"{large * 1000:.1f} ms in one of {SIZES[1]:,}: {large / small:.2f} times"
        )


def _run(homes: int, now: datetime) -> runs.Run:
    from gridshare_portal.runs import models as runs
    from gridshare_portal.sites import models as sites

    known = runs.Run.objects.select_related("organization", "carried_by").first()
    organization, admin = (known.organization, known.carried_by) if known else bulk_run.people()
    who = {
        "organization": organization,
        "made_by": admin,
        "carried_by": admin,
        "made_at": now,
        "started_at": now,
    }
    terms = {"kind": "mode", "asked": {"mode": "Smart"}, "stop_at_failure_pct": 5, "homes": homes}
    run = runs.Run.objects.create(name=f"{homes}", state="running", **terms, **who)
    rows = [sites.Site(synth_id=f"{homes}-{number}", created_at=now) for number in range(homes)]
    made = sites.Site.objects.bulk_create(rows, batch_size=2_000)
    lines = [
        runs.Line(run=run, site=site, position=number, state=STATES[number % len(STATES)])
        for number, site in enumerate(made)
    ]
    runs.Line.objects.bulk_create(lines, batch_size=2_000)
    return run


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    main()
