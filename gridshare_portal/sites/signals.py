"""Signals of sites for the packages above."""

from __future__ import annotations

from django.dispatch import Signal

# Sent with `site` and `connection`, in the transaction that wrote the rows, for each site whose
# sensors are known; whoever starts work on it does so by `wake`, which waits for the commit.
synced = Signal()
