"""How long migrations may take on PostgreSQL: as long as they need, but they keep nobody waiting.

Pages give a statement five seconds, which building an index on a large table exceeds. A migration that waits
for a table's lock has everybody else wait behind it, so it gives up after a few seconds and is run again.
"""

from __future__ import annotations

from django.db import connections

LOCK_WAIT_S = 3


def begin(*, using: str, **_signal: object) -> None:
    """Lift the bound of pages for this connection, and bound its waiting for locks."""
    _set(using, f"SET statement_timeout = 0; SET lock_timeout = '{LOCK_WAIT_S}s'")


def end(*, using: str, **_signal: object) -> None:
    """Let this connection be as it was."""
    _set(using, "RESET statement_timeout; RESET lock_timeout")


def _set(using: str, statements: str) -> None:
    if connections[using].vendor == "postgresql":
        with connections[using].cursor() as cursor:
            cursor.execute(statements)
