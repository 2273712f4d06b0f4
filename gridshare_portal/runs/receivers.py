"""The line of a bulk run says the same as its change, from the same moment on."""

from __future__ import annotations

from django.dispatch import receiver

from gridshare_portal.control import models as control
from gridshare_portal.control import signals
from gridshare_portal.leases import rows as leases
from gridshare_portal.runs import models


@receiver(signals.settled, dispatch_uid="runs.settled")
def on_settled(sender: object, *, change: control.Change, **_rest: object) -> None:
    """Write the outcome into the line that the change was made for, and give the line back."""
    lines = models.Line.objects.filter(change=change)
    lines.update(state=change.outcome, **leases.released())
