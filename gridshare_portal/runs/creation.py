"""Ask for a bulk run: what is asked and how its homes are found are kept, and the worker does the rest.

The page answers at once, however many homes a filter finds or a file names.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from gridshare_portal.accounts import models as accounts
from gridshare_portal.celery import wake
from gridshare_portal.runs import lifecycle, models


def ask(
    *,
    choice: models.TargetSelection,
    organization: accounts.Organization,
    actor: accounts.User,
    name: str,
    kind: str,
    asked: Mapping[str, object],
    times: str,
    canary: int,
    stop_at_failure_pct: int,
    now: datetime,
) -> models.Run:
    """Keep a wish, and the choice of its homes, and have these found; raise runs.Refused."""
    with transaction.atomic():
        choice.run = lifecycle.ask(
            organization=organization,
            actor=actor,
            name=name,
            kind=kind,
            asked=asked,
            times=times,
            canary=canary,
            stop_at_failure_pct=stop_at_failure_pct,
            now=now,
        )
        choice.save(force_insert=True)
        wake("runs.tasks.find_homes", choice.run.pk)
    return choice.run
