"""Make a bulk run from its terms and the choice of its homes; the worker finds the homes.

The page answers at once, however many homes a filter selects or a file names.
"""

from __future__ import annotations

from datetime import datetime
from typing import Unpack

from django.db import transaction

from gridshare_portal.celery import wake
from gridshare_portal.runs import lifecycle, models


def ask(*, choice: models.TargetSelection, now: datetime, **terms: Unpack[lifecycle.RunTerms]) -> models.Run:
    """Write a run and the choice of its homes, and wake the worker; raises transitions.RunRefused."""
    with transaction.atomic():
        choice.run = lifecycle.ask(now=now, **terms)
        choice.save(force_insert=True)
        wake("runs.tasks.find_homes", choice.run.pk)
    return choice.run
