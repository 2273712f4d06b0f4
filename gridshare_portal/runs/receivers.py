"""Copies a change's outcome to its line in a bulk run, in the same transaction."""

from __future__ import annotations

from django.dispatch import receiver

from gridshare_portal.control import models as control
from gridshare_portal.control import signals
from gridshare_portal.leases import rows as leases
from gridshare_portal.runs import models


@receiver(signals.settled, dispatch_uid="runs.settled")
def on_settled(sender: object, *, change: control.Change, **_rest: object) -> None:
    models.Line.objects.filter(change=change).update(state=change.outcome, **leases.released())
