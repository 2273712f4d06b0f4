"""Signals of sites for the packages above."""

from __future__ import annotations

from django.dispatch import Signal

# Sent with `site` and `connection`, in the transaction that wrote the rows, for each site whose
# sensors are known; whoever starts work on it does so by `wake`, which waits for the commit.
synced = Signal()

# Sent with `site` and `at`, in the transaction that wrote the rows, when other people live in a home from
# then on: the row is the past of those before them, and whatever they let others do there is over.
left = Signal()
