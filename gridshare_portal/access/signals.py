"""What other rooms hear about sharing.

given(consent, through) after a homeowner shared a home: through says on whose suggestion, or is None. It is
sent inside the transaction that makes it true.
"""

from __future__ import annotations

from django.dispatch import Signal

given = Signal()
