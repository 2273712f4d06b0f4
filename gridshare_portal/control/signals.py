"""settled(change): sent within the transaction that writes a change's outcome, each time."""

from django.dispatch import Signal

settled = Signal()
