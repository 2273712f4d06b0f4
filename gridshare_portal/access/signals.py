"""Signals about sharing.

given(consent, through): a homeowner shared a home; `through` is the suggestion, or None. Sent inside the
transaction.
"""

from __future__ import annotations

from django.dispatch import Signal

given = Signal()
